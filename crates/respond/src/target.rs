//! Where Sigyn may connect on behalf of settings: to the internet, and to what is permitted nearby.
//!
//! Who may write an address into a setting must not reach with it what only this machine reaches. So what counts is the
//! address that a connection is really made to, after names are resolved: who connects asks [`Targets::may_connect`] for
//! that very address, each time. A permitted network opens itself and nothing else.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use sigyn_blocker::address::{Kind, canonical, kind};

use crate::Refusal;

/// Permitted networks at most.
const PERMITTED_MAX: usize = 200;
/// Characters of a URL at most.
const URL_CHARS_MAX: usize = 2_000;

/// Which internal machines may be connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Targets(pub Vec<Permitted>);

/// An internal network that may be connected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permitted {
    /// The network; a single address is one of its own.
    #[serde(with = "network")]
    pub network: IpNet,
    /// The one port there; none: each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What it is for.
    #[serde(default)]
    pub note: String,
}

/// What is spoken there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// HTTP over TLS.
    Https,
    /// HTTP as it is.
    Http,
    /// Mail, encrypted.
    Mail,
    /// Mail as it is.
    PlainMail,
}

impl Targets {
    /// Whether an address may be connected to.
    ///
    /// # Errors
    /// Why not.
    pub fn may_connect(&self, to: SocketAddr, purpose: Purpose) -> Result<(), Refusal> {
        let address = canonical(to.ip());
        let why = match kind(address) {
            Kind::Global => return may_speak(purpose, to.port()),
            Kind::LinkLocal | Kind::Unusable | Kind::Example => "and is never connected to",
            Kind::Private | Kind::Loopback if self.permits(address, to.port()) => return Ok(()),
            Kind::Private | Kind::Loopback => "and not among the permitted targets",
        };
        Err(format!("{address} port {} is {} {why}", to.port(), kind(address).name()))
    }

    fn permits(&self, address: IpAddr, port: u16) -> bool {
        self.0.iter().any(|one| one.network.contains(&address) && one.port.is_none_or(|known| known == port))
    }

    /// Says what is wrong with them.
    ///
    /// # Errors
    /// The first that is.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.0.len() > PERMITTED_MAX {
            return Err(format!("more than {PERMITTED_MAX} permitted targets"));
        }
        for Permitted { network, .. } in &self.0 {
            let ends = [network.network(), network.broadcast()].map(kind);
            if !ends.iter().all(|kind| matches!(kind, Kind::Private | Kind::Loopback)) || ends[0] != ends[1] {
                return Err(format!(
                    "{network} is no network of one's own: what is public needs no permission, and the rest is never connected to"
                ));
            }
        }
        Ok(())
    }
}

/// What may be said to a machine on the internet.
fn may_speak(purpose: Purpose, port: u16) -> Result<(), Refusal> {
    let usual: &[u16] = match purpose {
        Purpose::Https => &[443],
        Purpose::Mail => &[25, 465, 587],
        Purpose::Http | Purpose::PlainMail => {
            return Err("nothing is sent to the internet over a connection that is not encrypted".to_owned());
        }
    };
    if usual.contains(&port) || port >= 1_024 {
        return Ok(());
    }
    Err(format!("port {port} is that of something else"))
}

/// Networks as text; an address alone is a network of one.
pub mod network {
    use ipnet::IpNet;
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Reads `10.0.0.0/8` or `10.0.0.1`.
    pub fn parse(text: &str) -> Option<IpNet> {
        match text.parse::<IpNet>() {
            Ok(network) => Some(network.trunc()),
            Err(_) => sigyn_blocker::address::parse(text).map(IpNet::from),
        }
    }

    /// Writes a network.
    ///
    /// # Errors
    /// What the serializer says.
    pub fn serialize<S: Serializer>(network: &IpNet, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(network)
    }

    /// Reads a network.
    ///
    /// # Errors
    /// If it is none.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IpNet, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is no address and no network")))
    }
}

/// What counts of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Whether it is `https`.
    pub is_https: bool,
    /// The host with its port, as it stands there.
    pub host: String,
}

