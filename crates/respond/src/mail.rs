//! Messages as mail: plain text, so that nothing in it is markup. Who sends it builds headers with a library, from parts that
//! hold no line break.

use sha2::{Digest, Sha256};

use crate::template::Template;
use crate::{Notice, Refusal, text};

/// Characters of a subject at most.
const SUBJECT_CHARS_MAX: usize = 180;

/// A mail without its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The subject, on one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// What makes it one, for receivers that sort doubles out: the left part of a message id.
    pub id: String,
}

/// A notice as mail.
///
/// # Errors
/// What is wrong with the template.
pub fn mail(notice: &Notice, template: &Template, page: Option<&str>, key: &str) -> Result<Mail, Refusal> {
    let title = template.title(notice, page, text::defanged)?;
    let text = template.text(notice, page, text::defanged)?;
    let id: String = Sha256::digest(key).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(Mail { subject: text::line(&title, SUBJECT_CHARS_MAX), text, id })
}

/// Says whether a text is a mail address that can be written to: `local@host`, nothing else in it.
///
/// # Errors
/// If it is not.
pub fn check_address(address: &str) -> Result<(), Refusal> {
    let is_local = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let is_good = address.split_once('@').is_some_and(|(local, host)| {
        (1..=64).contains(&local.len())
            && (1..=253).contains(&host.len())
            && local.chars().all(is_local)
            && host.chars().all(is_host)
    });
    if is_good { Ok(()) } else { Err(format!("`{}` is no mail address", text::line(address, 80))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;
    use crate::condition::tests::subject;

    #[test]
    fn nothing_from_a_log_becomes_a_header_or_a_link() {
        let mut notice = Notice::default();
        let title = "x\r\nBcc: evil@evil.example\r\n\r\nhttp://evil.example";
        notice.add(&Subject { title: title.into(), why: "\u{202e}www.evil.example".into(), ..subject() });
        let made = mail(&notice, &Template::default(), None, "key").unwrap();
        assert!(!made.subject.contains(['\r', '\n']), "{}", made.subject);
        assert!(!made.text.contains("://") && !made.text.contains("www.") && !made.text.contains('\u{202e}'));
        assert_eq!(made.id.len(), 32);
        assert_ne!(made.id, mail(&notice, &Template::default(), None, "other").unwrap().id);
        let own = Template { title: Some("{{ title }}\nX: y".into()), text: None };
        let made = mail(&notice, &own, None, "key").unwrap();
        assert!(!made.subject.contains(['\r', '\n']), "{}", made.subject);
    }

    #[test]
    fn addresses() {
        let check =
            |address: &str, expect: bool| assert_eq!(check_address(address).is_ok(), expect, "{address}");
        check("soc@example.org", true);
        check("first.last+sigyn@mail.example.co.kr", true);
        check("soc", false);
        check("@example.org", false);
        check("a@b@c", false);
        check("SOC <soc@example.org>", false);
        check("a@b.c,d@e.f", false);
        check("a@b.c\r\nBcc: d@e.f", false);
    }
}
