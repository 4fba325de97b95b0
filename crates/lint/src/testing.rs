//! How checks are tested: pieces of rules in, the texts that are flagged out.

use sigyn_diagnostics::{SourceFile, Sources};

use crate::{Check, Config, Facts, Finding, Linter};

/// A rule that no check has anything to say about. Pieces take the place of its top-level keys.
const RULE: &[(&str, &str)] = &[
    ("title", "title: Suspicious Tool\n"),
    ("id", "id: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11\n"),
    ("status", "status: test\n"),
    ("description", "description: Detects the execution of a suspicious tool\n"),
    ("references", "references:\n    - https://example.org/tool\n"),
    ("author", "author: A. Author\n"),
    ("date", "date: 2024-03-01\n"),
    ("tags", "tags:\n    - attack.execution\n    - attack.t1059.001\n"),
    ("logsource", "logsource:\n    category: process_creation\n    product: windows\n"),
    (
        "detection",
        "detection:\n    selection:\n        Image|endswith: '\\tool.exe'\n        CommandLine|contains: ' dump '\n    condition: selection\n",
    ),
    ("falsepositives", "falsepositives:\n    - Unknown\n"),
    ("level", "level: medium\n"),
];

/// The path of the rule when a piece does not name another with `# path: …`.
const PATH: &str = "rules/windows/proc_creation_win_tool.yml";

/// Runs one check over a sound rule with pieces of it replaced; a piece that is `key:` alone takes the key out, and
/// one that holds `---` is a whole file. Compares the texts that are flagged.
pub(crate) fn check(check: &'static Check, piece: &str, expect: &[&str]) {
    check_files(check, &[piece], expect);
}

/// As [`check`], with one file for each piece.
pub(crate) fn check_files(check: &'static Check, pieces: &[&str], expect: &[&str]) {
    let (findings, sources) = run(check, pieces);
    let flagged: Vec<&str> = findings
        .iter()
        .map(|finding| {
            let span = finding.diagnostic.span.expect("every finding has a place");
            sources.get(span.source).map_or("", |file| file.slice(span))
        })
        .collect();
    let messages: Vec<&str> = findings.iter().map(|finding| finding.diagnostic.message.as_str()).collect();
    assert_eq!(flagged, expect, "{} on {pieces:?}: {messages:?}", check.code.name);
}

/// What one check says.
pub(crate) fn run(check: &'static Check, pieces: &[&str]) -> (Vec<Finding>, Sources) {
    let mut config = Config::all();
    assert!(config.select(&[check.code.name.to_owned()]).is_empty());
    let mut sources = Sources::default();
    for piece in pieces {
        let (path, text) = file(piece);
        sources.add(SourceFile::new(path, text));
    }
    let linter = Linter::new(config, Facts::bundled(Some("2024-03-31".to_owned())));
    let outcome = linter.run(&sources);
    // A rule that the reading of the check refuses is never looked at.
    let is_refusal = |found: &&Finding| match check.like {
        Some(_) => found.check.is_none() && found.pysigma_issue.is_some(),
        None => found.check.is_none() && found.diagnostic.is_error(),
    };
    let refused = outcome.findings.iter().find(is_refusal);
    assert!(refused.is_none(), "{pieces:?} is no sound rule: {refused:?}");
    (outcome.findings.into_iter().filter(|found| found.check.is_some()).collect(), sources)
}

/// Path and text of a file.
fn file(piece: &str) -> (String, String) {
    let (path, piece) = match piece.strip_prefix("# path: ").and_then(|rest| rest.split_once('\n')) {
        Some((path, rest)) => (path, rest),
        None => match piece.strip_prefix("# path: ") {
            Some(path) => (path, ""),
            None => (PATH, piece),
        },
    };
    (path.to_owned(), if piece.contains("---") { piece.to_owned() } else { rule(piece) })
}

/// The rule with the pieces' keys replaced.
fn rule(pieces: &str) -> String {
    let mut blocks: Vec<(String, String)> = Vec::new();
    for line in pieces.lines() {
        let key = line.split(':').next().unwrap_or_default();
        let opens = !line.starts_with([' ', '#', '-']) && line.contains(':');
        match blocks.last_mut() {
            Some((_, text)) if !opens => *text += &format!("{line}\n"),
            _ => blocks.push((key.to_owned(), format!("{line}\n"))),
        }
    }
    let is_removed = |text: &str, key: &str| text.trim_end() == format!("{key}:");
    let mut out = String::new();
    for (key, text) in RULE {
        match blocks.iter().position(|(own, _)| own == key) {
            Some(at) => {
                let (_, own) = blocks.remove(at);
                if !is_removed(&own, key) {
                    out += &own;
                }
            }
            None => out += text,
        }
    }
    blocks.iter().for_each(|(_, text)| out += text);
    out
}
