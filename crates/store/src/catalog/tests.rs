//! The catalog as its callers see it.

use std::collections::BTreeSet;

use super::*;
use crate::Id;
use crate::testing::Random;

struct Home {
    catalog: Catalog,
    folder: tempfile::TempDir,
}

fn home() -> Home {
    let folder = tempfile::tempdir().unwrap();
    Home { catalog: Catalog::open(&folder.path().join("catalog.db")).unwrap(), folder }
}

const ANNA: Actor<'static> = Actor { name: "anna", at: 1_000 };

fn id(number: u64) -> Id {
    Id::from(u128::from(number))
}

/// A signal whose parts follow from its number.
fn put(tx: &Tx<'_>, number: u64) -> Put {
    let host = format!("host{}", number % 5);
    let group = format!("User=u{}", number % 3);
    tx.put_signal(&NewSignal {
        id: id(number),
        rule: ["rule-a", "rule-b"][number as usize % 2],
        title: if number.is_multiple_of(4) { "100% cpu" } else { "odd login" },
        level: Level::ALL[number as usize % 5].0,
        ts: number as i64 / 2,
        first_seen: 0,
        last_seen: number as i64,
        group: &group,
        tactic: number.is_multiple_of(2).then_some("impact"),
        risk: (number % 100) as u8,
        total: 3,
        revision: 0,
        entities: &[("host", &host), ("user", "root"), ("host", "second")],
        body: "{}",
    })
    .unwrap()
}

fn with_signals(count: u64) -> Home {
    let home = home();
    home.catalog
        .write(|tx| {
            (0..count).for_each(|number| assert_eq!(put(tx, number), Put::New));
            Ok(())
        })
        .unwrap();
    home
}

fn number_of(signal: &Signal) -> u64 {
    u128::from_be_bytes(signal.id.0) as u64
}

fn term(field: Field, values: &[&str], is_excluded: bool) -> Filter {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Filter { terms: vec![Term { field, values, is_excluded }], ..Filter::default() }
}

#[test]
fn a_signal_is_stored_once_and_later_revisions_keep_what_people_made_of_it() {
    let home = with_signals(1);
    let new = |revision, total| NewSignal {
        id: id(0),
        rule: "rule-a",
        title: "more of it",
        level: Level::Low,
        ts: 0,
        first_seen: -5,
        last_seen: 9,
        group: "User=u0",
        tactic: None,
        risk: 7,
        total,
        revision,
        entities: &[("address", "10.0.0.1")],
        body: "{\"n\":1}",
    };
    home.catalog
        .write(|tx| {
            tx.change_signal(
                id(0),
                Some(1),
                &Change { status: Some(Status::Acknowledged), ..Change::default() },
                &ANNA,
            )?;
            assert_eq!(tx.put_signal(&new(0, 9))?, Put::Same);
            assert_eq!(tx.put_signal(&new(2, 9))?, Put::Updated);
            assert_eq!(tx.put_signal(&new(1, 5))?, Put::Same);
            Ok(())
        })
        .unwrap();
    home.catalog
        .read(|view| {
            let signal = view.signal(id(0))?.unwrap();
            assert_eq!((signal.total, signal.first_seen, signal.risk), (9, -5, 7));
            assert_eq!(
                (signal.status, signal.version, signal.title.as_str()),
                (Status::Acknowledged, 2, "more of it")
            );
            assert_eq!(view.signal_body(id(0))?.unwrap(), "{\"n\":1}");
            let entities = view.signal_entities(id(0))?;
            assert_eq!(entities.len(), 4, "{entities:?}");
            assert_eq!(view.signal(id(1))?, None);
            Ok(())
        })
        .unwrap();
}

#[test]
fn filters_find_what_they_say() {
    let home = with_signals(60);
    let check = |filter: &Filter, expect: &dyn Fn(u64) -> bool| {
        let wanted: BTreeSet<u64> = (0..60).filter(|number| expect(*number)).collect();
        home.catalog
            .read(|view| {
                let page = view.signals(filter, Sort::Newest, None, 100)?;
                let found: BTreeSet<u64> = page.signals.iter().map(number_of).collect();
                assert_eq!(found, wanted, "{filter:?}");
                assert_eq!(view.count_signals(filter)?, wanted.len() as u64, "{filter:?}");
                let request = OverviewRequest {
                    filter: filter.clone(),
                    histogram: None,
                    facets: vec![],
                    values_max: 5,
                };
                assert_eq!(view.overview(&request)?.total, wanted.len() as u64, "{filter:?}");
                Ok(())
            })
            .unwrap();
    };
    home.catalog.write(|tx| tx.retract_signal(id(59), 1)).unwrap();
    let is_kept = |number: u64| number != 59;
    check(&Filter::default(), &is_kept);
    check(&Filter { is_with_retracted: true, ..Filter::default() }, &|_| true);
    check(&Filter { since: Some(10), until: Some(20), ..Filter::default() }, &|n| (20..40).contains(&n));
    check(&term(Field::Rule, &["rule-a"], false), &|n| n % 2 == 0);
    check(&term(Field::Rule, &["rule-a", "unknown"], true), &|n| n % 2 == 1 && is_kept(n));
    check(&term(Field::Level, &["high", "low"], false), &|n| matches!(n % 5, 1 | 3));
    check(&term(Field::Tactic, &[""], false), &|n| n % 2 == 1 && is_kept(n));
    check(&term(Field::Tactic, &[""], true), &|n| n % 2 == 0);
    check(&term(Field::Tactic, &["impact", ""], false), &is_kept);
    check(&term(Field::Tactic, &["impact"], true), &|n| n % 2 == 1 && is_kept(n));
    check(&term(Field::Status, &["open"], false), &is_kept);
    check(&term(Field::Verdict, &["true"], true), &is_kept);
    check(&term(Field::Host, &["host1"], false), &|n| n % 5 == 1);
    check(&term(Field::Group, &["User=u2"], false), &|n| n % 3 == 2 && is_kept(n));
    check(&term(Field::Host, &["unknown"], false), &|_| false);
    let entity =
        |kind: &str, value: &str| Filter { entities: vec![(kind.into(), value.into())], ..Filter::default() };
    check(&entity("host", "second"), &is_kept);
    check(&entity("host", "root"), &|_| false);
    let text = |text: &str| Filter { text: Some(text.into()), ..Filter::default() };
    check(&text("100%"), &|n| n % 4 == 0);
    check(&text("0% C"), &|n| n % 4 == 0);
    check(&text("1_0"), &|_| false);
    check(&text("=U1"), &|n| n % 3 == 1);
    let unknown = home.catalog.read(|view| view.count_signals(&term(Field::Level, &["huge"], false)));
    assert!(unknown.unwrap_err().is_invalid());
}

