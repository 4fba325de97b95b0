//! Columns against rows: everything that the corpus of matching says, random rules on random events, and what only stored events
//! have, written to a lake and looked through in both ways.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sigyn_store::lake::NewEvent;
use sigyn_testkit::matching;
use sigyn_testkit::random::{self, Random};

use super::*;
use crate::Settings;

/// What rules match, by event and rule.
#[derive(Default)]
struct Heard {
    found: BTreeSet<(u64, u32)>,
    rows: u64,
    /// Events that were put together.
    events: u64,
    /// The values that made a rule match, for places, as text.
    explained: BTreeMap<(u64, u32), String>,
}

impl Sink for Heard {
    fn looked(&mut self, rows: u64) -> Result<()> {
        self.rows += rows;
        Ok(())
    }

    fn event(&mut self, at: &At, _: Stored<'_>, _: Option<ClassId>, rules: &[ItemId]) -> Result<()> {
        self.events += 1;
        for rule in rules {
            assert!(self.found.insert((at.seq, rule.0)), "told twice");
        }
        Ok(())
    }

    fn place(&mut self, at: &At, rule: ItemId, reason: &Reason) -> Result<()> {
        assert!(self.found.insert((at.seq, rule.0)), "told twice");
        let seen = reason.matched.iter().flat_map(|matched| &matched.seen);
        self.explained.insert((at.seq, rule.0), format!("{:?}", seen.collect::<Vec<_>>()));
        Ok(())
    }

    fn counted(&mut self, _: ItemId, _: u64) -> Result<()> {
        Ok(())
    }

    fn wants_events(&self) -> bool {
        false
    }

    fn wants_numbers(&self) -> bool {
        false
    }
}

/// A lake with events of a process, each of them `copies` times with another number.
fn lake(events: &[Value], copies: u64) -> (tempfile::TempDir, Node) {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::open(Settings::of(&folder.path().join("data"))).unwrap();
    let texts: Vec<String> = (0..copies)
        .flat_map(|copy| events.iter().map(move |event| (copy, event)))
        .map(|(copy, event)| {
            let mut whole = json!({
                "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational",
                "Provider_Name": "Microsoft-Windows-Sysmon", "ProcessId": copy, "Note": format!("note {copy}"),
            });
            let map = whole.as_object_mut().unwrap();
            event.as_object().unwrap().iter().for_each(|(key, value)| drop(map.insert(key.clone(), value.clone())));
            whole.to_string()
        })
        .collect();
    let new = |(at, json): (u64, &'_ String)| -> (u64, String) { (at, json.clone()) };
    let all: Vec<(u64, String)> = (1..).zip(&texts).map(new).collect();
    // Two files, so that the second one meets what the first one taught.
    for half in all.chunks(all.len().div_ceil(2)) {
        let events: Vec<NewEvent<'_>> = half
            .iter()
            .map(|(at, json)| NewEvent {
                id: sigyn_store::Id::from(u128::from(*at)),
                class: "test",
                time: i64::try_from(*at).unwrap(),
                ingest: 0,
                source: "test",
                sequence: *at,
                json,
                raw: None,
            })
            .collect();
        let splits = node.lake().write(&events, 0).unwrap();
        node.catalog().write(|tx| tx.change_splits(&splits, &[])).unwrap();
    }
    (folder, node)
}

/// Looks through a lake in both ways. Returns both, and how many files were looked through by columns.
fn look(node: &Node, rules: &[String]) -> (Heard, Heard, u64) {
    let folder = tempfile::tempdir().unwrap();
    for (at, rule) in rules.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{at}.yml")), rule).unwrap();
    }
    let book = Arc::new(crate::book::Book::read(&[folder.path().to_owned()], node.catalog()).unwrap());
    let mut files = 0;
    let retro = Retro::new(Arc::clone(&book.program), &[], 0..i64::MAX);
    let [columns, rows] = [true, false].map(|is_by_columns| {
        let mut scan = Scan::new(&retro, Explainer::new(Arc::clone(&book)));
        scan.is_by_columns = is_by_columns;
        let mut heard = Heard::default();
        let splits =
            node.catalog().read(|view| view.splits(&sigyn_store::catalog::SplitQuery::default())).unwrap();
        splits.iter().for_each(|split| scan.split(node, split, &mut heard).unwrap());
        files += scan.files_by_columns;
        heard
    });
    (columns, rows, files)
}

