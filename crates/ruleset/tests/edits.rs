//! Fifty random edits of a folder of rules, each of a known kind: every one must be told for what it is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sigyn_ruleset::{Kind, RuleText, Snapshot, compare};
use sigyn_testkit::random::Random;

/// What an edit makes of a rule: another text or path, or nothing; `None` where the rule has no place for it.
type Edit = fn(&RuleText, &mut Random<'_>) -> Option<RuleText>;

/// Every edit with the kind it is and the part that must be named.
const EDITS: &[(&str, Kind, &str, Edit)] = &[
    ("comment", Kind::Text, "comments or layout", |rule, random| {
        let lines: Vec<&str> = rule.text.lines().collect();
        let tops: Vec<usize> = (0..lines.len()).filter(|at| is_top(lines[*at])).collect();
        let at = tops[random.below(tops.len())];
        Some(with_lines(rule, [&lines[..at], &["# a remark"], &lines[at..]].concat()))
    }),
    ("quotes", Kind::Text, "comments or layout", |rule, _| {
        let level = top_value(rule, "level")?;
        Some(replaced(rule, &format!("\nlevel: {level}"), &format!("\nlevel: \"{level}\"")))
    }),
    ("order of keys", Kind::Text, "order", |rule, random| {
        let mut blocks = blocks(rule);
        let from = random.below(blocks.len() - 1);
        blocks.swap(from, from + 1);
        Some(RuleText { text: blocks.concat(), path: rule.path.clone() })
    }),
    ("order of values", Kind::Text, "order", |rule, random| {
        let (mut lines, pairs) = twin_values(rule);
        let at = *pairs.get(random.below(pairs.len()))?;
        lines.swap(at, at + 1);
        Some(with_lines(rule, lines))
    }),
    ("name of an identifier", Kind::Text, "wording", |rule, _| {
        let is_lone = rule.text.matches("selection").count() == 2 && !rule.text.contains("selection_");
        let is_lone = is_lone && rule.text.contains("\n    condition: selection\n");
        is_lone.then(|| {
            replaced(
                &replaced(rule, "    selection:", "    chosen:"),
                "condition: selection",
                "condition: chosen",
            )
        })
    }),
    ("level", Kind::Metadata, "level", |rule, _| {
        let level = top_value(rule, "level")?;
        let other = if level == "high" { "medium" } else { "high" };
        Some(replaced(rule, &format!("\nlevel: {level}"), &format!("\nlevel: {other}")))
    }),
    ("title", Kind::Metadata, "title", |rule, _| {
        let title = top_value(rule, "title")?;
        Some(replaced(rule, &format!("title: {title}\n"), "title: Another Name For It\n"))
    }),
    ("tags", Kind::Metadata, "tags", |rule, _| {
        rule.text.contains("\ntags:\n").then(|| replaced(rule, "\ntags:\n", "\ntags:\n    - attack.t1999\n"))
    }),
    ("id", Kind::Metadata, "id", |rule, _| {
        let id = top_value(rule, "id")?;
        Some(replaced(rule, id, "00000000-1111-4222-8333-444444444444"))
    }),
    ("value", Kind::Meaning, "detection", |rule, random| {
        let (mut lines, pairs) = twin_values(rule);
        let at = *pairs.get(random.below(pairs.len()))?;
        let indent = lines[at].len() - lines[at].trim_start().len();
        let other = format!("{}- 'a value of no other rule'", " ".repeat(indent));
        lines[at] = &other;
        Some(with_lines(rule, lines))
    }),
    ("condition", Kind::Meaning, "condition", |rule, _| {
        let condition = rule.text.lines().find_map(|line| line.strip_prefix("    condition: "))?;
        let condition = condition.split(" #").next().unwrap_or_default();
        Some(replaced(
            rule,
            &format!("    condition: {condition}"),
            &format!("    condition: not ({condition})"),
        ))
    }),
    ("log source", Kind::Meaning, "log source", |rule, _| {
        let product = rule.text.lines().find_map(|line| line.strip_prefix("    product: "))?;
        Some(replaced(rule, &format!("    product: {product}"), "    product: elsewhere"))
    }),
    ("renamed", Kind::Moved, "", |rule, _| {
        Some(RuleText { path: format!("elsewhere/{}", rule.path), text: rule.text.clone() })
    }),
    ("gone", Kind::Gone, "", |rule, _| Some(RuleText { path: String::new(), text: rule.text.clone() })),
];

fn is_top(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_lowercase())
}

fn with_lines(rule: &RuleText, lines: Vec<&str>) -> RuleText {
    RuleText { text: lines.join("\n") + "\n", path: rule.path.clone() }
}

fn replaced(rule: &RuleText, from: &str, to: &str) -> RuleText {
    RuleText { text: rule.text.replacen(from, to, 1), path: rule.path.clone() }
}

/// A plain value of a key at the top.
fn top_value<'r>(rule: &'r RuleText, key: &str) -> Option<&'r str> {
    let line = rule.text.lines().find(|line| line.starts_with(key) && line[key.len()..].starts_with(": "))?;
    let value = line[key.len() + 2..].trim();
    (!value.is_empty() && !value.contains(['#', '\'', '"', '|', '>'])).then_some(value)
}