#[test]
fn pages_add_up_to_the_list_while_it_grows() {
    // With several values of a closed list and with text the list is made in other ways, and is the same.
    let several = |field, values: &[&str]| {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Filter { terms: vec![Term { field, values, is_excluded: false }], ..Filter::default() }
    };
    let filters = [
        Filter::default(),
        several(Field::Status, &["open", "acknowledged"]),
        several(Field::Level, &Level::ALL.iter().map(|(_, name)| *name).collect::<Vec<_>>()),
        Filter { text: Some("=u".into()), since: Some(i64::MIN), ..Filter::default() },
    ];
    let sorts = [Sort::Newest, Sort::Oldest, Sort::Level, Sort::Risk];
    for (sort, filter) in sorts.iter().flat_map(|sort| filters.iter().map(move |filter| (*sort, filter))) {
        let home = with_signals(50);
        let mut found: Vec<Signal> = Vec::new();
        let mut after = None;
        for round in 0.. {
            let page = home.catalog.read(|view| view.signals(filter, sort, after, 7)).unwrap();
            found.extend(page.signals);
            // What comes meanwhile, and sorts elsewhere, moves no page.
            home.catalog.write(|tx| Ok(put(tx, 1_000 + round))).unwrap();
            let Some(next) = page.next else { break };
            after = Cursor::parse(&next.to_string());
            assert!(after.is_some());
        }
        let old: Vec<&Signal> = found.iter().filter(|signal| number_of(signal) < 1_000).collect();
        assert_eq!(old.len(), 50, "{sort:?} {filter:?}");
        let key = |signal: &Signal| match sort {
            Sort::Newest => (0, signal.ts),
            Sort::Oldest => (0, -signal.ts),
            Sort::Level => (signal.level as i64, signal.ts),
            Sort::Risk => (i64::from(signal.risk), signal.ts),
        };
        assert!(found.windows(2).all(|pair| key(&pair[0]) >= key(&pair[1])), "{sort:?}");
    }
    for text in ["", "1.2", "1.2.3.4", "a.2.3"] {
        assert_eq!(Cursor::parse(text), None, "{text}");
    }
}

#[test]
fn counts_are_those_of_the_list() {
    let home = with_signals(60);
    let ends = Filter { since: Some(0), until: Some(30), ..Filter::default() };
    let request = OverviewRequest {
        filter: ends.clone(),
        histogram: Some((10, Field::Level)),
        facets: vec![Field::Host, Field::Verdict, Field::Tactic],
        values_max: 2,
    };
    let overview = home.catalog.read(|view| view.overview(&request)).unwrap();
    assert_eq!(overview.total, 60);
    let histogram = overview.histogram.unwrap();
    assert_eq!(histogram.values, ["informational", "low"]);
    let expected: Vec<Bucket> =
        [0, 10, 20].into_iter().map(|start| Bucket { start, counts: vec![4, 4, 12] }).collect();
    assert_eq!(histogram.buckets, expected);
    let pairs =
        |pairs: &[(&str, u64)]| pairs.iter().map(|(text, n)| ((*text).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(overview.facets[0].values, pairs(&[("host0", 12), ("host1", 12)]));
    assert_eq!(overview.facets[0].others, 36);
    assert_eq!(overview.facets[1].values, pairs(&[("", 60)]));
    assert_eq!(overview.facets[2].values.len(), 2);
    for (filter, width) in
        [(Filter::default(), 10), (ends.clone(), 0), (Filter { until: Some(i64::MAX), ..ends }, 1)]
    {
        let request =
            OverviewRequest { filter, histogram: Some((width, Field::Rule)), facets: vec![], values_max: 1 };
        assert!(home.catalog.read(|view| view.overview(&request)).unwrap_err().is_invalid());
    }
}

fn closing(verdict: Verdict) -> Change<'static> {
    Change {
        status: Some(Status::Closed),
        verdict: Some(verdict),
        reason: Some("known"),
        ..Change::default()
    }
}

#[test]
fn triage_has_a_meaning_a_history_and_no_lost_updates() {
    let home = with_signals(1);
    let change = |version, change: Change<'_>| {
        home.catalog.write(|tx| tx.change_signal(id(0), version, &change, &ANNA))
    };
    let closed = Some(Status::Closed);
    assert!(change(None, Change { status: closed, ..Change::default() }).unwrap_err().is_invalid());
    assert!(
        change(None, Change { verdict: Some(Verdict::True), ..Change::default() }).unwrap_err().is_invalid()
    );
    assert_eq!(
        change(Some(1), Change { assignee: Some(Some("bob")), note: Some("look"), ..Change::default() })
            .unwrap(),
        2
    );
    assert!(change(Some(1), closing(Verdict::True)).unwrap_err().is_conflict());
    assert_eq!(change(Some(2), closing(Verdict::BenignTrue)).unwrap(), 3);
    let signal = || home.catalog.read(|view| view.signal(id(0))).unwrap().unwrap();
    let now = signal();
    assert_eq!((now.verdict, now.reason.as_deref()), (Some(Verdict::BenignTrue), Some("known")));
    assert_eq!(now.assignee.as_deref(), Some("bob"));
    // Opening it again takes the verdict away; a note changes nothing else.
    change(None, Change { status: Some(Status::Open), assignee: Some(None), ..Change::default() }).unwrap();
    change(None, Change { note: Some("hm"), ..Change::default() }).unwrap();
    let now = signal();
    assert_eq!((now.status, now.verdict, now.reason, now.assignee), (Status::Open, None, None, None));
    let history = home.catalog.read(|view| view.signal_history(id(0))).unwrap();
    assert_eq!(history.len(), 4);
    assert_eq!(history[1].verdict, Some(Verdict::BenignTrue));
    assert_eq!(history[1].note.as_deref(), Some("known"));
    assert!(
        home.catalog
            .write(|tx| tx.change_signal(id(9), None, &closing(Verdict::True), &ANNA))
            .unwrap_err()
            .is_missing()
    );
}