/// The same rule for events of processes.
fn of_processes(rule: &str) -> String {
    rule.replace("category: test", "category: process_creation\n    product: windows")
}

/// Some rules at a time, because one that compares keywords with everything makes all events ones of a kind. Returns how many matches
/// there are, and files by columns.
fn check(rules: &[String], events: &[Value], what: &str) -> (usize, u64) {
    let (_folder, node) = lake(events, 3);
    let (mut matches, mut files) = (0, 0);
    for rules in rules.chunks(5) {
        let (columns, rows, by_columns) = look(&node, rules);
        assert_eq!(columns.found, rows.found, "{what}\n{}", rules.join("\n"));
        assert_eq!(columns.rows, rows.rows);
        matches += columns.found.len();
        files += by_columns;
    }
    (matches, files)
}

#[test]
fn every_case_of_the_corpus_is_the_same_by_columns() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/corpus/match");
    let (mut matches, mut files, mut cases) = (0, 0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        // All cases of a file together: their rules see each other's events too.
        let (mut rules, mut events) = (Vec::new(), Vec::new());
        for (at, case) in
            matching::cases(&text).unwrap().into_iter().enumerate().filter(|(_, case)| !case.is_refused)
        {
            rules.push(of_processes(&case.rule).replacen("title: ", &format!("title: {at} "), 1));
            let parsed =
                case.events.iter().filter_map(|(event, _)| serde_json::from_str::<Value>(event).ok());
            events.extend(parsed.filter(Value::is_object));
            cases += 1;
        }
        if events.is_empty() {
            continue;
        }
        let (found, by_columns) = check(&rules, &events, &text);
        (matches, files) = (matches + found, files + by_columns);
    }
    assert!(cases > 80 && matches > 2_000 && files > 10, "{cases} cases, {matches} matches, {files} files");
}

#[test]
fn random_rules_on_random_events_are_the_same_by_columns() {
    let (mut matches, mut files) = (0, 0);
    for seed in 0..6 {
        let round = random::round(&mut Random::from_seed(seed), 40, 25);
        let rules: Vec<String> = round
            .rules
            .iter()
            .map(|rule| {
                let mut rule = rule.clone();
                rule["logsource"] = json!({ "category": "process_creation", "product": "windows" });
                rule.to_string()
            })
            .collect();
        let events: Vec<Value> = round.events.iter().filter(|event| event.is_object()).cloned().collect();
        let (found, by_columns) = check(&rules, &events, &format!("seed {seed}"));
        (matches, files) = (matches + found, files + by_columns);
    }
    assert!(matches > 500 && files > 20, "{matches} matches, {files} files by columns");
}

fn rule(title: &str, detection: &str) -> String {
    format!(
        "title: {title}\nlogsource:\n  product: windows\n  category: process_creation\ndetection:\n  {detection}\nlevel: low\n"
    )
}

#[test]
fn rows_that_say_the_same_are_put_together_once() {
    let rules = [rule("image", "sel:\n    Image|endswith: '\\sh.exe'\n  condition: sel")];
    let events: Vec<Value> = (0..500)
        .map(|at| json!({ "Image": format!("C:\\x\\{}.exe", ["sh", "calc"][at % 2]), "CommandLine": format!("x {at}") }))
        .collect();
    let (_folder, node) = lake(&events, 3);
    let (columns, rows, files) = look(&node, &rules);
    assert_eq!((&columns.found, files), (&rows.found, 2));
    assert_eq!((columns.found.len(), columns.rows, rows.rows), (750, 1_500, 1_500));
    assert_eq!((columns.events, rows.events), (0, 750), "none had to be put together but one of each kind");
    assert!(columns.explained.values().all(|seen| seen.contains("sh.exe")));
}

