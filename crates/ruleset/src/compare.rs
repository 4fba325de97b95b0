//! What differs between two snapshots, rule by rule.
//!
//! A rule is the same rule if its id is the same; without, if its file and title, its file and meaning, its place in a
//! file, or its title are. Metadata is compared as data and without order, so that quoting and the order of tags are
//! writing; of a change of several kinds the gravest counts, and all its parts are named.

use std::collections::{BTreeSet, HashMap, VecDeque};

use sigyn_syntax::DocumentKind;

use crate::plain::Plain;
use crate::snapshot::{Document, Snapshot};

/// The parts of a document that make its meaning; everything else is metadata.
const LOGIC: &[&str] = &["logsource", "detection", "correlation", "filter"];

/// How a rule differs, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// There was no such rule.
    New,
    /// There is no such rule any more.
    Gone,
    /// It may give another verdict on some event.
    Meaning,
    /// It says something else about itself: title, level, tags and so on.
    Metadata,
    /// It is written otherwise and says the same.
    Text,
    /// Its file has another path; nothing else is different.
    Moved,
}

impl Kind {
    /// All kinds, gravest first.
    pub const ALL: &'static [Self] =
        &[Self::New, Self::Gone, Self::Meaning, Self::Metadata, Self::Text, Self::Moved];

    /// The name of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Meaning => "meaning",
            Self::Metadata => "metadata",
            Self::Text => "text",
            Self::Moved => "moved",
        }
    }
}

/// A rule that differs.
#[derive(Clone, Debug)]
pub struct Change<'s> {
    /// How, at the gravest.
    pub kind: Kind,
    /// The rule before.
    pub old: Option<&'s Document>,
    /// The rule now.
    pub new: Option<&'s Document>,
    /// What differs: `log source`, `detection`, `condition` and their like for the meaning, keys for the metadata;
    /// `order`, `wording` or `comments or layout` if nothing but the text does.
    pub parts: Vec<String>,
    /// What the logic says no longer, line by line as written.
    pub removed: Vec<String>,
    /// What the logic says now.
    pub added: Vec<String>,
    /// For a rule that is gone: the new or kept rule that says it takes its place.
    pub successor: Option<&'s Document>,
}

impl<'s> Change<'s> {
    /// The rule now, or before if it is gone.
    pub fn document(&self) -> Option<&'s Document> {
        self.new.or(self.old)
    }

    /// Whether the path of its file is another.
    pub fn is_moved(&self) -> bool {
        matches!((self.old, self.new), (Some(old), Some(new)) if old.path != new.path)
    }
}

/// What differs between two snapshots.
#[derive(Clone, Debug)]
pub struct Comparison<'s> {
    /// The rules that differ, gravest kind first, then by path.
    pub changes: Vec<Change<'s>>,
    /// How many rules are the same to the byte and at the same path.
    pub same: usize,
}

impl Comparison<'_> {
    /// How many rules differ in this way.
    pub fn count(&self, kind: Kind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }
}

/// Compares what was with what is.
pub fn compare<'s>(old: &'s Snapshot, new: &'s Snapshot) -> Comparison<'s> {
    let partners = pair(&old.documents, &new.documents);
    let mut changes = Vec::new();
    let mut same = 0;
    let mut is_taken = vec![false; new.documents.len()];
    for (before, partner) in old.documents.iter().zip(&partners) {
        match partner {
            Some(at) => {
                is_taken[*at] = true;
                match difference(before, &new.documents[*at]) {
                    Some(change) => changes.push(change),
                    None => same += 1,
                }
            }
            None => changes.push(Change {
                successor: successor(before, new),
                ..Change::of(Kind::Gone, Some(before), None)
            }),
        }
    }
    let unknown = new.documents.iter().zip(is_taken).filter(|(_, is_taken)| !is_taken);
    changes.extend(unknown.map(|(now, _)| Change::of(Kind::New, None, Some(now))));
    let path = |change: &Change<'s>| change.document().map(|document| (&document.path, document.place));
    changes.sort_by(|one, other| one.kind.cmp(&other.kind).then_with(|| path(one).cmp(&path(other))));
    Comparison { changes, same }
}

