//! Events in the lake: taken over once, hunted with the ids that they have live, looked back at.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sigyn_node::evidence::{finding, story};
use sigyn_node::hunts::Order;
use sigyn_node::storage;
use sigyn_node::{Given, Node, Running, Settings, backup, now};
use sigyn_store::Id;
use sigyn_store::catalog::{
    Actor, Change, Filter, Hunt, HuntKind, HuntQuery, HuntState, Level, Sort, SplitQuery, Status, Verdict,
};

const PATIENCE: Duration = Duration::from_secs(60);
const SHELL: &str = "title: Shell started\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0001\nlogsource:\n  category: process_creation\n  \
                     product: windows\ndetection:\n  sel:\n    Image|endswith: '\\sh.exe'\n  condition: sel\nlevel: high\n";
const MANY: &str = "title: Many shells\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0002\ncorrelation:\n  type: event_count\n  \
                    rules: [5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0001]\n  generate: true\n  group-by: [Computer]\n  timespan: 1m\n  \
                    condition:\n    gte: 3\nlevel: critical\n";
const CHAIN: &str = "title: Many shells, told\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0003\nlogsource:\n  product: sigyn\n  \
                     service: detection\ndetection:\n  sel:\n    rule.id: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0002\n  condition: sel\nlevel: critical\n";
const QUIET: &str = "title: Quiet\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0004\nlogsource:\n  category: process_creation\n  \
                     product: windows\ndetection:\n  sel:\n    CommandLine|contains: 'secret'\n  condition: sel\nlevel: low\n";
const ACCESS: &str = "title: Traversal\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0005\nlogsource:\n  category: webserver\n\
                      detection:\n  sel:\n    cs-uri-query|contains: '../'\n  condition: sel\nlevel: medium\n";

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new(rules: &[&str]) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(home.folder.path().join("rules")).unwrap();
        rules.iter().enumerate().for_each(|(at, rule)| home.rule(&at.to_string(), rule));
        home
    }

    fn rule(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(format!("rules/{name}.yml")), text).unwrap();
    }

    fn open(&self) -> Arc<Node> {
        let settings = Settings {
            rules: vec![self.folder.path().join("rules")],
            salt: 7,
            ..Settings::of(&self.folder.path().join("data"))
        };
        Arc::new(Node::open(settings).unwrap())
    }

    fn lake(&self) -> std::path::PathBuf {
        self.folder.path().join("data/lake")
    }
}

/// An event of a process; `seconds` counts from some hours ago, so that arrival cannot change its time.
fn event(seconds: i64, computer: &str, image: &str, more: &str) -> String {
    let time = now() / 1_000_000_000 / 3_600 * 3_600 - 6 * 3_600 + seconds;
    let stamp = sigyn_event::Timestamp(time * 1_000_000_000).to_string();
    format!(
        r#"{{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider_Name":"Microsoft-Windows-Sysmon","Computer":"{computer}","UtcTime":"{stamp}","Image":"C:\\x\\{image}","CommandLine":"{image} -c"{more}}}"#
    )
}

