//! Where alerts go: a Slack channel, a mailbox, a program that takes signed requests.
//!
//! Secrets are part of a channel as it is stored and of nothing that is shown: [`Channel::masked`] is what answers are made
//! of, and a change that leaves a secret out keeps it ([`Channel::with_secrets_of`]).

use serde::{Deserialize, Serialize};

use crate::template::Template;
use crate::{Refusal, check_name};

/// Recipients of a mail at most.
const RECIPIENTS_MAX: usize = 50;

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// What people call it.
    pub name: String,
    /// Whether messages are sent there. What is not sent waits.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    /// Where it leads.
    pub destination: Destination,
    /// Whose certificates are believed there, as PEM, in place of the public authorities: for receivers of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities: Option<String>,
    /// Its own words, in place of the usual ones.
    #[serde(default, skip_serializing_if = "Template::is_usual")]
    pub template: Template,
}

/// Where a channel leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Destination {
    /// An incoming webhook of Slack, or of what understands the same.
    Slack {
        /// The address, which is a secret: whoever knows it may write there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// Mail by SMTP.
    Email {
        /// The mail server.
        host: String,
        /// Its port; usually 465 with TLS, 587 with STARTTLS.
        port: u16,
        /// How the connection is encrypted.
        security: MailSecurity,
        /// Who logs in, if the server asks for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// Their password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// Whom mail is from.
        from: String,
        /// Who gets it.
        to: Vec<String>,
    },
    /// A request with a JSON body, signed as <https://www.standardwebhooks.com> says.
    Webhook {
        /// The address.
        url: String,
        /// What it is signed with: `whsec_` and base64 of 24 to 64 bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
    },
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// From the first byte.
    Tls,
    /// After `STARTTLS`; without it nothing is sent.
    Starttls,
    /// Not at all: for permitted internal servers alone.
    None,
}

fn yes() -> bool {
    true
}

impl Channel {
    /// The channel as it may be shown.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut masked = self.clone();
        if let Some(secret) = masked.destination.secret_mut() {
            *secret = None;
        }
        masked
    }

    /// The same with the secret of what it replaces, if it brings none of its own and leads to the same place: who may
    /// change an address must not be able to send somebody else's secret there.
    ///
    /// # Errors
    /// If the secret would have to be given anew.
    pub fn with_secrets_of(mut self, old: &Self) -> Result<Self, Refusal> {
        // Who vouches for the place is part of it: else a secret would go to whoever has the name's traffic.
        let is_same_place =
            self.destination.place() == old.destination.place() && self.authorities == old.authorities;
        let kept = old.clone().destination.secret_mut().and_then(Option::take);
        if let Some(secret) = self.destination.secret_mut()
            && secret.is_none()
            && kept.is_some()
        {
            if !is_same_place {
                return Err("it leads to another place now: give the secret again".to_owned());
            }
            *secret = kept;
        }
        Ok(self)
    }

    /// Whether it has a secret.
    pub fn has_secret(&self) -> bool {
        self.clone().destination.secret_mut().is_some_and(|secret| secret.is_some())
    }

    /// Says what is wrong with it.
    ///
    /// # Errors
    /// The first that is.
    pub fn check(&self) -> Result<(), Refusal> {
        check_name(&self.name)?;
        self.template.check()?;
        if let Some(authorities) = &self.authorities {
            crate::authority::parse(authorities)?;
            if matches!(self.destination, Destination::Email { security: MailSecurity::None, .. }) {
                return Err("authorities mean nothing where nothing is encrypted".to_owned());
            }
        }
        match &self.destination {
            Destination::Slack { url } => {
                let url =
                    url.as_deref().ok_or("a Slack channel needs the address of its incoming webhook")?;
                crate::target::parse_url(url).map(drop)
            }
            Destination::Webhook { url, secret } => {
                crate::target::parse_url(url)?;
                let secret = secret.as_deref().ok_or("a webhook needs a secret to be signed with")?;
                crate::webhook::Secret::parse(secret).map(drop)
            }
            Destination::Email { host, port, security, user, password, from, to } => {
                if host.is_empty() || host.len() > 253 || host.contains(|c: char| !is_host_char(c)) {
                    return Err(format!("`{host}` is no name of a mail server"));
                }
                if *port == 0 {
                    return Err("the port of a mail server is 1 to 65535".to_owned());
                }
                if user.is_some() != password.is_some() {
                    return Err("a user and a password belong together".to_owned());
                }
                if *security == MailSecurity::None && user.is_some() {
                    return Err("a password is not sent over a connection that is not encrypted".to_owned());
                }
                if to.is_empty() || to.len() > RECIPIENTS_MAX {
                    return Err(format!("a mail has 1 to {RECIPIENTS_MAX} recipients"));
                }
                to.iter().chain([from]).try_for_each(|address| crate::mail::check_address(address))
            }
        }
    }
}

