//! Old findings that are known and not shown again.
//!
//! A finding is known by its file, its name and the text of its line, so that it stays known when lines move. The
//! file has one line for each such triple with the number of findings; it is sorted, so that changes are readable.

use std::collections::BTreeMap;
use std::fmt::Write;

use sigyn_diagnostics::Sources;

use crate::Finding;

/// The first line of a baseline.
const HEAD: &str = "# sigyn check baseline 1: name, line, count, file";

/// Findings that are known, with how many there are of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeMap<Key, usize>,
}

/// File, name, and the hash of the line's text.
type Key = (String, String, u64);

impl Baseline {
    /// All these findings.
    pub fn of(findings: &[Finding], sources: &Sources) -> Self {
        let mut known = BTreeMap::new();
        for finding in findings {
            *known.entry(key(finding, sources)).or_insert(0) += 1;
        }
        Self { known }
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// Says which line is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut known = BTreeMap::new();
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(format!("the first line of a baseline is `{HEAD}`"));
        }
        for (at, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
            let entry = || {
                let mut words = line.splitn(4, ' ');
                let name = words.next()?.to_owned();
                let hash = u64::from_str_radix(words.next()?, 16).ok()?;
                let count = words.next()?.parse().ok()?;
                Some(((words.next()?.to_owned(), name, hash), count))
            };
            let (key, count): (Key, usize) =
                entry().ok_or_else(|| format!("line {} is no entry of a baseline", at + 2))?;
            known.insert(key, count);
        }
        Ok(Self { known })
    }

    /// The baseline as text.
    pub fn to_text(&self) -> String {
        let mut out = format!("{HEAD}\n");
        for ((path, name, hash), count) in &self.known {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{name} {hash:016x} {count} {path}");
        }
        out
    }

    /// Takes known findings out, as many of each as are known; says how many.
    pub fn subtract(&self, findings: &mut Vec<Finding>, sources: &Sources) -> usize {
        let mut left = self.known.clone();
        let before = findings.len();
        findings.retain(|finding| match left.get_mut(&key(finding, sources)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        before - findings.len()
    }
}

fn key(finding: &Finding, sources: &Sources) -> Key {
    let file = sources.get(finding.source);
    let line = file.zip(finding.diagnostic.span).map(|(file, span)| {
        let at = file.clamp(span).start;
        let start = file.text[..at].rfind('\n').map_or(0, |at| at + 1);
        file.text[start..].lines().next().unwrap_or("").trim()
    });
    let path = file.map(|file| file.name.replace('\\', "/")).unwrap_or_default();
    (path, finding.name().to_owned(), hash(line.unwrap_or(&finding.diagnostic.message)))
}

/// FNV-1a: stable for ever, unlike the hashes of the standard library.
fn hash(text: &str) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    text.bytes().fold(0xCBF2_9CE4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use sigyn_diagnostics::{Diagnostic, SourceFile, Span, codes};

    use super::*;

    fn findings(text: &str, places: &[&str]) -> (Vec<Finding>, Sources) {
        let mut sources = Sources::default();
        let source = sources.add(SourceFile::new("a b.yml", text));
        let at = |place: &&str| {
            let start = text.find(*place).unwrap();
            let diagnostic = Diagnostic::warning(&codes::rule::BAD_ID, "x");
            let diagnostic = diagnostic.at(Span::new(source, start, start + 1));
            Finding { diagnostic, source, check: None, pysigma_issue: None, rule: None }
        };
        (places.iter().map(at).collect(), sources)
    }

    #[test]
    fn known_findings_go_even_if_their_lines_moved() {
        let (old, sources) = findings("a: 1\nb: 2\n", &["a", "b"]);
        let baseline = Baseline::of(&old, &sources);
        assert_eq!(Baseline::read(&baseline.to_text()).as_ref(), Ok(&baseline));
        let check = |text: &str, places: &[&str], expect: usize| {
            let (mut new, sources) = findings(text, places);
            baseline.subtract(&mut new, &sources);
            assert_eq!(new.len(), expect, "{text}");
        };
        check("x: 0\nb: 2\n\n  a: 1\n", &["a", "b"], 0);
        check("a: 2\nb: 2\n", &["a", "b"], 1);
        check("a: 1\n", &["a", "a"], 1);
        assert!(Baseline::read("a").is_err() && Baseline::read(&format!("{HEAD}\nx y\n")).is_err());
    }
}