#[test]
fn a_bulk_action_does_what_was_chosen_and_is_undone() {
    let home = with_signals(40);
    let filter = term(Field::Rule, &["rule-a"], false);
    let catalog = &home.catalog;
    let selection = catalog.write(|tx| tx.select_signals(&filter, 100, &ANNA)).unwrap();
    assert_eq!(selection.count, 20);
    // Comes later and fits: it was not chosen.
    catalog.write(|tx| Ok(put(tx, 100))).unwrap();
    let before = catalog.read(|view| view.signals(&Filter::default(), Sort::Newest, None, 100)).unwrap();
    let bulk = catalog
        .write(|tx| tx.change_selection(selection.number, &closing(Verdict::FalsePositive), &ANNA))
        .unwrap();
    assert_eq!(bulk.changed, 20);
    let closed = term(Field::Status, &["closed"], false);
    assert_eq!(catalog.read(|view| view.count_signals(&closed)).unwrap(), 20);
    // One that somebody touches afterwards is not put back.
    catalog.write(|tx| tx.change_signal(id(2), None, &closing(Verdict::True), &ANNA)).unwrap();
    let undone = catalog.write(|tx| tx.undo_action(bulk.action, &ANNA)).unwrap();
    assert_eq!(undone, Undone { restored: 19, skipped: 1 });
    assert!(catalog.write(|tx| tx.undo_action(bulk.action, &ANNA)).unwrap_err().is_conflict());
    assert!(catalog.write(|tx| tx.undo_action(99, &ANNA)).unwrap_err().is_missing());
    let after = catalog.read(|view| view.signals(&Filter::default(), Sort::Newest, None, 100)).unwrap();
    for (old, new) in before.signals.iter().zip(&after.signals).filter(|(old, _)| old.id != id(2)) {
        assert_eq!(Signal { version: 0, ..old.clone() }, Signal { version: 0, ..new.clone() });
    }
    let history = catalog.read(|view| view.signal_history(id(0))).unwrap();
    assert_eq!(history.iter().map(|entry| entry.action).collect::<Vec<_>>(), [Some(bulk.action); 2]);
    let picked = catalog.write(|tx| tx.pick_signals(&[id(1), id(1), id(777)], &ANNA)).unwrap();
    assert_eq!(picked.count, 1);
    assert!(catalog.write(|tx| tx.select_signals(&filter, 10, &ANNA)).unwrap_err().is_invalid());
    assert!(
        catalog.write(|tx| tx.change_selection(99, &closing(Verdict::True), &ANNA)).unwrap_err().is_missing()
    );
}

