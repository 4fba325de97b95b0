//! Ids of techniques.

use std::collections::BTreeSet;

/// The id of a technique or sub-technique as ATT&CK writes it: `T1059`, `T1059.001`. Ids are in order of techniques,
/// each before its sub-techniques.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TechniqueId(String);

/// `T` and four digits; the digits of a sub-technique.
const TECHNIQUE_BYTES: usize = 5;
const SUB_BYTES: usize = 3;

impl TechniqueId {
    /// Reads an id in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, len) = Self::at_start(text.as_bytes())?;
        (len == text.len()).then_some(id)
    }

    /// The id with which a text begins, and its length in bytes. Addresses write `T1059/001`.
    fn at_start(text: &[u8]) -> Option<(Self, usize)> {
        let (head, rest) = text.split_at_checked(TECHNIQUE_BYTES)?;
        if !head[0].eq_ignore_ascii_case(&b't') || !head[1..].iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut id: String = head.iter().map(|byte| char::from(byte.to_ascii_uppercase())).collect();
        let ends = |rest: &[u8]| !rest.first().is_some_and(u8::is_ascii_alphanumeric);
        if let [b'.' | b'/', sub @ ..] = rest
            && let Some((digits, behind)) = sub.split_at_checked(SUB_BYTES)
            && digits.iter().all(u8::is_ascii_digit)
            && ends(behind)
        {
            id.push('.');
            id.extend(digits.iter().copied().map(char::from));
            return Some((Self(id), TECHNIQUE_BYTES + 1 + SUB_BYTES));
        }
        ends(rest).then_some((Self(id), TECHNIQUE_BYTES))
    }

    /// All ids in a text of any form: lists, tables, reports with links. Lines that begin with `#` are comments.
    pub fn all_in(text: &str) -> BTreeSet<Self> {
        let mut found = BTreeSet::new();
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let bytes = line.as_bytes();
            let mut at = 0;
            while at < bytes.len() {
                let is_begin = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
                match Self::at_start(&bytes[at..]).filter(|_| is_begin) {
                    Some((id, len)) => {
                        found.insert(id);
                        at += len;
                    }
                    None => at += 1,
                }
            }
        }
        found
    }

    /// The id as ATT&CK writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The technique to which a sub-technique belongs.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_once('.').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// Where ATT&CK describes it.
    pub fn address(&self) -> String {
        format!("https://attack.mitre.org/techniques/{}/", self.0.replace('.', "/"))
    }
}

impl std::fmt::Display for TechniqueId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::TechniqueId;

    #[test]
    fn ids_are_read_in_any_case_and_nothing_else_is() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(TechniqueId::parse(text).as_ref().map(TechniqueId::as_str), expect, "{text}");
        };
        check("t1059", Some("T1059"));
        check("T1059.001", Some("T1059.001"));
        check("t1059.01", None);
        check("t1059.0011", None);
        check("t105", None);
        check("t10590", None);
        check("ta0001", None);
        check("s0001", None);
        check("té059", None);
        check("", None);
    }

    #[test]
    fn texts_of_any_form_are_searched() {
        let check = |text: &str, expect: &[&str]| {
            let found = TechniqueId::all_in(text);
            let found: Vec<&str> = found.iter().map(TechniqueId::as_str).collect();
            assert_eq!(found, expect, "{text}");
        };
        check("T1059\nt1003.001\n# T1112\n", &["T1003.001", "T1059"]);
        check("a,T1059.001;\"t1059.\"", &["T1059", "T1059.001"]);
        check("https://attack.mitre.org/techniques/T1059/003/ AT1059 T10599 T1059é", &["T1059", "T1059.003"]);
        check("- attack.t1059.001", &["T1059.001"]);
    }
}