impl<'s> Change<'s> {
    fn of(kind: Kind, old: Option<&'s Document>, new: Option<&'s Document>) -> Self {
        Self { kind, old, new, parts: Vec::new(), removed: Vec::new(), added: Vec::new(), successor: None }
    }
}

/// What makes two documents the same rule: a key, if the document has one.
type Key = fn(&Document) -> Option<String>;

/// For each old document its new self, the surest signs first.
fn pair(old: &[Document], new: &[Document]) -> Vec<Option<usize>> {
    // Where both have ids and the ids differ, a weak sign is not enough.
    let signs: [(Key, bool); 7] = [
        (|document| Some(format!("{} {}", document.id.as_ref()?, document.path)), true),
        (|document| document.id.clone(), true),
        (|document| Some(format!("{} {}", document.path, document.title)), true),
        (|document| Some(format!("{} {:?}", document.path, document.meaning.as_ref()?)), true),
        (|document| Some(format!("{} {}", document.path, document.place)), false),
        (|document| Some(document.title.clone()), false),
        (|document| Some(format!("{:?}", document.meaning.as_ref()?)), false),
    ];
    let mut partners = vec![None; old.len()];
    let mut is_taken = vec![false; new.len()];
    for (key, is_sure) in signs {
        if partners.iter().all(Option::is_some) {
            break;
        }
        let mut by_key: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (at, document) in new.iter().enumerate().filter(|(at, _)| !is_taken[*at]) {
            if let Some(key) = key(document) {
                by_key.entry(key).or_default().push_back(at);
            }
        }
        for (before, partner) in old.iter().zip(&mut partners).filter(|(_, partner)| partner.is_none()) {
            let Some(candidates) = key(before).and_then(|key| by_key.get_mut(&key)) else { continue };
            let may = |at: &usize| is_sure || before.id.is_none() || new[*at].id.is_none();
            if let Some(place) = candidates.iter().position(may)
                && let Some(at) = candidates.remove(place)
            {
                is_taken[at] = true;
                *partner = Some(at);
            }
        }
    }
    partners
}

/// The rule that says it takes the place of one that is gone.
fn successor<'s>(gone: &Document, new: &'s Snapshot) -> Option<&'s Document> {
    let id = gone.id.as_ref()?;
    let takes_its_place = |(related, kind): (String, &str)| {
        related == *id && matches!(kind, "obsolete" | "obsoletes" | "merged" | "renamed")
    };
    new.documents.iter().find(|document| document.related().any(takes_its_place))
}

fn difference<'s>(old: &'s Document, new: &'s Document) -> Option<Change<'s>> {
    let mut change = Change::of(Kind::Moved, Some(old), Some(new));
    if old.text != new.text {
        let meaning = meaning_parts(old, new);
        let metadata = metadata_parts(&old.plain, &new.plain);
        change.kind = match (meaning.is_empty(), metadata.is_empty()) {
            (false, _) => Kind::Meaning,
            (true, false) => Kind::Metadata,
            (true, true) => Kind::Text,
        };
        if change.kind == Kind::Meaning {
            (change.removed, change.added) = line_difference(&old.plain, &new.plain);
        }
        change.parts = meaning.into_iter().map(str::to_owned).chain(metadata).collect();
        if change.kind == Kind::Text {
            change.parts.push(writing(&old.plain, &new.plain).to_owned());
        }
    }
    (change.kind != Kind::Moved || change.is_moved()).then_some(change)
}

/// Which parts of the meaning differ.
fn meaning_parts(old: &Document, new: &Document) -> Vec<&'static str> {
    if old.kind != new.kind {
        return vec!["kind of document"];
    }
    let mut parts = Vec::new();
    let of_detection = |document: &Document, key: &str| {
        document.plain.get("detection").and_then(|detection| detection.get(key)).map(Plain::sorted)
    };
    if of_detection(old, "timeframe") != of_detection(new, "timeframe") {
        parts.push("timeframe");
    }
    let (one, other) = match (&old.meaning, &new.meaning) {
        (Some(one), Some(other)) => (one, other),
        (None, None) => {
            let logic = |document: &Document| logic(&document.plain);
            if logic(old) != logic(new) || old.kind == DocumentKind::Broken {
                parts.push("what cannot be read");
            }
            return parts;
        }
        (Some(_), None) => return vec!["cannot be used any more"],
        (None, Some(_)) => return vec!["can be used now"],
    };
    if one.source != other.source {
        parts.push(if old.kind == DocumentKind::Filter { "log source or rules" } else { "log source" });
    }
    if one.verdict != other.verdict {
        parts.push(match old.kind {
            DocumentKind::Correlation => "correlation",
            _ if items(&old.plain) == items(&new.plain) => "condition",
            _ => "detection",
        });
    }
    parts
}