fn is_host_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':')
}

impl Destination {
    /// Its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Slack { .. } => "slack",
            Self::Email { .. } => "email",
            Self::Webhook { .. } => "webhook",
        }
    }

    /// Where it leads, without secrets: a host, or recipients.
    pub fn place_shown(&self) -> String {
        match self {
            Self::Slack { url } => {
                let parsed = url.as_deref().and_then(|url| crate::target::parse_url(url).ok());
                parsed.map(|url| url.host).unwrap_or_default()
            }
            Self::Email { to, .. } => to.join(", "),
            Self::Webhook { url, .. } => {
                crate::target::parse_url(url).map(|url| url.host).unwrap_or_default()
            }
        }
    }

    fn secret_mut(&mut self) -> Option<&mut Option<String>> {
        match self {
            Self::Slack { url } => Some(url),
            Self::Email { password, .. } => Some(password),
            Self::Webhook { secret, .. } => Some(secret),
        }
    }

    /// What a secret is sent to.
    fn place(&self) -> (&'static str, String) {
        let place = match self {
            Self::Slack { .. } => String::new(),
            Self::Email { host, port, user, security, .. } => format!("{host} {port} {user:?} {security:?}"),
            Self::Webhook { url, .. } => url.clone(),
        };
        (self.kind(), place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

    fn channel(destination: &str) -> Channel {
        serde_json::from_str(&format!(r#"{{"name":"n","destination":{destination}}}"#)).unwrap()
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |destination: &str, expect: &str| {
            let said = channel(destination).check().err().unwrap_or_default();
            assert!(
                if expect.is_empty() { said.is_empty() } else { said.contains(expect) },
                "{destination}: {said}"
            );
        };
        let mail = |rest: &str| format!(r#"{{"kind":"email","host":"mx","port":25,"from":"a@b.c",{rest}}}"#);
        check(r#"{"kind":"slack","url":"https://hooks.slack.com/services/x"}"#, "");
        check(r#"{"kind":"slack"}"#, "needs the address");
        check(r#"{"kind":"slack","url":"ftp://x/"}"#, "https");
        check(&format!(r#"{{"kind":"webhook","url":"https://x.org/","secret":"{SECRET}"}}"#), "");
        check(r#"{"kind":"webhook","url":"https://x.org/"}"#, "needs a secret");
        check(r#"{"kind":"webhook","url":"https://x.org/","secret":"short"}"#, "whsec_");
        check(&mail(r#""security":"tls","to":["x@y.z"]"#), "");
        check(&mail(r#""security":"tls","to":[]"#), "recipients");
        check(&mail(r#""security":"tls","to":["x@y.z\r\nBcc: e@f.g"]"#), "is no mail address");
        check(
            &mail(r#""security":"tls","to":["x@y.z"],"user":"u"#.trim_end_matches('"'))
                .replace(":\"u}", ":\"u\"}"),
            "belong together",
        );
        check(&mail(r#""security":"none","to":["x@y.z"],"user":"u","password":"p""#), "not encrypted");
    }

    #[test]
    fn secrets_are_not_shown_and_stay_where_they_belong() {
        let old = channel(&format!(r#"{{"kind":"webhook","url":"https://x.org/","secret":"{SECRET}"}}"#));
        assert!(old.has_secret());
        assert!(!serde_json::to_string(&old.masked()).unwrap().contains("whsec"));
        let same = channel(r#"{"kind":"webhook","url":"https://x.org/"}"#).with_secrets_of(&old).unwrap();
        assert_eq!(same, old);
        let elsewhere = channel(r#"{"kind":"webhook","url":"https://evil.org/"}"#).with_secrets_of(&old);
        assert!(elsewhere.unwrap_err().contains("give the secret again"));
        let slack = channel(r#"{"kind":"slack","url":"https://hooks.slack.com/services/T/B/secret"}"#);
        assert!(!serde_json::to_string(&slack.masked()).unwrap().contains("services"));
        assert_eq!(slack.destination.place_shown(), "hooks.slack.com");
        assert_eq!(channel(r#"{"kind":"slack"}"#).with_secrets_of(&slack).unwrap(), slack);
    }
}