#[test]
fn keywords_and_kinds_of_values_are_told_apart() {
    let rules = [
        rule("keyword", "keywords:\n    - 'mimikatz'\n    - '47'\n  condition: keywords"),
        rule("null", "sel:\n    Field: null\n  condition: sel"),
        rule("exists", "sel:\n    Field|exists: true\n  condition: sel"),
        rule("number", "sel:\n    Field: 5\n  condition: sel"),
        rule("list", "sel:\n    List: b\n  condition: sel"),
        rule("below", "sel:\n    List.name: c\n  condition: sel"),
    ];
    let fields = [
        json!({}),
        json!({ "Field": null }),
        json!({ "Field": 5 }),
        json!({ "Field": "5" }),
        json!({ "Field": 5.0 }),
        json!({ "Field": true }),
        json!({ "Field": [] }),
        json!({ "Field": [null, 5] }),
        json!({ "Field": { "a": 5 } }),
        json!({ "Field": {} }),
        json!({ "List": ["a", "b"] }),
        json!({ "List": ["a"] }),
        json!({ "List": [{ "name": "c" }] }),
        json!({ "List": [{ "name": "d" }] }),
        json!({ "List": { "name": "c" } }),
        json!({ "List": "b" }),
        json!({ "Other": "x" }),
        json!({ "Other": "MIMIKATZ" }),
        json!({ "Other": 1470 }),
        json!({ "Other": 1 }),
        json!({ "Other": 4.7e1 }),
        json!({ "Other": ["x", "mimikatz"] }),
        json!({ "Other": "Mimikätz mimikatz" }),
        json!({ "Other": null }),
        json!({ "Deep": { "er": "mimikatz" } }),
        json!({ "List": ["a", "b", "c"] }),
        json!({ "List": ["x", "y", "z"] }),
        json!({ "List": ["x", 5, null] }),
        json!({ "List": ["x", ["b"], true] }),
        json!({ "Other": ["x", 47, "y"] }),
        json!({ "Other": ["x", 1, "mimikatz"] }),
    ];
    let (matches, files) = check(&rules, &fields, "kinds");
    assert!(matches > 30 && files > 0, "{matches} matches, {files} files");
    // Of each kind many more, so that fields have columns and a few values stand beside them.
    let many: Vec<Value> =
        (0..400).map(|at| fields[if at % 50 == 0 { at / 50 } else { 16 + at % 4 }].clone()).collect();
    check(&rules, &many, "many");
}

/// Rows are the same for the rules that are awake although no two say the same; what they are told with is their own.
#[test]
fn values_that_answer_the_same_are_told_each() {
    let rules = [
        rule(
            "line",
            "sel:\n    Image|endswith: '\\sh.exe'\n    CommandLine|contains: ' evil'\n  condition: sel",
        ),
        rule(
            "not",
            "sel:\n    Image|endswith: '\\sh.exe'\n  no:\n    CommandLine|re: 'good [0-9]*7$'\n  condition: sel and not no",
        ),
    ];
    let events: Vec<Value> = (0..700)
        .map(|at| json!({ "Image": "C:\\sh.exe", "CommandLine": format!("x {} {at}", ["evil", "good"][at % 2]) }))
        .collect();
    let (_folder, node) = lake(&events, 2);
    let (columns, rows, files) = look(&node, &rules);
    assert_eq!((&columns.found, files, columns.events), (&rows.found, 2, 0));
    assert_eq!(columns.found.len(), 700 + 1_400 - 140);
    for ((seq, rule), seen) in columns.explained.iter().filter(|((_, rule), _)| *rule == 0) {
        let own = format!(" evil {}\"", (seq - 1) % 700);
        assert!(seen.contains(&own), "{seq} {rule}: {seen}");
    }
}