/// Keys at the top with all their lines. What stands before the first key stays with it.
fn blocks(rule: &RuleText) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for line in rule.text.lines() {
        if blocks.is_empty() || is_top(line) {
            blocks.push(String::new());
        }
        let block = blocks.last_mut().unwrap();
        block.push_str(line);
        block.push('\n');
    }
    blocks
}

/// The lines of a rule, and which are values of a detection with another one below in the same list.
fn twin_values(rule: &RuleText) -> (Vec<&str>, Vec<usize>) {
    let lines: Vec<&str> = rule.text.lines().collect();
    let start = lines.iter().position(|line| *line == "detection:").unwrap_or(lines.len());
    let end = (start + 1..lines.len()).find(|at| is_top(lines[*at])).unwrap_or(lines.len());
    let value = |at: usize| {
        let text = lines[at].trim_start();
        let is_plain = text.starts_with("- '") && text.ends_with('\'');
        is_plain.then(|| (lines[at].len() - text.len(), text))
    };
    let is_twin = |at: &usize| match (value(*at), value(*at + 1)) {
        // Deep enough to be a list of values below a field, and not the same without regard to order.
        (Some((one, text)), Some((other, next))) => one == other && one >= 12 && text != next,
        _ => false,
    };
    let pairs = (start..end.saturating_sub(1)).filter(is_twin).collect();
    (lines, pairs)
}

/// Makes as many edits as asked for in rules that differ, and holds what is told against what was done.
fn check(rules: &[RuleText], seed: u64, edits: usize) {
    let mut random = Random::from_seed(seed);
    let mut new: Vec<Option<RuleText>> = rules.iter().cloned().map(Some).collect();
    let mut expect: BTreeMap<String, (Kind, &str, &str)> = BTreeMap::new();
    let mut is_edited = vec![false; rules.len()];
    let mut done = 0;
    for tried in 0..edits * 1_000 {
        if done == edits {
            break;
        }
        let (name, kind, part, edit) = EDITS[tried % EDITS.len()];
        let at = random.below(rules.len());
        let Some(edited) = (!is_edited[at]).then(|| edit(&rules[at], &mut random)).flatten() else {
            continue;
        };
        if edited == rules[at] {
            continue;
        }
        is_edited[at] = true;
        expect.insert(rules[at].path.clone(), (kind, part, name));
        new[at] = (kind != Kind::Gone).then_some(edited);
        done += 1;
    }
    assert_eq!(done, edits, "not enough places for edits");
    // A rule that nobody had is the last edit.
    let unknown = "title: Nobody Had This\nid: 99999999-1111-4222-8333-444444444444\nlogsource:\n    product: none\ndetection:\n    a:\n        b: c\n    condition: a\n";
    let new: Vec<RuleText> = new
        .into_iter()
        .flatten()
        .chain([RuleText { path: "new.yml".to_owned(), text: unknown.to_owned() }])
        .collect();
    expect.insert("new.yml".to_owned(), (Kind::New, "", "new"));
    let (before, after) = (Snapshot::read(rules), Snapshot::read(&new));
    let comparison = compare(&before, &after);
    for change in &comparison.changes {
        let path = &change.old.or(change.new).unwrap().path;
        let Some((kind, part, name)) = expect.remove(path) else {
            panic!("{path}: {:?} {:?}, but nobody edited it", change.kind, change.parts);
        };
        assert_eq!(change.kind, kind, "{name} in {path}: {:?}", change.parts);
        let parts: &[String] = &change.parts;
        assert!(
            if part.is_empty() { parts.is_empty() } else { parts == [part] },
            "{name} in {path}: {parts:?}"
        );
        assert_eq!(change.is_moved(), name == "renamed", "{path}");
    }
    assert!(expect.is_empty(), "not told: {expect:?}");
    assert_eq!(comparison.same + comparison.changes.len(), before.documents().len() + 1);
}

/// The rules below a folder that are one document each.
fn rules(folder: &Path) -> Vec<RuleText> {
    let (mut folders, mut out) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(next) = folders.pop() {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yml") {
                let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
                let path = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                out.push(RuleText { path, text: text.trim_end().to_owned() + "\n" });
            }
        }
    }
    out.retain(|rule| !rule.text.contains("\n---"));
    out
}

#[test]
fn edits_of_the_example_rules_are_told() {
    let examples = rules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/rules"));
    // Several copies under other names, so that there is room for fifty edits.
    let copies: Vec<RuleText> = (1..=8)
        .flat_map(|copy| {
            examples.iter().map(move |rule| {
                let id = top_value(rule, "id").unwrap();
                let title = top_value(rule, "title").unwrap();
                let text = rule.text.replace(id, &format!("{copy}{}", &id[1..]));
                let text =
                    text.replacen(&format!("title: {title}\n"), &format!("title: {title} {copy}\n"), 1);
                RuleText { path: format!("{copy}/{}", rule.path), text }
            })
        })
        .collect();
    for seed in 0..20 {
        check(&copies, seed, 49);
    }
}

#[test]
fn edits_of_sigmahq_are_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sigmahq/rules");
    if !folder.is_dir() {
        eprintln!("skipped: SigmaHQ's rules are not here");
        return;
    }
    let rules = rules(&folder);
    for seed in 0..3 {
        check(&rules, seed, 49);
    }
}