/// Reads a URL that a channel may have: `https` or `http`, a host, no user in it.
///
/// # Errors
/// Why it is none.
pub fn parse_url(text: &str) -> Result<Url, Refusal> {
    if text.len() > URL_CHARS_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("an address has up to {URL_CHARS_MAX} characters, all of them visible ASCII"));
    }
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let is_https = scheme.eq_ignore_ascii_case("https");
    if !is_https && !scheme.eq_ignore_ascii_case("http") {
        return Err("an address begins with https:// (or http://, for a permitted target)".to_owned());
    }
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if host.is_empty() || host.contains('@') {
        return Err("an address has a host and no user before it".to_owned());
    }
    Ok(Url { is_https, host: host.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_is_refused_unless_permitted_and_never_widened() {
        let none = Targets::default();
        let some: Targets = serde_json::from_str(
            r#"[{"network":"10.1.2.3","port":8443},{"network":"127.0.0.0/8"},{"network":"fd00:1::/64","note":"lab"}]"#,
        )
        .unwrap();
        assert_eq!(some.check(), Ok(()));
        let check = |to: &str, without: bool, with: bool| {
            let to: SocketAddr = to.parse().unwrap();
            assert_eq!(none.may_connect(to, Purpose::Https).is_ok(), without, "{to}");
            assert_eq!(some.may_connect(to, Purpose::Https).is_ok(), with, "{to}");
        };
        check("1.1.1.1:443", true, true);
        check("1.1.1.1:8443", true, true);
        check("1.1.1.1:22", false, false);
        check("[2606:4700::1111]:443", true, true);
        check("10.1.2.3:8443", false, true);
        check("10.1.2.3:443", false, false);
        check("10.1.2.4:8443", false, false);
        check("[::ffff:10.1.2.3]:8443", false, true);
        check("127.0.0.1:1", false, true);
        check("[::ffff:127.0.0.1]:1", false, true);
        check("[::1]:443", false, false);
        check("[fd00:1::5]:443", false, true);
        check("[fd00:2::5]:443", false, false);
        for never in [
            "169.254.169.254:80",
            "[::ffff:169.254.169.254]:443",
            "[fe80::1]:443",
            "[fd00:ec2::254]:443",
            "[64:ff9b::a9fe:a9fe]:443",
            "0.0.0.0:443",
            "[::]:443",
            "224.0.0.1:443",
            "100.64.0.1:443",
            "[2002:7f00:1::]:443",
            "192.168.0.1:443",
        ] {
            check(never, false, false);
        }
    }

    #[test]
    fn what_is_not_encrypted_stays_inside() {
        let inside = Targets(vec![Permitted {
            network: "10.0.0.0/8".parse().unwrap(),
            port: None,
            note: String::new(),
        }]);
        let check = |to: &str, purpose: Purpose, expect: bool| {
            assert_eq!(inside.may_connect(to.parse().unwrap(), purpose).is_ok(), expect, "{to} {purpose:?}");
        };
        check("1.1.1.1:80", Purpose::Http, false);
        check("1.1.1.1:25", Purpose::PlainMail, false);
        check("1.1.1.1:25", Purpose::Mail, true);
        check("1.1.1.1:443", Purpose::Mail, false);
        check("10.0.0.1:25", Purpose::PlainMail, true);
        check("10.0.0.1:80", Purpose::Http, true);
    }

    #[test]
    fn only_networks_of_ones_own_can_be_permitted() {
        let check = |network: &str, expect: bool| {
            let json = format!(r#"[{{"network":"{network}"}}]"#);
            let read = serde_json::from_str::<Targets>(&json);
            assert_eq!(read.is_ok_and(|targets| targets.check().is_ok()), expect, "{network}");
        };
        check("10.0.0.0/8", true);
        check("192.168.7.7", true);
        check("::1", true);
        check("fd12::/16", true);
        check("0.0.0.0/0", false);
        check("::/0", false);
        check("169.254.169.254", false);
        check("10.0.0.0/4", false);
        check("8.8.8.8", false);
        check("fd00:ec2::254", false);
        check("internal.example", false);
    }

    #[test]
    fn urls() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(parse_url(text).ok().map(|url| url.host).as_deref(), expect, "{text}");
        };
        check("https://hooks.slack.com/services/x", Some("hooks.slack.com"));
        check("HTTPS://a:8443?x", Some("a:8443"));
        check("http://[::1]:80/", Some("[::1]:80"));
        check("https://good@evil/", None);
        check("https://", None);
        check("file:///etc/passwd", None);
        check("gopher://x/", None);
        check("https://a b/", None);
        check("https://a\r\nHost: b/", None);
    }
}