/// The parts that make the meaning, without order. The definition of a log source is text for people.
fn logic(plain: &Plain) -> Vec<(String, Plain)> {
    let parts = plain.pairs().iter().filter(|(key, _)| LOGIC.contains(&key.as_str()));
    let mut parts: Vec<_> = parts
        .map(|(key, value)| {
            let pairs = value.pairs().iter().filter(|(inner, _)| key != "logsource" || inner != "definition");
            (key.clone(), Plain::Map(pairs.cloned().collect()).sorted())
        })
        .collect();
    parts.sort_unstable();
    parts
}

/// Which keys of the metadata differ, in the order of the documents.
fn metadata_parts(old: &Plain, new: &Plain) -> Vec<String> {
    let keys = old.pairs().iter().chain(new.pairs()).map(|(key, _)| key.as_str());
    let mut seen = BTreeSet::new();
    let mut parts: Vec<String> = keys
        .filter(|key| !LOGIC.contains(key) && seen.insert(*key))
        .filter(|key| old.get(key).map(Plain::sorted) != new.get(key).map(Plain::sorted))
        .map(str::to_owned)
        .collect();
    let definition =
        |plain: &Plain| plain.get("logsource").and_then(|source| source.get("definition")).cloned();
    if definition(old) != definition(new) {
        parts.push("logsource.definition".to_owned());
    }
    parts
}

/// What is written otherwise where nothing else differs.
fn writing(old: &Plain, new: &Plain) -> &'static str {
    if old == new {
        "comments or layout"
    } else if old.sorted() == new.sorted() {
        "order"
    } else {
        "wording"
    }
}

/// The comparisons of a detection as written, without order and the names of identifiers.
fn items(plain: &Plain) -> BTreeSet<String> {
    let mut out = Vec::new();
    for part in ["detection", "filter"] {
        for (_, value) in plain.get(part).map(Plain::pairs).unwrap_or_default().iter().filter(is_identifier) {
            lines(None, value, &mut out);
        }
    }
    out.into_iter().collect()
}

fn is_identifier(pair: &&(String, Plain)) -> bool {
    !matches!(pair.0.as_str(), "condition" | "timeframe" | "rules")
}

/// Lines that one logic has and the other has not.
fn line_difference(old: &Plain, new: &Plain) -> (Vec<String>, Vec<String>) {
    let (before, after) = (logic_lines(old), logic_lines(new));
    let without = |these: &[String], those: &[String]| {
        let mut seen = BTreeSet::new();
        let is_own = |line: &&String| !those.contains(line) && seen.insert(line.as_str().to_owned());
        these.iter().filter(is_own).cloned().collect()
    };
    (without(&before, &after), without(&after, &before))
}

fn logic_lines(plain: &Plain) -> Vec<String> {
    let mut out = Vec::new();
    for (key, part) in plain.pairs().iter().filter(|(key, _)| LOGIC.contains(&key.as_str())) {
        for (name, value) in part.pairs() {
            match key.as_str() {
                "detection" | "filter" if !matches!(name.as_str(), "condition" | "timeframe" | "rules") => {
                    lines(None, value, &mut out);
                }
                "logsource" if name == "definition" => {}
                _ => lines(Some(name), value, &mut out),
            }
        }
    }
    out
}