#[test]
fn only_closed_signals_that_nothing_happens_to_go_by_age() {
    let home = with_signals(12);
    let close = |number: u64, at: i64| {
        let actor = Actor { name: "anna", at };
        home.catalog
            .write(|tx| tx.change_signal(id(number), None, &closing(Verdict::BenignTrue), &actor))
            .unwrap()
    };
    let catalog = &home.catalog;
    // `with_signals` lets the signal of number n happen at n / 2 and end at n.
    catalog
        .write(|tx| {
            let selection = tx.pick_signals(&[id(0), id(1), id(9)], &ANNA)?;
            let bulk = tx.change_selection(selection.number, &closing(Verdict::BenignTrue), &ANNA)?;
            assert_eq!(bulk.changed, 3);
            tx.change_signal(
                id(2),
                None,
                &Change { status: Some(Status::Acknowledged), ..Change::default() },
                &ANNA,
            )?;
            let later = Actor { name: "anna", at: 1_500 };
            tx.change_signal(id(1), None, &Change { note: Some("look here"), ..Change::default() }, &later)
        })
        .unwrap();
    close(4, 5);
    close(5, 2_000);
    close(11, 5);
    let left = |before: i64, count_max: usize| {
        let numbers = catalog.read(|view| view.outdated_signals(before, count_max)).unwrap();
        // One that is opened again after they were listed stays.
        let removed = catalog.write(|tx| tx.remove_outdated(before, &numbers)).unwrap();
        let page = catalog.read(|view| view.signals(&Filter::default(), Sort::Oldest, None, 100)).unwrap();
        (removed, page.signals.iter().map(number_of).collect::<BTreeSet<_>>())
    };
    let without = |gone: &[u64]| (0..12).filter(|number| !gone.contains(number)).collect::<BTreeSet<_>>();
    // What it tells of ended at 4, and it was closed at 5; the others were closed at 1,000 or are not.
    assert_eq!(left(5, 100), (0, without(&[])));
    assert_eq!(left(6, 100), (1, without(&[4])));
    assert_eq!(left(1_001, 1), (1, without(&[4, 0])));
    assert_eq!(left(1_500, 100), (1, without(&[4, 0, 9])));
    // A note came later to 1, and 5 was closed later; 11 is the last row, whose number nobody may get; the others are not
    // closed.
    assert_eq!(left(1_500, 100).0, 0);
    let listed = catalog.read(|view| view.outdated_signals(3_000, 100)).unwrap();
    let again = Change { status: Some(Status::Open), ..Change::default() };
    catalog.write(|tx| tx.change_signal(id(5), None, &again, &ANNA)).unwrap();
    assert_eq!((listed.len(), catalog.write(|tx| tx.remove_outdated(3_000, &listed)).unwrap()), (2, 1));
    assert_eq!(catalog.read(|view| view.count_stored_signals()).unwrap(), (8, 1));
    // Nothing of those that went is left, and the bulk action is undone for none of them.
    let rows =
        |sql: &str| catalog.read(|view| view.one(sql, (), |row| row.get::<_, i64>(0))).unwrap().unwrap();
    for table in ["signal_details WHERE n", "signal_entities WHERE n", "signal_history WHERE signal"] {
        let sql = format!("SELECT count(*) FROM {table} NOT IN (SELECT n FROM signals)");
        assert_eq!(rows(&sql), 0, "{table}");
    }
    for table in ["action_items", "selection_items"] {
        assert_eq!(rows(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    let undone = catalog.write(|tx| tx.undo_action(1, &ANNA)).unwrap();
    assert_eq!((undone.restored, undone.skipped), (0, 3));
}

#[test]
fn what_fails_leaves_nothing() {
    let home = home();
    let message = NewMessage { key: "s1", channel: "mail", payload: "{}", at: 1, due: 1, group: "" };
    let result: Result<()> = home.catalog.write(|tx| {
        put(tx, 1);
        tx.send(&message)?;
        tx.advance("match", 0, 10)?;
        tx.advance("match", 0, 20)
    });
    assert!(result.unwrap_err().is_conflict());
    home.catalog
        .read(|view| {
            assert_eq!(view.count_signals(&Filter::default())?, 0);
            assert_eq!((view.progress("match")?, view.next_due()?), (0, None));
            Ok(())
        })
        .unwrap();
}

#[test]
fn every_message_is_sent_and_no_claim_outlives_its_lease() {
    let home = home();
    let catalog = &home.catalog;
    let new = |key, due| NewMessage { key, channel: "chat", payload: "{}", at: 1, due, group: "" };
    catalog
        .write(|tx| {
            assert!(tx.send(&new("a", 5))? && tx.send(&new("b", 5))? && tx.send(&new("c", 50))?);
            assert!(!tx.send(&new("a", 5))?);
            Ok(())
        })
        .unwrap();
    let claim = |now, lease| catalog.write(|tx| tx.claim("chat", now, lease, 10)).unwrap();
    assert!(claim(4, 10).is_empty());
    let first = claim(5, 10);
    assert_eq!(first.iter().map(|message| message.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(claim(6, 20).is_empty());
    catalog.write(|tx| tx.sent(&first[0], 7)).unwrap();
    // The claimer of `b` died: somebody else gets it, and the first has no say any more.
    let second = claim(10, 30);
    assert_eq!((second.len(), second[0].key.as_str(), second[0].attempts), (1, "b", 2));
    assert!(catalog.write(|tx| tx.sent(&first[1], 11)).unwrap_err().is_conflict());
    catalog.write(|tx| tx.not_sent(&second[0], "429", Some(40), 12)).unwrap();
    assert_eq!(catalog.read(|view| view.next_due()).unwrap(), Some(40));
    let third = claim(40, 60);
    catalog.write(|tx| tx.not_sent(&third[0], "gone", None, 41)).unwrap();
    let counts = catalog.read(|view| view.outbox()).unwrap();
    assert_eq!(
        counts,
        [OutboxCounts { channel: "chat".into(), waiting: 1, given_up: 1, error: Some("gone".into()) }]
    );
    assert_eq!(catalog.write(|tx| tx.retry_channel("chat", 50)).unwrap(), 1);
    assert_eq!(claim(50, 70).len(), 2);
    assert_eq!(catalog.write(|tx| tx.trim_outbox(100)).unwrap(), 1);
}

#[test]
fn an_owner_of_old_is_fenced_off() {
    let home = home();
    let put = |generation, position| {
        let checkpoint = Checkpoint { generation, position, at: 1, state: vec![1, 2] };
        home.catalog.write(|tx| tx.put_checkpoint(3, &checkpoint))
    };
    assert!(put(1, 5).unwrap_err().is_conflict());
    assert_eq!(home.catalog.write(|tx| tx.take_shard(3, 0)).unwrap(), 1);
    put(1, 5).unwrap();
    assert_eq!(home.catalog.write(|tx| tx.take_shard(3, 0)).unwrap(), 2);
    assert!(put(1, 6).unwrap_err().is_conflict());
    let found = home.catalog.read(|view| view.checkpoint(3)).unwrap().unwrap();
    assert_eq!((found.generation, found.position, found.state), (2, 5, vec![1, 2]));
    home.catalog.write(|tx| tx.advance("lake", 0, 4)).unwrap();
    assert_eq!(home.catalog.read(|view| view.least_progress()).unwrap(), Some(4));
}

#[test]
fn sources_add_up_and_dead_letters_wait() {
    let home = home();
    let heard = |events, last| Source {
        name: "web".into(),
        kind: "file".into(),
        position: (last == 9).then(|| vec![9]),
        events,
        bytes: 10,
        dropped: 1,
        first_heard: last,
        last_heard: last,
        last_event: (last == 5).then_some(4),
        error: None,
    };
    home.catalog
        .write(|tx| {
            tx.hear_source(&heard(2, 5))?;
            tx.hear_source(&heard(3, 9))?;
            tx.hear_source(&heard(0, 7))?;
            for number in 0..6 {
                let payload = [number as u8];
                let new = NewDeadLetter {
                    id: id(number % 5),
                    at: number as i64,
                    source: "web",
                    reason: ["no JSON", "too deep"][number as usize % 2],
                    detail: "at 3",
                    payload: &payload,
                };
                assert_eq!(tx.add_dead_letter(&new)?, number < 5);
            }
            Ok(())
        })
        .unwrap();
    let source = home.catalog.read(|view| view.source("web")).unwrap().unwrap();
    assert_eq!((source.events, source.bytes, source.dropped), (5, 30, 3));
    assert_eq!((source.first_heard, source.last_heard, source.last_event), (5, 9, Some(4)));
    assert_eq!(source.position, Some(vec![9]));
    let letters =
        |reason, before| home.catalog.read(|view| view.dead_letters(reason, None, before, 2)).unwrap();
    let first = letters(Some("no JSON"), None);
    assert_eq!(first.iter().map(|letter| letter.at).collect::<Vec<_>>(), [4, 2]);
    let second = letters(Some("no JSON"), Some(first[1].number));
    assert_eq!(second.iter().map(|letter| letter.at).collect::<Vec<_>>(), [0]);
    assert!(home.catalog.write(|tx| tx.replayed_dead_letter(first[0].number, 9)).unwrap());
    assert!(!home.catalog.write(|tx| tx.replayed_dead_letter(first[0].number, 9)).unwrap());
    let counts = home.catalog.read(|view| view.count_dead_letters()).unwrap();
    assert_eq!(counts, [("web".into(), "no JSON".into(), 2), ("web".into(), "too deep".into(), 2)]);
    assert_eq!(home.catalog.write(|tx| tx.trim_dead_letters(1, 3)).unwrap(), 2);
    assert!(home.catalog.write(|tx| tx.forget_source("web")).unwrap());
}

#[test]
fn risk_adds_up_and_false_alarms_do_not_count() {
    let home = with_signals(100);
    let riskiest = |kind| home.catalog.read(|view| view.riskiest(&[kind], 0, 1_000, 3)).unwrap().remove(0);
    let before = riskiest("host");
    assert_eq!(before.len(), 3);
    assert_eq!((before[0].value.as_str(), before[0].signals), ("second", 100));
    assert!(before.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert!(before[0].score > 80.0 && before[0].score <= 100.0, "{}", before[0].score);
    home.catalog
        .write(|tx| {
            let all = tx.select_signals(&Filter::default(), 1_000, &ANNA)?;
            tx.change_selection(all.number, &closing(Verdict::FalsePositive), &ANNA)?;
            tx.change_signal(id(50), None, &closing(Verdict::True), &ANNA)
        })
        .unwrap();
    let after = riskiest("host");
    assert_eq!(after.iter().map(|entity| entity.value.as_str()).collect::<Vec<_>>(), ["host0", "second"]);
    assert!((after[0].score - 50.0 / 2.612_375).abs() < 0.01);
    assert_eq!(riskiest("address"), []);
}

#[test]
fn rules_are_changed_by_one_at_a_time() {
    let home = home();
    let catalog = &home.catalog;
    let set = |version, on| catalog.write(|tx| tx.set_rule("r", version, on, None, &ANNA));
    assert_eq!(set(Some(0), Some(false)).unwrap(), 1);
    assert!(set(Some(0), Some(true)).unwrap_err().is_conflict());
    catalog
        .write(|tx| {
            tx.set_rule("r", None, None, Some("{\"level\":\"low\"}"), &ANNA)?;
            tx.set_rule_active("r", 7, Some(9), 1)?;
            tx.set_rule_error("r", Some("too slow"), 3)?;
            tx.set_rule_error("other", None, 3)
        })
        .unwrap();
    let rules = catalog.read(|view| view.rule_settings()).unwrap();
    assert_eq!(rules.len(), 2);
    assert!(rules[0].is_enabled && rules[0].version == 0);
    let rule = catalog.read(|view| view.rule_setting("r")).unwrap().unwrap();
    assert_eq!((rule.is_enabled, rule.version, rule.overrides.as_str()), (false, 2, "{\"level\":\"low\"}"));
    assert_eq!(
        (rule.active_from, rule.filled_until, rule.error),
        (Some(7), Some(9), Some(("too slow".into(), 3)))
    );
}

#[test]
fn people_come_and_go_and_one_admin_stays() {
    let home = home();
    let catalog = &home.catalog;
    catalog
        .write(|tx| {
            tx.add_user("anna", "hash1", Role::Admin, 1)?;
            tx.add_user("bob", "hash2", Role::Analyst, 2)?;
            tx.add_session(b"token", "bob", 5, 50, "10.0.0.1")?;
            tx.set_setting("setup", Some(b"x"))
        })
        .unwrap();
    assert!(catalog.write(|tx| tx.add_user("bob", "h", Role::Admin, 3)).unwrap_err().is_conflict());
    assert!(
        catalog.write(|tx| tx.change_user("anna", None, Some(Role::Viewer), None)).unwrap_err().is_invalid()
    );
    assert!(catalog.write(|tx| tx.remove_user("anna")).unwrap_err().is_invalid());
    let session = |now| catalog.read(|view| view.session(b"token", now)).unwrap();
    assert_eq!(session(6).map(|session| session.role), Some(Role::Analyst));
    assert_eq!(session(50), None);
    assert_eq!(catalog.write(|tx| tx.note_login("bob", Some(9))).unwrap(), 1);
    assert_eq!(catalog.write(|tx| tx.note_login("bob", Some(9))).unwrap(), 2);
    assert_eq!(catalog.read(|view| view.user("bob")).unwrap().unwrap().locked_until, 9);
    assert_eq!(catalog.write(|tx| tx.note_login("bob", None)).unwrap(), 0);
    catalog.write(|tx| tx.change_user("bob", Some("hash3"), None, None)).unwrap();
    assert_eq!(session(6), None, "a new password ends sessions");
    assert_eq!(catalog.write(|tx| tx.take_setting("setup")).unwrap(), Some(b"x".to_vec()));
    assert_eq!(catalog.write(|tx| tx.take_setting("setup")).unwrap(), None);
    let key = |scopes| NewApiKey {
        id: "k1",
        hash: b"h",
        name: "web",
        owner: "bob",
        scopes,
        made: 1,
        expires: Some(10),
    };
    assert!(catalog.write(|tx| tx.add_api_key(&key(&["two words"]))).unwrap_err().is_invalid());
    catalog.write(|tx| tx.add_api_key(&key(&["ingest:web", "read"]))).unwrap();
    catalog.write(|tx| tx.remove_user("bob")).unwrap();
    let found = catalog.read(|view| view.api_key("k1")).unwrap().unwrap();
    assert!(found.is_good(9) && !found.is_good(10));
    assert_eq!(found.scopes, ["ingest:web", "read"]);
    assert!(catalog.write(|tx| tx.revoke_api_key("k1", 5)).unwrap());
    assert!(!catalog.read(|view| view.api_key("k1")).unwrap().unwrap().is_good(9));
}

#[test]
fn a_block_goes_one_way() {
    let home = home();
    let catalog = &home.catalog;
    let new = NewBlock {
        id: id(1),
        address: "192.0.2.1",
        mode: BlockMode::DryRun,
        reason: "scan",
        signal: Some(id(7)),
        rule: Some("r"),
        until: 100,
    };
    assert!(catalog.write(|tx| tx.add_block(&new, &ANNA)).unwrap());
    assert!(!catalog.write(|tx| tx.add_block(&new, &ANNA)).unwrap());
    let set = |state| catalog.write(|tx| tx.set_block_state(id(1), state, Some("set"), 5));
    set(BlockState::Active).unwrap();
    assert_eq!(catalog.read(|view| view.blocks(Some(BlockState::Active), 10)).unwrap().len(), 1);
    assert!(set(BlockState::Requested).unwrap_err().is_conflict());
    set(BlockState::Expired).unwrap();
    assert!(set(BlockState::Undone).unwrap_err().is_conflict());
    let block = catalog.read(|view| view.block(id(1))).unwrap().unwrap();
    assert_eq!((block.mode, block.signal, block.made_by.as_str()), (BlockMode::DryRun, Some(id(7)), "anna"));
    let counts = |address, now| {
        let spans =
            BlockSpans { address, mode: BlockMode::DryRun, now, memory: 0, minute: 0, hour: ANNA.at + 1 };
        let counts = catalog.read(|view| view.block_counts(&spans)).unwrap();
        [counts.in_force, counts.of_address, counts.in_minute, counts.in_hour, counts.at_once]
    };
    assert_eq!(counts("192.0.2.1", 50), [0, 1, 1, 0, 0]);
    assert_eq!(counts("192.0.2.2", 50), [0, 0, 1, 0, 0]);
    assert!(catalog.write(|tx| tx.add_block(&NewBlock { id: id(2), rule: None, ..new }, &ANNA)).unwrap());
    assert_eq!(counts("192.0.2.1", 50), [1, 2, 1, 0, 1]);
    assert_eq!(counts("192.0.2.1", 100), [0, 2, 1, 0, 0]);
    let set = |state| catalog.write(|tx| tx.set_block_state(id(2), state, None, 6));
    assert_eq!(catalog.read(|view| view.blocks_to_do(50, 10)).unwrap().len(), 1);
    set(BlockState::Active).unwrap();
    assert_eq!(catalog.read(|view| view.blocks_to_do(99, 10)).unwrap(), []);
    assert_eq!(catalog.read(|view| view.next_block_end()).unwrap(), Some(100));
    assert_eq!(catalog.read(|view| view.blocks_to_do(100, 10)).unwrap().len(), 1);
    catalog.write(|tx| tx.set_block_until(id(2), 300, 7)).unwrap();
    assert_eq!(catalog.read(|view| view.block(id(2))).unwrap().unwrap().state, BlockState::Requested);
    set(BlockState::Active).unwrap();
    set(BlockState::Undoing).unwrap();
    assert!(set(BlockState::Active).unwrap_err().is_conflict());
    set(BlockState::Undone).unwrap();
    assert!(catalog.write(|tx| tx.set_block_until(id(2), 400, 8)).unwrap_err().is_conflict());
}

#[test]
fn messages_of_a_group_keep_their_order_and_others_overtake_them() {
    let home = home();
    let catalog = &home.catalog;
    let new = |key, group| NewMessage { key, channel: "chat", payload: "{}", at: 1, due: 5, group };
    let keys = |now, lease| {
        let claimed = catalog.write(|tx| tx.claim("chat", now, lease, 10)).unwrap();
        (claimed.iter().map(|message| message.key.clone()).collect::<Vec<_>>(), claimed)
    };
    catalog
        .write(|tx| {
            for (key, group) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("x", "")] {
                assert!(tx.send(&new(key, group))?);
            }
            Ok(())
        })
        .unwrap();
    let (first, claimed) = keys(5, 10);
    assert_eq!(first, ["a1", "b1", "x"]);
    catalog.write(|tx| tx.not_sent(&claimed[0], "500", Some(50), 6)).unwrap();
    catalog.write(|tx| tx.sent(&claimed[1], 6)).unwrap();
    catalog.write(|tx| tx.sent(&claimed[2], 6)).unwrap();
    assert!(keys(20, 30).0.is_empty());
    assert_eq!(catalog.read(|view| view.due_channels(20)).unwrap(), ["chat"]);
    assert_eq!(keys(50, 60).0, ["a1"]);
    let page = |state| DeliveryPage { channel: Some("chat"), state, before: None };
    let listed = catalog.read(|view| view.deliveries(&page(None), 10)).unwrap();
    let told: Vec<(&str, DeliveryState, u32)> =
        listed.iter().map(|one| (one.key.as_str(), one.state, one.attempts)).collect();
    let [sent, waiting] = [DeliveryState::Sent, DeliveryState::Waiting];
    assert_eq!(told, [("x", sent, 1), ("b1", sent, 1), ("a2", waiting, 0), ("a1", waiting, 2)]);
    assert_eq!(catalog.read(|view| view.deliveries(&page(Some(sent)), 10)).unwrap().len(), 2);
    assert!(!catalog.write(|tx| tx.retry_message(listed[0].number, 70)).unwrap());
    assert_eq!(catalog.write(|tx| tx.drop_channel("chat")).unwrap(), 2);
}

#[test]
fn documents_and_groups_are_kept() {
    let home = home();
    let catalog = &home.catalog;
    let put = |body, version| catalog.write(|tx| tx.put_document("channel", "c", body, version, &ANNA));
    assert_eq!(put("{}", Some(0)).unwrap(), 1);
    assert!(put("{}", Some(0)).unwrap_err().is_conflict());
    assert_eq!(put("[]", Some(1)).unwrap(), 2);
    assert_eq!(put("[1]", None).unwrap(), 3);
    let found = catalog.read(|view| view.documents("channel")).unwrap();
    assert_eq!((found.len(), found[0].body.as_str(), found[0].version), (1, "[1]", 3));
    catalog.write(|tx| tx.remove_document("channel", "c")).unwrap();
    assert!(catalog.write(|tx| tx.remove_document("channel", "c")).unwrap_err().is_missing());
    let group = |due, told| AlertGroup { rule: "r".into(), key: "k".into(), due, told, body: "{}".into() };
    catalog.write(|tx| tx.put_alert_group(&group(Some(10), None))).unwrap();
    assert_eq!(catalog.read(|view| view.next_alert_group()).unwrap(), Some(10));
    assert_eq!(catalog.read(|view| view.due_alert_groups(9, 5)).unwrap(), []);
    assert_eq!(catalog.read(|view| view.due_alert_groups(10, 5)).unwrap().len(), 1);
    catalog.write(|tx| tx.put_alert_group(&group(None, Some(10)))).unwrap();
    assert_eq!(catalog.read(|view| view.next_alert_group()).unwrap(), None);
    assert_eq!(catalog.read(|view| view.quiet_alert_groups()).unwrap().len(), 1);
    catalog.write(|tx| tx.remove_alert_group("r", "k")).unwrap();
    assert_eq!(catalog.read(|view| view.alert_group("r", "k")).unwrap(), None);
}

#[test]
fn the_audit_trail_shows_what_was_done_to_it() {
    let home = home();
    let catalog = &home.catalog;
    let mut heads = Vec::new();
    for number in 0..6 {
        let new = NewAudit {
            at: number,
            who: "anna",
            client: "::1",
            action: "login",
            target: "anna",
            detail: "{}",
        };
        catalog.write(|tx| tx.record(&new)).unwrap();
        heads.push(catalog.read(|view| view.audit_head()).unwrap());
    }
    for head in &heads {
        assert_eq!(catalog.read(|view| view.verify_audit(Some(*head))).unwrap(), None);
    }
    let page =
        catalog.read(|view| view.audit(&AuditPage { before: Some(5), ..AuditPage::default() }, 2)).unwrap();
    assert_eq!(page.iter().map(|entry| entry.number).collect::<Vec<_>>(), [4, 3]);
    // Whoever has the file can do anything, but not without a trace.
    let raw = Connection::open(home.folder.path().join("catalog.db")).unwrap();
    assert!(raw.execute("UPDATE audit SET who = 'bob' WHERE n = 3", ()).is_err());
    assert!(raw.execute("DELETE FROM audit WHERE n = 3", ()).is_err());
    raw.execute_batch("DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_removed;").unwrap();
    let check = |sql: &str, kept, expect| {
        raw.execute_batch("SAVEPOINT s").unwrap();
        raw.execute_batch(sql).unwrap();
        let tampered = View { connection: &raw }.verify_audit(kept).unwrap();
        assert_eq!(tampered, expect, "{sql}");
        raw.execute_batch("ROLLBACK TO s; RELEASE s").unwrap();
    };
    check("UPDATE audit SET who = 'bob' WHERE n = 3", None, Some(3));
    check("UPDATE audit SET at = 9 WHERE n = 1", None, Some(1));
    check("DELETE FROM audit WHERE n = 3", None, Some(3));
    check("UPDATE audit SET n = n + 10 WHERE n > 3", None, Some(4));
    check("DELETE FROM audit WHERE n > 4", None, None);
    check("DELETE FROM audit WHERE n > 4", Some(heads[5]), Some(5));
}

#[test]
fn splits_are_found_by_class_and_time_and_replaced_at_once() {
    let home = home();
    let catalog = &home.catalog;
    let split = |path: &str, class: &str, first_ts, last_ts| Split {
        path: path.into(),
        class: class.into(),
        hour: 1,
        first_ts,
        last_ts,
        rows: 2,
        bytes: 10,
        format: 1,
        columns: vec!["a.b".into(), "c".into()],
        rest: (path == "b").then(|| vec!["d".into()]),
        checksums: vec![1, u64::MAX],
        made: 0,
        is_compacted: false,
    };
    let (a, b, c) = (split("a", "x", 0, 10), split("b", "x", 20, 30), split("c", "y", 5, 25));
    catalog.write(|tx| tx.change_splits(&[a.clone(), b.clone(), c.clone()], &[])).unwrap();
    let find = |since, until, classes: &[&str]| {
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        let splits = catalog.read(|view| view.splits(&SplitQuery { since, until, classes })).unwrap();
        splits.into_iter().map(|split| split.path).collect::<Vec<_>>().join("")
    };
    assert_eq!(find(None, None, &[]), "abc");
    assert_eq!(find(None, None, &["y", "z"]), "c");
    assert_eq!(find(Some(11), None, &[]), "bc");
    assert_eq!(find(Some(10), Some(20), &[]), "ac");
    assert_eq!(find(None, Some(0), &[]), "");
    assert_eq!(catalog.read(|view| view.split("b")).unwrap(), Some(b));
    catalog.write(|tx| tx.change_splits(&[split("ab", "x", 0, 30)], &["a", "b"])).unwrap();
    assert_eq!(find(None, None, &["x"]), "ab");
    // Who compacts what another has compacted is too late, and changes nothing.
    assert!(
        catalog
            .write(|tx| tx.change_splits(&[split("ab2", "x", 0, 30)], &["c", "b"]))
            .unwrap_err()
            .is_conflict()
    );
    assert_eq!(find(None, None, &[]), "abc");
}

#[test]
fn a_catalog_is_found_again_copied_and_not_mistaken() {
    let home = with_signals(10);
    let path = home.folder.path().join("catalog.db");
    let copy = home.folder.path().join("copy.db");
    home.catalog.back_up(&copy).unwrap();
    assert!(home.catalog.back_up(&copy).unwrap_err().is_conflict());
    drop(home.catalog);
    for file in [&path, &copy] {
        let catalog = Catalog::open(file).unwrap();
        assert_eq!(catalog.read(|view| view.count_signals(&Filter::default())).unwrap(), 10);
        assert!(catalog.verify().unwrap().is_empty());
    }
    let raw = Connection::open(&copy).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    assert!(Catalog::open(&copy).unwrap_err().is_refused(), "a newer version");
    let other = home.folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert!(Catalog::open(&other).unwrap_err().is_refused(), "another program's");
    std::fs::write(&other, b"no database at all, but longer than its header would be".repeat(100)).unwrap();
    assert!(Catalog::open(&other).unwrap_err().is_damaged());
}

#[test]
fn damage_to_the_file_is_an_error_and_never_a_panic() {
    let home = with_signals(300);
    let path = home.folder.path().join("catalog.db");
    drop(home.catalog);
    let bytes = std::fs::read(&path).unwrap();
    let mut random = Random(5);
    let damaged = home.folder.path().join("damaged.db");
    for round in 0..150 {
        let mut bytes = bytes.clone();
        if round % 3 == 0 {
            bytes.truncate(random.below(bytes.len()));
        } else {
            for _ in 0..20 {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
        }
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", damaged.display()));
        }
        std::fs::write(&damaged, bytes).unwrap();
        let Ok(catalog) = Catalog::open(&damaged) else { continue };
        let _ = catalog.verify();
        let _ = catalog.read(|view| view.signals(&Filter::default(), Sort::Risk, None, 1_000));
        let _ = catalog.write(|tx| tx.select_signals(&Filter::default(), 1_000, &ANNA));
    }
}

#[test]
fn many_threads_see_whole_states() {
    let home = home();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let catalog = &home.catalog;
            scope.spawn(move || {
                for round in 0..40 {
                    let number = thread * 1_000 + round * 2;
                    catalog
                        .write(|tx| {
                            put(tx, number);
                            put(tx, number + 1);
                            Ok(())
                        })
                        .unwrap();
                    let count = catalog.read(|view| view.count_signals(&Filter::default())).unwrap();
                    assert_eq!(count % 2, 0);
                }
            });
        }
    });
    assert_eq!(home.catalog.read(|view| view.count_signals(&Filter::default())).unwrap(), 240);
}