fn take(node: &Node, source: &str, events: &[String]) {
    let given: Vec<Given<'_>> =
        events.iter().map(|event| Given { source, id: None, bytes: event.as_bytes() }).collect();
    assert_eq!(node.take(&given).unwrap().stored, events.len());
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signals(node: &Node) -> BTreeSet<Id> {
    let page =
        node.catalog().read(|view| view.signals(&Filter::default(), Sort::Newest, None, 10_000)).unwrap();
    page.signals.into_iter().map(|signal| signal.id).collect()
}

fn wait_for_signals(node: &Node, count: usize) -> BTreeSet<Id> {
    until(&format!("{count} signals"), || Some(signals(node)).filter(|found| found.len() == count))
}

fn hunt(node: &Node, order: Order) -> (Hunt, BTreeSet<Id>) {
    let id = node.order_hunt(&order, |_, _, _| Ok(())).unwrap();
    let hunt = until("the hunt ends", || {
        let hunt = node.catalog().read(|view| view.hunt(id)).unwrap().unwrap();
        (!matches!(hunt.state, HuntState::Waiting | HuntState::Running)).then_some(hunt)
    });
    assert_eq!(hunt.state, HuntState::Done, "{:?}", hunt.error);
    let query = HuntQuery { count: 10_000, ..HuntQuery::default() };
    let found = node.catalog().read(|view| view.hunt_detections(id, &query)).unwrap();
    assert_eq!(hunt.detections, found.len() as u64);
    (hunt, found.into_iter().map(|one| one.id).collect())
}

fn order(rules: &[&str]) -> Order {
    Order {
        name: "test".to_owned(),
        kind: HuntKind::Hunt,
        rules: rules.iter().map(|&uid| uid.to_owned()).collect(),
        chain: None,
        since: 0,
        until: now(),
        by: "ann".to_owned(),
    }
}

/// All kinds of events: shells on two computers, one of which starts many, with and without a record id, and lines of a web server.
fn all_kinds(node: &Node) {
    let mut events = Vec::new();
    for at in 0..40 {
        let image = if at % 4 == 0 { "sh.exe" } else { "calc.exe" };
        events.push(event(at * 60, "a", image, ""));
    }
    for at in 0..5 {
        events.push(event(7_200 + at, "b", "sh.exe", &format!(r#","EventRecordID":{at},"n":[1,2,null]"#)));
    }
    take(node, "win", &events);
    let line = |query: &str| {
        format!(r#"10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /a?x={query} HTTP/1.1" 200 5 "-" "curl/8""#)
    };
    take(node, "web", &[line("../../etc/passwd"), line("1")]);
    // The same record of the log again, from elsewhere: one event.
    take(node, "copy", &events[40..42]);
}

#[test]
fn hunts_find_what_live_has_found_with_the_same_ids() {
    let home = Home::new(&[SHELL, MANY, CHAIN, QUIET, ACCESS]);
    let node = home.open();
    let running = Running::start(&node).unwrap();
    all_kinds(&node);
    // 10 + 5 shells, one burst, the chain on it, one traversal.
    let live = wait_for_signals(&node, 18);
    let (all, found) = hunt(&node, order(&[]));
    assert_eq!(found, live);
    // Two of the events are copies of others.
    assert_eq!(all.progress.events.0, 47);
    let rules = node.catalog().read(|view| view.hunt_rules(all.id)).unwrap();
    let counts: Vec<(&str, u64)> = rules.iter().map(|rule| (rule.title.as_str(), rule.detections)).collect();
    assert_eq!(
        counts,
        [("Many shells", 1), ("Many shells, told", 1), ("Shell started", 15), ("Traversal", 1)]
    );
    for id in &found {
        let (told, live) =
            (finding(&node, all.id, *id).unwrap().unwrap(), story(&node, *id).unwrap().unwrap());
        assert!(told.detection.is_signal);
        assert_eq!((told.group, told.value), (live.group, live.value));
        if told.detection.level == Level::Critical {
            assert!(!live.entities.is_empty(), "it is about whom those below it are about");
            let own = &told.detection.rule;
            assert!(live.evidence.iter().all(|one| one.rule != *own), "what it matches is named, not itself");
            // Live has told it when it began to hold, and tells the rest when the watermark has passed.
            assert!(told.evidence.len() >= live.evidence.len());
            continue;
        }
        let events = |evidence: &[sigyn_node::evidence::Evidence]| {
            evidence
                .iter()
                .map(|one| (one.id.clone(), one.rule.clone(), one.matched.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(events(&told.evidence), events(&live.evidence), "{}", told.detection.title);
        assert_eq!(told.why, live.why);
    }
    let only = |rules: &[&str]| hunt(&node, order(rules)).1;
    assert_eq!(only(&["5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0002"]).len(), 1, "one rule, and not what it reads");
    assert_eq!(only(&["5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0004"]).len(), 0);
    let chain = Order { chain: Some("5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0002".to_owned()), ..order(&[]) };
    assert_eq!(hunt(&node, chain).1.len(), 17, "with what it reads and what reads it");
    assert!(node.order_hunt(&order(&["no such rule"]), |_, _, _| Ok(())).unwrap_err().is_missing());
    let empty = Order { since: 5, until: 5, ..order(&[]) };
    assert!(node.order_hunt(&empty, |_, _, _| Ok(())).unwrap_err().is_invalid());
    running.stop();
}

#[test]
fn an_event_that_is_several_kinds_of_attack_is_told_with_all_of_them() {
    let by_client = |title: &str, id: u8, rest: &str| {
        format!("title: {title}\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e00{id:02}\n{rest}\nlevel: high\n")
    };
    let events = |word: &str| {
        format!(
            "logsource:\n  category: webserver\ndetection:\n  sel:\n    cs-uri-query|contains: '{word}'\n  condition: sel"
        )
    };
    let uid = |id: u8| format!("5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e00{id:02}");
    let kinds = format!(
        "correlation:\n  type: temporal\n  rules: [{}, {}, {}]\n  group-by: [c-ip]\n  timespan: 1m\n  condition:\n    gte: 2",
        uid(11),
        uid(12),
        uid(13)
    );
    let rules = [
        by_client("Up the tree", 11, &events("../")),
        by_client("Passwords", 12, &events("passwd")),
        by_client("Script", 13, &events("<script")),
        by_client("Several kinds", 14, &kinds),
    ];
    let home = Home::new(&rules.each_ref().map(String::as_str));
    let node = home.open();
    let running = Running::start(&node).unwrap();
    let line = r#"10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /a?x=../../etc/passwd HTTP/1.1" 200 5 "-" "curl/8""#;
    take(&node, "web", &[line.to_owned()]);
    let one = *wait_for_signals(&node, 1).first().unwrap();
    let live = story(&node, one).unwrap().unwrap();
    let (all, found) = hunt(&node, order(&[]));
    let hunted = finding(&node, all.id, *found.first().unwrap()).unwrap().unwrap();
    for (evidence, why, total) in
        [(live.evidence, live.why, live.signal.total), (hunted.evidence, hunted.why, hunted.detection.total)]
    {
        assert_eq!(total, 1, "it counts once");
        let mut titles: Vec<&str> = evidence.iter().map(|one| &*one.title).collect();
        titles.sort_unstable();
        assert_eq!(titles, ["Passwords", "Up the tree"]);
        assert!(evidence.iter().all(|one| one.id == evidence[0].id && !one.matched.is_empty()));
        assert!(why.contains("Passwords") && why.contains("Up the tree") && !why.contains("Script"), "{why}");
    }
    running.stop();
}

#[test]
fn a_hunt_where_nothing_has_come_yet_ends() {
    let home = Home::new(&[SHELL]);
    let node = home.open();
    let running = Running::start(&node).unwrap();
    assert!(hunt(&node, order(&[])).1.is_empty());
    running.stop();
}

#[test]
fn a_crash_leaves_each_event_in_the_lake_once() {
    let home = Home::new(&[SHELL]);
    let mut expect = 0;
    for round in 0..4 {
        let node = home.open();
        let running = Running::start(&node).unwrap();
        let events: Vec<String> = (0..50).map(|at| event(round * 100 + at, "a", "sh.exe", "")).collect();
        take(&node, "win", &events);
        expect += events.len();
        if round % 2 == 0 {
            // What a crash leaves between writing a file and making it part of the lake.
            let orphan = home.lake().join("unknown/dt=2020-01-01/h=00");
            std::fs::create_dir_all(&orphan).unwrap();
            std::fs::write(orphan.join("orphan.parquet"), b"half").unwrap();
            // Nothing is taken over before the node ends: the next one does.
        } else {
            hunt(&node, order(&[]));
        }
        running.stop();
    }
    let node = home.open();
    let running = Running::start(&node).unwrap();
    let (last, found) = hunt(&node, order(&[]));
    assert_eq!((found.len(), last.progress.events.1), (expect, expect as u64));
    assert!(!home.lake().join("unknown/dt=2020-01-01/h=00/orphan.parquet").exists(), "swept away");
    running.stop();
}

#[test]
fn a_rule_that_is_new_is_filled_back() {
    let home = Home::new(&[SHELL]);
    let node = home.open();
    let running = Running::start(&node).unwrap();
    all_kinds(&node);
    let before = wait_for_signals(&node, 15);
    home.rule("access", ACCESS);
    home.rule("many", MANY);
    // The folder is looked at now and then: the two may be read one after the other.
    let hunts = until("both rules are filled back", || {
        let hunts = node.catalog().read(|view| view.hunts(None, 10)).unwrap();
        let is_done = |hunt: &&Hunt| hunt.state == HuntState::Done && hunt.kind == HuntKind::BackFill;
        let rules: BTreeSet<_> = hunts.iter().filter(is_done).flat_map(|hunt| hunt.rules.clone()).collect();
        (rules.len() == 2).then_some(hunts)
    });
    let all = wait_for_signals(&node, 17);
    assert!(all.is_superset(&before));
    let query = HuntQuery {
        rule: Some("5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0005".to_owned()),
        count: 9,
        ..HuntQuery::default()
    };
    let of_hunt = |hunt: &Hunt| node.catalog().read(|view| view.hunt_detections(hunt.id, &query)).unwrap();
    let found: Vec<_> = hunts.iter().flat_map(of_hunt).collect();
    assert_eq!(found.len(), 1);
    let one = found[0].id;
    assert!(all.contains(&one) && found[0].is_signal);
    let told = story(&node, one).unwrap().unwrap();
    assert!(told.is_back_filled && told.evidence[0].event.is_some());
    assert_eq!(told.entities[0].value, "10.0.0.1");
    // What is there is left as it is.
    let again = Order { kind: HuntKind::BackFill, ..order(&[]) };
    assert_eq!(hunt(&node, again).1, all);
    assert_eq!(signals(&node), all);
    running.stop();
}

#[test]
fn damage_to_the_lake_is_told_and_costs_only_its_file() {
    let home = Home::new(&[SHELL]);
    let node = home.open();
    let running = Running::start(&node).unwrap();
    all_kinds(&node);
    assert_eq!(hunt(&node, order(&[])).1.len(), 15);
    let splits = node.catalog().read(|view| view.splits(&SplitQuery::default())).unwrap();
    let path = |split: &sigyn_store::catalog::Split| home.lake().join(&split.path);
    let with_b =
        splits.iter().filter(|split| split.class.contains("process")).max_by_key(|split| split.first_ts);
    let with_b = with_b.unwrap();
    let whole = std::fs::read(path(with_b)).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    for bytes in [&flipped[..], &whole[..whole.len() - 7], &[]] {
        std::fs::write(path(with_b), bytes).unwrap();
        let (last, found) = hunt(&node, order(&[]));
        assert_eq!(found.len(), 10, "the other hours are there");
        assert!(last.remarks.contains(&with_b.path), "{}", last.remarks);
        let state = storage::state(&node).unwrap();
        assert!(state.lake_damage.iter().any(|text| text.contains(&with_b.path)));
    }
    std::fs::remove_file(path(with_b)).unwrap();
    assert!(hunt(&node, order(&[])).0.remarks.contains(&with_b.path), "a file that is not there");
    running.stop();
}

/// Flips a bit of an event in the log.
fn damage_log(folder: &Path) {
    let segment = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let segment = segment.filter(|path| path.extension().is_some_and(|end| end == "wal")).min().unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(6).position(|window| window == b"sh.exe").unwrap();
    bytes[at] ^= 1;
    std::fs::write(segment, bytes).unwrap();
}

#[test]
fn damage_to_the_log_is_counted_and_told() {
    let home = Home::new(&[SHELL]);
    {
        let node = home.open();
        let events: Vec<String> = (0..10).map(|at| event(at, "a", "sh.exe", "")).collect();
        take(&node, "win", &events);
    }
    damage_log(&home.folder.path().join("data/wal"));
    let node = home.open();
    let running = Running::start(&node).unwrap();
    wait_for_signals(&node, 9);
    let state = storage::state(&node).unwrap();
    assert!(state.log_damaged >= 1 && state.log_damage[0].contains("wal"), "{state:?}");
    assert_eq!(hunt(&node, order(&[])).1.len(), 9);
    running.stop();
}

/// Copies what is in a folder, over what is there, and removes nothing.
fn copy_over(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_over(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_copy_is_restored_with_its_events_and_refused_without_its_log() {
    let home = Home::new(&[SHELL, MANY]);
    let node = home.open();
    let running = Running::start(&node).unwrap();
    all_kinds(&node);
    let found = wait_for_signals(&node, 16);
    let (_, hunted) = hunt(&node, order(&[]));
    let other = Home::new(&[SHELL, MANY]);
    let (from, to) = (home.folder.path().join("data"), other.folder.path().join("data"));
    let events = |at: &str| copy_over(&from.join(at), &to.join(at));
    ["wal", "lake"].into_iter().for_each(events);
    // What comes between the two copies of the event log is found once.
    take(&node, "win", &[event(9_000, "c", "sh.exe", "")]);
    let late = wait_for_signals(&node, found.len() + 1);
    let mut copy = backup::back_up(&node, |_, _| Ok(())).unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut copy.file, &mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, copy.bytes);
    ["wal", "lake"].into_iter().for_each(events);
    running.stop();
    std::fs::write(to.join("catalog.db"), &bytes).unwrap();
    let node = other.open();
    let running = Running::start(&node).unwrap();
    assert_eq!(signals(&node), late);
    take(&node, "win", &[event(9_100, "d", "sh.exe", "")]);
    let more = wait_for_signals(&node, late.len() + 1);
    assert!(late.is_subset(&more));
    let (again, hunted_again) = hunt(&node, order(&[]));
    assert!(hunted.is_subset(&hunted_again) && hunted_again == more, "{again:?}");
    assert_eq!(storage::state(&node).unwrap().lake_damage, Vec::<String>::new());
    running.stop();
    let bare = Home::new(&[SHELL]);
    std::fs::create_dir(bare.folder.path().join("data")).unwrap();
    std::fs::write(bare.folder.path().join("data/catalog.db"), &bytes).unwrap();
    let refused = Running::start(&bare.open()).err().unwrap();
    assert!(refused.is_invalid() && refused.to_string().contains("`wal`"), "{refused}");
}

#[test]
fn a_chain_says_that_what_it_rests_on_has_gone() {
    let home = Home::new(&[SHELL, MANY, CHAIN]);
    let node = home.open();
    let running = Running::start(&node).unwrap();
    all_kinds(&node);
    // 10 + 5 shells, one burst, the chain on it.
    wait_for_signals(&node, 17);
    running.stop();
    let ids = |uid: &str| {
        let page =
            node.catalog().read(|view| view.signals(&Filter::default(), Sort::Newest, None, 100)).unwrap();
        let found: Vec<Id> =
            page.signals.into_iter().filter(|one| one.rule == uid).map(|one| one.id).collect();
        found
    };
    let below = ids("5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0002");
    let chain = ids("5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0003");
    let told = || story(&node, chain[0]).unwrap().unwrap();
    let before = told();
    let top = &before.evidence[0];
    assert!(top.is_signal && !top.evidence.is_empty() && !before.is_truncated, "{before:#?}");
    let closed =
        Change { status: Some(Status::Closed), verdict: Some(Verdict::BenignTrue), ..Change::default() };
    let write = node.catalog().write(|tx| {
        tx.change_signal(below[0], None, &closed, &Actor { name: "ann", at: 1 })?;
        // There is a younger signal: the last row of all stays.
        let listed = tx.outdated_signals(i64::MAX, 10)?;
        tx.remove_outdated(i64::MAX, &listed)
    });
    assert_eq!(write.unwrap(), 1);
    assert!(story(&node, below[0]).unwrap().is_none());
    let after = told();
    assert_eq!((&after.why, after.evidence.len()), (&before.why, before.evidence.len()));
    assert!(after.is_truncated && after.evidence[0].evidence.is_empty());
}