/// Keywords are looked for in ids if these may have them, and only then.
#[test]
fn ids_are_read_if_keywords_can_be_in_them() {
    let keyword = |word: &str| rule(word, &format!("keywords:\n    - '{word}'\n  condition: keywords"));
    let events: Vec<Value> = (0..700_u64)
        .map(|at| json!({ "Id": format!("{{{:08X}}}", at * 2_654_435_761 % (1 << 32)), "Image": "a.exe" }))
        .collect();
    let (_folder, node) = lake(&events, 1);
    let splits =
        node.catalog().read(|view| view.splits(&sigyn_store::catalog::SplitQuery::default())).unwrap();
    let alphabet = node.lake().open_split(&splits[0]).unwrap().alphabet("Id");
    assert_eq!(alphabet.as_deref(), Some(&b"0123456789ABCDEF{}"[..]));
    for (words, is_found) in
        [(["mimikatz", "a.exe"], true), (["mimikatz", "b.exe"], false), (["mimikatz", "c7"], true)]
    {
        let (columns, rows, _) = look(&node, &words.map(keyword));
        assert_eq!((&columns.found, columns.found.is_empty()), (&rows.found, !is_found), "{words:?}");
    }
}

/// Fields are compared once for each pair of their values, and texts with what is none as events have it.
#[test]
fn fields_are_compared_pair_by_pair() {
    let rules = [
        rule("same", "sel:\n    Image|fieldref: ParentImage\n  condition: sel"),
        rule("not same", "sel:\n    Image|fieldref: ParentImage\n  condition: not sel"),
        rule("begins", "sel:\n    ParentImage|fieldref|startswith: Image\n  condition: sel"),
        rule("none", "sel:\n    Image|fieldref: Nobody\n  condition: not sel"),
    ];
    let image =
        |at: u64| format!("C:\\{}\\a{}.exe", ["X", "x", "é", "É"][usize::try_from(at % 4).unwrap()], at % 30);
    let mut events: Vec<Value> = (0..900)
        .map(|at| json!({ "Image": image(at), "ParentImage": image(at * at % 61), "CommandLine": format!("{at}") }))
        .collect();
    let others = [
        json!({ "Image": 5, "ParentImage": "5" }),
        json!({ "Image": "5", "ParentImage": 5.0 }),
        json!({ "Image": null, "ParentImage": "5" }),
        json!({ "Image": ["a", "5"], "ParentImage": "5" }),
        json!({ "Image": "5" }),
        json!({ "ParentImage": "5" }),
    ];
    events.extend(others.iter().cycle().take(60).cloned());
    let (_folder, node) = lake(&events, 2);
    let (columns, rows, files) = look(&node, &rules);
    assert_eq!((&columns.found, files, columns.events), (&rows.found, 2, 0));
    let of = |rule: u32| columns.found.iter().filter(|(_, found)| *found == rule).count();
    let same = (of(0), of(1));
    assert!(same.0 > 20 && same.0 + same.1 == events.len() * 2, "{same:?}");
}

/// What stands in a line of a log that an event carries is in no column.
#[test]
fn lines_that_events_carry_are_read() {
    let rules = [
        "title: up\nlogsource:\n  category: webserver\ndetection:\n  sel:\n    cs-uri-query|contains: '../'\n  condition: sel\nlevel: low\n"
            .to_owned(),
        rule("image", "sel:\n    Image|endswith: '\\sh.exe'\n  condition: sel"),
    ];
    let line = |query: &str| {
        format!(r#"10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /a?x={query} HTTP/1.1" 200 5 "-" "curl/8""#)
    };
    let message = |at: usize| match at % 100 {
        50 => line("../../etc/passwd"),
        60 => line("1"),
        _ => format!("nothing {}", at % 5),
    };
    let events: Vec<Value> =
        (0..600).map(|at| json!({ "Image": "C:\\sh.exe", "message": message(at) })).collect();
    let (_folder, node) = lake(&events, 2);
    let (columns, rows, files) = look(&node, &rules);
    assert!(columns.found == rows.found && files == 2);
    assert_eq!(columns.found.iter().filter(|(_, rule)| *rule == 0).count(), 12);
}