/// One line per value, with the nearest key before it.
fn lines(key: Option<&str>, value: &Plain, out: &mut Vec<String>) {
    let line = |text: &str| key.map_or_else(|| text.to_owned(), |key| format!("{key}: {text}"));
    match value {
        Plain::Null => out.push(line("null")),
        Plain::Text(text) => out.push(line(text)),
        Plain::List(items) => items.iter().for_each(|item| lines(key, item, out)),
        Plain::Map(pairs) => pairs.iter().for_each(|(key, value)| lines(Some(key), value, out)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuleText;

    const RULE: &str = "title: A\nid: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11\nstatus: test\ntags: [a.b, c.d]\nlogsource:\n    product: x\ndetection:\n    sel:\n        f|endswith: [1.exe, b]\n        g: c\n    condition: sel\nlevel: low\n";

    fn snapshot(path: &str, text: &str) -> Snapshot {
        Snapshot::read(&[RuleText { path: path.to_owned(), text: text.to_owned() }])
    }

    /// The kinds and parts of what differs after replacements in the rule; a replacement of `@` is its path.
    fn check(edits: &[(&str, &str)], expect: &[(Kind, &str)]) {
        let (mut path, mut text) = ("r.yml", RULE.to_owned());
        for (from, to) in edits {
            if *from == "@" {
                path = to;
            } else {
                assert!(text.contains(from), "{from}");
                text = text.replacen(from, to, 1);
            }
        }
        let (old, new) = (snapshot("r.yml", RULE), snapshot(path, &text));
        let comparison = compare(&old, &new);
        let got: Vec<(Kind, String)> =
            comparison.changes.iter().map(|change| (change.kind, change.parts.join(", "))).collect();
        let expect: Vec<(Kind, String)> =
            expect.iter().map(|(kind, parts)| (*kind, (*parts).to_owned())).collect();
        assert_eq!(got, expect, "{edits:?}");
    }

    #[test]
    fn every_kind_of_change() {
        check(&[], &[]);
        check(&[("@", "x/r.yml")], &[(Kind::Moved, "")]);
        check(&[("status: test", "status: 'test' # why")], &[(Kind::Text, "comments or layout")]);
        check(&[("[a.b, c.d]", "[c.d, a.b]")], &[(Kind::Text, "order")]);
        check(&[("[1.exe, b]", "['b', 1.exe]")], &[(Kind::Text, "order")]);
        check(&[("sel:", "s:"), ("condition: sel", "condition: s")], &[(Kind::Text, "wording")]);
        check(&[("f|endswith: [1.exe, b]", "f: ['*1.exe', '*b']")], &[(Kind::Text, "wording")]);
        check(
            &[("level: low", "level: high"), ("title: A", "title: B")],
            &[(Kind::Metadata, "title, level")],
        );
        check(
            &[("product: x", "product: x\n    definition: y")],
            &[(Kind::Metadata, "logsource.definition")],
        );
        check(&[("product: x", "product: y")], &[(Kind::Meaning, "log source")]);
        check(&[("1.exe, b", "1.exe"), ("low", "high")], &[(Kind::Meaning, "detection, level")]);
        check(&[("condition: sel", "condition: not sel")], &[(Kind::Meaning, "condition")]);
        check(&[("condition: sel", "condition: none")], &[(Kind::Meaning, "cannot be used any more")]);
        check(&[("id: 5f1", "id: 4f1")], &[(Kind::Metadata, "id")]);
        check(&[("id: 5f1", "id: 4f1"), ("@", "b.yml")], &[(Kind::New, ""), (Kind::Gone, "")]);
        check(
            &[("id: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11\n", ""), ("@", "b.yml")],
            &[(Kind::Metadata, "id")],
        );
    }

    #[test]
    fn the_lines_that_differ_are_named_as_written() {
        let (old, text) = (snapshot("r.yml", RULE), RULE.replace("1.exe, b", "b, 2.exe"));
        let new = snapshot("r.yml", &text);
        let comparison = compare(&old, &new);
        assert_eq!(comparison.changes[0].removed, ["f|endswith: 1.exe"]);
        assert_eq!(comparison.changes[0].added, ["f|endswith: 2.exe"]);
    }

    #[test]
    fn documents_of_one_file_stand_alone_and_a_successor_is_found() {
        let two = "title: B\nid: 6f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11\nrelated:\n    - id: 5F1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11\n      type: obsolete\nlogsource:\n    product: x\ndetection:\n    a: [b]\n    condition: a\n";
        let old = snapshot("r.yml", &format!("{RULE}---\n{two}"));
        let new = snapshot("r.yml", two);
        let comparison = compare(&old, &new);
        let gone = &comparison.changes[0];
        assert_eq!((gone.kind, gone.successor.map(|rule| rule.title.as_str())), (Kind::Gone, Some("B")));
    }
}
