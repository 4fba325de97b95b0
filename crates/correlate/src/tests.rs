//! Small tables of hits and detections. The corpus that other implementations run too is in `testkit`.

use std::collections::BTreeMap;
use std::ops::Range;

use sigyn_ir::ItemId;

use crate::testing::{Bench, base, correlation};
use crate::{Change, Detection, History, Hit, Id, Limits, Machine, NoMatcher, Pushed, Status, hunt};

fn bench(rules: &[&str], body: &str, options: &str) -> Bench {
    Bench::new(&(base(rules) + &correlation("c", body, options)))
}

#[test]
fn counts_are_of_events_in_closed_windows() {
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2}";
    let it = bench(&["a"], body, "");
    it.check(&["a@0 u=x", "a@10 u=x"], &["c(x)@10 0..10 =2 n2"]);
    it.check(&["a@0 u=x", "a@11 u=x"], &[]);
    it.check(&["a@100 u=x", "a@5 u=x"], &[]);
    it.check(&["a@0 u=x", "a@1 u=y", "a@2 u=y"], &["c(y)@2 1..2 =2 n2"]);
    it.check(&["a@0", "a@1"], &[]);
    it.check(&["a@0 u=x #1", "a@1 u=x", "a@2 u=x", "a@3 u=x"], &["c(x)@1 0..3 =2 n4"]);
    it.check(&["a@0 u=x,y", "a@1 u=y,x"], &["c(x)@1 0..1 =2 n2", "c(y)@1 0..1 =2 n2"]);
}

#[test]
fn an_event_that_hits_two_rules_counts_once() {
    let body = "type: event_count, rules: [a, b], group-by: [u], timespan: 10s, condition: {gte: 2}";
    let it = bench(&["a", "b"], body, "");
    it.check(&["a@0 u=x", "b@0 u=x"], &[]);
    it.check(&["a@0 u=x", "b@0 u=x", "b@1 u=x"], &["c(x)@1 0..1 =2 n2"]);
}

#[test]
fn episodes_end_with_silence_or_their_cell() {
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2}";
    let it = bench(&["a"], body, "");
    it.check(
        &["a@0 u=x", "a@1 u=x", "a@11 u=x", "a@22 u=x", "a@23 u=x"],
        &["c(x)@1 0..11 =2 n3", "c(x)@23 22..23 =2 n2"],
    );
    it.check(
        &["a@86395 u=x", "a@86399 u=x", "a@86400 u=x", "a@86401 u=x"],
        &["c(x)@86399 86395..86399 =2 n2", "c(x)@86400 86395..86401 =3 n4"],
    );
    it.check(&["a@86399 u=x", "a@86401 u=x"], &["c(x)@86401 86399..86401 =2 n2"]);
}

#[test]
fn firing_modes() {
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2}";
    let hits = ["a@0 u=x", "a@1 u=x", "a@2 u=x", "a@3 u=x"];
    bench(&["a"], body, "on_match: every")
        .check(&hits, &["c(x)@1 0..1 =2 n2", "c(x)@2 0..2 =3 n3", "c(x)@3 0..3 =4 n4"]);
    let it = bench(&["a"], body, "on_match: reset");
    it.check(&hits, &["c(x)@1 0..1 =2 n2", "c(x)@3 2..3 =2 n2"]);
    // Marks are dropped at the boundary.
    it.check(
        &["a@86398 u=x", "a@86399 u=x", "a@86400 u=x"],
        &["c(x)@86399 86398..86399 =2 n2", "c(x)@86400 86398..86400 =3 n3"],
    );
}

#[test]
fn suppression_counts_what_it_leaves_out() {
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2}";
    let it = bench(&["a"], body, "suppress: 1m");
    // Closes at 11; silent up to 71.
    it.check(
        &["a@0 u=x", "a@1 u=x", "a@40 u=x", "a@41 u=x", "a@71 u=x", "a@72 u=x", "a@90 u=x", "a@91 u=x"],
        &["c(x)@1 0..1 =2 n2 -1", "c(x)@72 71..72 =2 n2 -1"],
    );
    bench(&["a"], body, "suppress: 5s, on_match: every")
        .check(&["a@0 u=x", "a@1 u=x", "a@6 u=x", "a@7 u=x"], &["c(x)@1 0..1 =2 n2 -1", "c(x)@7 0..7 =4 n4"]);
}

#[test]
fn distinct_values_and_tuples() {
    let body = "type: value_count, rules: [a], timespan: 10s, condition: {field: f, gte: 3}";
    let it = bench(&["a"], body, "");
    it.check(&["a@0 f=1", "a@1 f=2", "a@2 f=2", "a@3 f=3"], &["c()@3 0..3 =3 n4"]);
    it.check(&["a@0 f=1,2", "a@1", "a@2 f=2,3"], &["c()@2 0..2 =3 n2"]);
    it.check(&["a@0 f=1", "a@5 f=2", "a@11 f=3"], &[]);
    let body = "type: value_count, rules: [a], timespan: 10s, condition: {field: [f, g], gte: 2}";
    bench(&["a"], body, "").check(&["a@0 f=1 g=2", "a@1 f=1", "a@2 f=12 g="], &[]);
    bench(&["a"], body, "").check(&["a@0 f=1 g=2", "a@1 f=1 g=3"], &["c()@1 0..1 =2 n2"]);
}

#[test]
fn sums_averages_percentiles_medians() {
    let of = |kind: &str, condition: &str| {
        let body = format!("type: {kind}, rules: [a], timespan: 10s, condition: {{field: f, {condition}}}");
        bench(&["a"], &body, "")
    };
    of("value_sum", "gt: 10").check(&["a@0 f=5", "a@1 f=x", "a@2 f=5.5"], &["c()@2 0..2 =10.5 n2"]);
    of("value_sum", "gt: 10").check(&["a@0 f=5", "a@1 f=5"], &[]);
    of("value_sum", "lt: 10").check(&["a@0 f=5", "a@11 f=20"], &["c()@10 0..0 =5 n1"]);
    of("value_avg", "gte: 1.5").check(&["a@0 f=1", "a@1 f=2"], &["c()@10 0..1 =1.5 n2"]);
    of("value_percentile", "percentile: 95, gte: 1000").check(&["a@1000 f=1", "a@1001 f=50"], &[]);
    of("value_median", "eq: 2").check(&["a@1 f=9", "a@2 f=1", "a@3 f=2"], &["c()@10 1..3 =2 n3"]);
}

#[test]
fn temporal_waits_for_all_rules() {
    let body = "type: temporal, rules: [a, b], group-by: [u], timespan: 10s";
    let it = bench(&["a", "b"], body, "");
    it.check(&["a@0 u=x"], &[]);
    it.check(&["b@0 u=x", "a@10 u=x"], &["c(x)@10 0..10 =2 n2"]);
    it.check(&["a@0 u=x", "b@1 u=y"], &[]);
    it.check(&["a@0 u=x", "b@0 u=x"], &["c(x)@0 0..0 =2 n1"]);
    let body = "type: temporal, rules: [a, b, d], group-by: [u], timespan: 10s, condition: {gte: 2}";
    bench(&["a", "b", "d"], body, "").check(&["d@0 u=x", "a@1 u=x"], &["c(x)@1 0..1 =2 n2"]);
}

#[test]
fn ordered_means_in_canonical_order() {
    let body = "type: temporal_ordered, rules: [a, b], group-by: [u], timespan: 10s";
    let it = bench(&["a", "b"], body, "");
    it.check(&["b@0.1 u=x", "a@0.9 u=x"], &[]);
    it.check(&["a@0 u=x", "b@10 u=x"], &["c(x)@10 0..10 =2 n2"]);
    it.check(&["a@0 u=x", "b@0 u=x"], &[]);
    it.check(&["a@5 u=x #1", "b@5 u=x #2"], &["c(x)@5 5..5 =2 n2"]);
    it.check(&["a@5 u=x #2", "b@5 u=x #1"], &[]);
    let body = "type: temporal_ordered, rules: [a, b, d], timespan: 10s, condition: {gte: 2}";
    bench(&["a", "b", "d"], body, "").check(&["d@0", "a@1", "d@2", "b@3"], &["c()@2 0..3 =2 n4"]);
}

#[test]
fn what_can_become_false_is_judged_at_close() {
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 1m, condition: {lt: 3}";
    let it = bench(&["a"], body, "");
    it.check(&["a@0 u=x", "a@59 u=x", "a@60 u=x"], &["c(x)@60 0..59 =2 n2", "c(x)@120 60..60 =1 n1"]);
    it.check(&["a@0 u=x", "a@1 u=x", "a@2 u=x"], &[]);
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 1m, condition: {gt: 1, lte: 2}";
    bench(&["a"], body, "").check(&["a@1 u=x", "a@2 u=x", "a@61 u=x"], &["c(x)@60 1..2 =2 n2"]);
}

#[test]
fn tumbling_windows_are_moved_by_offset_and_zone() {
    let body = "type: event_count, rules: [a], timespan: 10s, condition: {gte: 2}";
    bench(&["a"], body, "window: tumbling").check(&["a@5", "a@9", "a@10"], &["c()@10 5..9 =2 n2"]);
    bench(&["a"], body, "window: tumbling, offset: 5s")
        .check(&["a@5", "a@14", "a@15"], &["c()@15 5..14 =2 n2"]);
    let body = "type: event_count, rules: [a], timespan: 1d, condition: {gte: 2}";
    bench(&["a"], body, "window: tumbling, timezone: '+02:00'")
        .check(&["a@0", "a@79199", "a@79200"], &["c()@79200 0..79199 =2 n2"]);
}

#[test]
fn sessions_end_by_gap_cap_or_cell() {
    let body = "type: event_count, rules: [a], timespan: 10s, condition: {gte: 2}";
    let it = bench(&["a"], body, "window: session, gap: 4s");
    it.check(&["a@0", "a@4", "a@9"], &["c()@8 0..4 =2 n2"]);
    it.check(&["a@0", "a@4", "a@8", "a@10", "a@11"], &["c()@10 0..10 =4 n4"]);
    it.check(
        &["a@86397", "a@86398", "a@86400", "a@86401"],
        &["c()@86400 86397..86398 =2 n2", "c()@86405 86400..86401 =2 n2"],
    );
}

#[test]
fn what_must_not_happen_is_waited_for() {
    let body = "type: temporal, rules: [a, b, d], group-by: [u], timespan: 10s, condition: a and b and not d";
    let it = bench(&["a", "b", "d"], body, "");
    it.check(&["a@0 u=x", "b@3 u=x"], &["c(x)@10 0..3 =2 n2"]);
    it.check(&["a@0 u=x", "b@3 u=x", "d@10 u=x"], &[]);
    it.check(&["a@0 u=x", "b@3 u=x", "d@10.1 u=x"], &["c(x)@10 0..3 =2 n2"]);
    // What came before the match does not matter, and is no part of it.
    it.check(&["d@0 u=x", "a@1 u=x", "b@3 u=x"], &["c(x)@11 1..3 =2 n2"]);
    it.check(&["a@1 u=x", "d@2 u=x", "b@3 u=x"], &[]);
    it.check(&["a@0 u=x", "b@3 u=x", "d@9 u=x", "a@20 u=x", "b@21 u=x"], &["c(x)@30 20..21 =2 n2"]);
    let body = "type: temporal_ordered, rules: [a, d, b], timespan: 10s, condition: a and not d and b";
    let it = bench(&["a", "b", "d"], body, "");
    it.check(&["a@0", "b@3"], &["c()@10 0..3 =2 n2"]);
    it.check(&["b@0", "a@3"], &[]);
    it.check(&["a@0", "d@1", "b@3"], &[]);
}

#[test]
fn inventories_hear_of_nothing() {
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 1m, condition: {lt: 1}";
    bench(&["a"], body, "inventory: [x, y]").check(
        &["a@10 u=x", "a@100 u=y", "a@130 u=z"],
        &[
            "c(y)@60 0..60 =0 n0",
            "c(x)@120 60..120 =0 n0",
            "c(x)@180 120..180 =0 n0",
            "c(y)@180 120..180 =0 n0",
        ],
    );
}

#[test]
fn missing_fields_can_be_a_group() {
    let body = "type: event_count, rules: [a], group-by: [u, v], timespan: 10s, condition: {gte: 2}";
    bench(&["a"], body, "missing: group")
        .check(&["a@0 u=x", "a@1 u=x", "a@2 u=x v=y"], &["c(x,<none>)@1 0..1 =2 n2"]);
}

#[test]
fn chains_of_any_depth() {
    let burst = "type: event_count, rules: [a], group-by: [u], timespan: 60s, condition: {gte: 2}";
    let burst = base(&["a", "b"]) + &correlation("burst", burst, "");
    let top = |body: &str| Bench::new(&(burst.clone() + &correlation("top", body, "")));
    top("type: event_count, rules: [burst], group-by: [u], timespan: 600s, condition: {gte: 1}").check(
        &["a@1000 u=x", "a@1001 u=x"],
        &["burst(x)@1001 1000..1001 =2 n2", "top(x)@1001 1001..1001 =1 n1"],
    );
    let it = top("type: temporal_ordered, rules: [b, burst], group-by: [u], timespan: 600s");
    it.check(
        &["b@999 u=x", "a@1000 u=x", "a@1001 u=x"],
        &["burst(x)@1001 1000..1001 =2 n2", "top(x)@1001 999..1001 =2 n2"],
    );
    // What the child did not group by is read of the events that contributed at its anchor.
    let it = top("type: value_count, rules: [burst], timespan: 600s, condition: {field: host, gte: 3}");
    it.check(
        &["a@0 u=x host=h1", "a@1 u=x host=h2", "a@2 u=x host=h9", "a@5 u=y host=h2", "a@6 u=y host=h3"],
        &["burst(x)@1 0..2 =2 n3", "burst(y)@6 5..6 =2 n2", "top()@6 1..6 =3 n2"],
    );
}

#[test]
fn aliases_name_fields_rule_by_rule() {
    let body = "type: temporal, rules: [a, b], group-by: [who], timespan: 10s, \
                aliases: {who: {a: user, b: account}}";
    bench(&["a", "b"], body, "").check(&["a@0 user=x", "b@1 account=x"], &["c(x)@1 0..1 =2 n2"]);
}

#[test]
fn rules_select_on_detections() {
    let burst = "type: event_count, rules: [a], group-by: [u], timespan: 60s, condition: {gte: 2}";
    let on = "title: on\nname: on\nlogsource: {product: sigyn, service: detection}\ndetection: {s: \
              {rule.name: burst, u: x}, condition: s}\n---\n";
    let twice = "type: event_count, rules: [on], group-by: [u], timespan: 600s, condition: {gte: 2}";
    let rules = base(&["a"]) + &correlation("burst", burst, "") + on + &correlation("twice", twice, "");
    let it = Bench::new(&rules);
    assert_eq!(it.plan.stratum(it.item("twice")), Some(4));
    it.check(
        &["a@0 u=x", "a@1 u=x", "a@100 u=x", "a@101 u=x", "a@102 u=y", "a@103 u=y"],
        &[
            "burst(x)@1 0..1 =2 n2",
            "on()@1 1..1 =- n1",
            "burst(x)@101 100..101 =2 n2",
            "on()@101 101..101 =- n1",
            "twice(x)@101 1..101 =2 n2",
            "burst(y)@103 102..103 =2 n2",
        ],
    );
}

#[test]
fn revisions_show_a_detection_again() {
    let burst = "type: event_count, rules: [a], timespan: 60s, condition: {gte: 2}";
    let top = "type: event_count, rules: [burst], timespan: 600s, condition: {gte: 2}";
    let rules = |options| base(&["a"]) + &correlation("burst", burst, "") + &correlation("top", top, options);
    let hits = ["a@0", "a@1", "a@2"];
    Bench::new(&rules("")).check(&hits, &["burst()@1 0..2 =2 n3"]);
    Bench::new(&rules("revisions: each")).check(&hits, &["burst()@1 0..2 =2 n3", "top()@2 1..2 =2 n2"]);
}

#[test]
fn an_inventory_begins_where_the_rules_do() {
    let body = "type: value_sum, rules: [a], group-by: [u], timespan: 10s, condition: {field: n, lt: 1}";
    let it = bench(&["a"], body, "window: tumbling, inventory: [x, y]");
    let mut machine = Machine::new(it.plan.clone());
    machine.activate(25_000_000_000);
    machine.push(it.hit("a@5 u=y n=0"));
    let mut out = Vec::new();
    machine.advance(31_000_000_000, &mut NoMatcher, &mut out);
    let mut shown: Vec<String> = out.iter().map(|it_| it.show(it_)).collect();
    shown.sort();
    assert_eq!(shown, ["c(x)@30 20..30 =0 n0", "c(y)@10 5..5 =0 n1", "c(y)@30 20..30 =0 n0"]);
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let of = |body: &str, options: &str| correlation("c", body, options);
    let counts = "type: event_count, rules: [a], timespan: 10s, condition: {gte: 2}";
    let days = "type: event_count, rules: [a], timespan: 2d, condition: {gte: 2}";
    let on = |name: &str, of: &str| {
        format!(
            "title: {name}\nname: {name}\nlogsource: {{product: sigyn, service: detection}}\n\
             detection: {{s: {{rule.name: {of}}}, condition: s}}\n---\n"
        )
    };
    for (rules, code) in [
        (of(counts, "window: round"), 7101),
        (on("x", "y") + &on("y", "x"), 7102),
        (
            of(counts, "window: round")
                + &correlation("d", "type: temporal, rules: [c, a], timespan: 1m", ""),
            7103,
        ),
        (of("type: temporal, rules: [a, b], timespan: 1m, condition: a or not b", ""), 7104),
        (of("type: temporal_ordered, rules: [a, b], timespan: 1m, condition: a or b", ""), 7105),
        (of("type: event_count, rules: [a], timespan: 9y, condition: {gte: 2}", ""), 7107),
        (of(counts, "inventory: [x]"), 7108),
        (of("type: temporal, rules: [a, b], timespan: 1m, condition: a and not b", "on_match: reset"), 7108),
        (of(counts, "gap: 1m"), 7108),
        (of(days, "window: tumbling, timezone: Europe/Atlantis"), 7109),
        (of(counts, "window: tumbling, timezone: Europe/Berlin"), 7108),
        (of("type: value_sum, rules: [a], timespan: 1m, condition: {field: [x, y], gte: 2}", ""), 7110),
        (of("type: event_count, rules: [a], timespan: 1m, condition: {lt: 2}", ""), 7111),
    ] {
        let it = Bench::new(&(base(&["a", "b"]) + &rules));
        assert!(
            it.findings.iter().any(|found| found.code.number == code),
            "{code}: {:?}\n{rules}",
            it.findings
        );
        // The others still work.
        assert!(it.plan.stratum(it.item("a")).is_some());
    }
}

#[test]
fn circles_are_told_with_their_path() {
    let on = "title: on\nname: on\nlogsource: {product: sigyn, service: detection}\ndetection: {s: \
              {rule.name: c}, condition: s}\n---\n";
    let rules = on.to_owned()
        + &correlation("c", "type: event_count, rules: [on], timespan: 1m, condition: {gte: 1}", "");
    let it = Bench::new(&rules);
    let messages: Vec<&str> = it.findings.iter().map(|found| found.message.as_str()).collect();
    assert!(
        messages.iter().any(|it| it.ends_with("on → c → on") || it.ends_with("c → on → c")),
        "{messages:?}"
    );
    assert_eq!(it.plan.rules(), []);
}

#[test]
fn wildcards_never_reach_themselves() {
    let any =
        "logsource: {product: sigyn, service: detection}\ndetection: {s: {risk: 40}, condition: s}\n---\n";
    let rules = base(&["a", "b"]).replace("title: a", "title: a\nlevel: medium")
        + &format!("title: on\nname: on\nlevel: medium\n{any}")
        + &correlation("c", "type: event_count, rules: [on], timespan: 1m, condition: {gte: 1}", "")
        + &format!("title: also\n{any}");
    let it = Bench::new(&rules);
    assert!(it.findings.is_empty());
    assert_eq!(it.plan.children(it.item("on")), [it.item("a")]);
    assert_eq!(it.plan.children(it.item("also")), [it.item("a")]);
}

#[test]
fn logic_names_detections_and_metadata_does_not() {
    let rules = |head: &str, count: u32| {
        let body = format!("type: event_count, rules: [a], timespan: 10s, condition: {{gte: {count}}}");
        base(&["a"]).replace("title: a", &format!("title: a\n{head}")) + &correlation("c", &body, "")
    };
    let hash = |head: &str, count| {
        let it = Bench::new(&rules(head, count));
        it.plan.logic_hash(it.item("c"))
    };
    assert_eq!(hash("", 2), hash("level: high", 2));
    assert_eq!(hash("", 2), hash("tags: [attack.t1059]\ndescription: x", 2));
    assert_ne!(hash("", 2), hash("", 3));
}

#[test]
fn snapshots_of_others_are_refused() {
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2}";
    let (it, other) = (bench(&["a"], body, ""), bench(&["a"], body, "suppress: 1m"));
    let mut machine = Machine::new(it.plan.clone());
    assert_eq!(machine.push(it.hit("a@0 u=x")), Pushed::Taken);
    let bytes = machine.snapshot().unwrap();
    assert!(Machine::restore(it.plan.clone(), &bytes).is_ok());
    assert!(Machine::restore(other.plan.clone(), &bytes).unwrap_err().is_of_other_rules());
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(Machine::restore(it.plan.clone(), &damaged).is_err(), "byte {at}");
        assert!(Machine::restore(it.plan.clone(), &bytes[..at]).is_err(), "length {at}");
    }
}

#[test]
fn what_is_over_budget_is_told() {
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 2}";
    let limits = Limits { groups_max: 10, ..Limits::standard() };
    let it = Bench::with(&(base(&["a"]) + &correlation("c", body, "")), &limits);
    let mut machine = Machine::new(it.plan.clone());
    // An attack whose second event follows soon is found all the same.
    machine.push(it.hit("a@100 u=bad"));
    machine.push(it.hit("a@103 u=bad"));
    for number in 0..200 {
        machine.push(it.hit(&format!("a@{number} u=flood{number}")));
    }
    let mut out = Vec::new();
    machine.advance(200_000_000_000, &mut NoMatcher, &mut out);
    assert!(machine.groups() <= 10);
    assert_eq!(out.iter().map(|found| it.show(found)).collect::<Vec<_>>(), ["c(bad)@103 100..103 =2 n2"]);
    let degraded = machine.take_degraded();
    assert_eq!((degraded.len(), degraded[0].from, machine.degraded().len()), (1, 0, 0));
    assert!(degraded[0].to > 190_000_000_000);
}

#[test]
fn a_flood_of_one_second_stays_within_its_limits() {
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3}";
    let limits = Limits { groups_max: 10, ..Limits::standard() };
    let it = Bench::with(&(base(&["a"]) + &correlation("c", body, "")), &limits);
    // Groups with one hit; then such with two, which have state of their own and a timer.
    for hits in [1, 2] {
        let mut machine = Machine::new(it.plan.clone());
        let mut out = Vec::new();
        for number in 0..3_000 {
            (0..hits).for_each(|hit| {
                machine.push(it.hit(&format!("a@5.{:05} u=flood{number}", 2 * number + hit)));
            });
        }
        // A group that comes when there is no room left is kept as long as it is not the one that was silent longest.
        for time in ["6", "7", "8"] {
            machine.push(it.hit(&format!("a@{time} u=last")));
        }
        machine.advance(9_000_000_000, &mut NoMatcher, &mut out);
        assert_eq!(out.iter().map(|found| it.show(found)).collect::<Vec<_>>(), ["c(last)@8 6..8 =3 n3"]);
        assert_eq!((machine.groups(), machine.degraded().len()), (10, 1), "{hits}");
    }
}

/// Hits and detections in memory.
struct Store {
    hits: Vec<Hit>,
    detections: BTreeMap<(ItemId, Id), Detection>,
}

impl Store {
    fn keep(&mut self, found: Vec<Detection>) {
        self.detections.extend(found.into_iter().map(|it| ((it.rule, it.id), it)));
    }
}

impl History for Store {
    fn hits(&mut self, interval: Range<i64>, visit: &mut dyn FnMut(Hit)) {
        self.hits.iter().filter(|hit| interval.contains(&hit.at.ts)).cloned().for_each(visit);
    }

    fn detections(&mut self, rule: ItemId, interval: Range<i64>, visit: &mut dyn FnMut(Detection)) {
        let all = self.detections.values().filter(|it| it.rule == rule && interval.contains(&it.ts));
        all.cloned().for_each(visit);
    }
}

#[test]
fn late_events_are_put_where_they_belong() {
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2}";
    let top = "type: event_count, rules: [c], timespan: 60s, condition: {gte: 1}";
    let it = Bench::new(&(base(&["a"]) + &correlation("c", body, "") + &correlation("top", top, "")));
    let mut machine = Machine::new(it.plan.clone());
    let mut store =
        Store { hits: it.hits(&["a@5 u=x", "a@12 u=x", "a@100 u=x"]), detections: BTreeMap::new() };
    for hit in store.hits.clone() {
        machine.push(hit);
    }
    let mut out = Vec::new();
    machine.advance(50_000_000_000, &mut NoMatcher, &mut out);
    store.keep(std::mem::take(&mut out));
    let late = it.hit("a@4 u=x");
    assert_eq!(machine.push(late.clone()), Pushed::Late);
    store.hits.push(late.clone());
    let changes = machine.repair(vec![late], &mut store, &mut NoMatcher);
    let told: Vec<String> = changes
        .iter()
        .map(|change| match change {
            Change::Add(found) => format!("+{}", it.show(found)),
            Change::Update(found) => format!("~{}", it.show(found)),
            Change::Retract(found) => format!("-{}", it.show(found)),
        })
        .collect();
    assert_eq!(
        told,
        ["+c(x)@5 4..12 =2 n3", "-c(x)@12 5..12 =2 n2", "+top()@5 5..5 =1 n1", "-top()@12 12..12 =1 n1",]
    );
    machine.push(it.hit("a@101 u=x"));
    machine.finish(&mut NoMatcher, &mut out);
    assert!(out.iter().any(|found| it.show(found) == "c(x)@101 100..101 =2 n2"));
}

#[test]
fn hunts_find_what_a_machine_finds() {
    let body = "type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2}";
    let it = bench(&["a"], body, "");
    let hits = it.hits(&["a@0 u=x", "a@9 u=x", "a@18 u=x", "a@27 u=x", "a@36 u=x", "a@99 u=x", "a@100 u=x"]);
    let range = 20_000_000_000..200_000_000_000;
    let found = hunt(&it.plan, hits.clone(), range.clone(), &mut NoMatcher);
    let all: Vec<Detection> = it.run(hits).into_iter().filter(|found| range.contains(&found.ts)).collect();
    assert_eq!(found, all);
    assert_eq!(found.iter().map(|found| found.status).collect::<Vec<_>>(), [Status::Final]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(60))]
    /// What is found does not hang on how much evidence is kept, though what is counted stands there while it has all; and evidence
    /// is what came first and last.
    #[test]
    fn evidence_changes_nothing_but_itself(
        steps in proptest::collection::vec((0_u32..40, 0_u8..8), 1..250),
        (threshold, kind, has_suppress) in (1_u32..7, 0_u8..3, proptest::prelude::any::<bool>()),
    ) {
        let (kind, condition) = match kind {
            0 => ("event_count", format!("gte: {threshold}")),
            1 => ("value_count", format!("field: f, gte: {threshold}")),
            _ => ("value_count", format!("field: [f, g], gte: {threshold}")),
        };
        let mut tenths = 86_300 * 10;
        let texts = steps.iter().enumerate().map(|(at, (step, value))| {
            tenths += step;
            // Some are long, so that they do not stay in place.
            let long = if at % 50 > 40 { "abcdefghijklmnopqrstuvwxyz" } else { "" };
            format!("a@{}.{} u=x f={value}{long} g={} #{at}", tenths / 10, tenths % 10, at % 3)
        });
        let texts: Vec<String> = texts.collect();
        let body = format!("type: {kind}, rules: [a], group-by: [u], timespan: 10s, condition: {{{condition}}}");
        let suppress = if has_suppress { ", suppress: 20s" } else { "" };
        let run = |kept: usize| {
            let it = bench(&["a"], &body, &format!("evidence: {kept}{suppress}"));
            let hits = || it.hits(&texts.iter().map(String::as_str).collect::<Vec<_>>());
            let (all, stepwise) = (it.run(hits()), it.stepwise(hits()));
            // Ids hang on the rule's text.
            let evidence = |all: &[Detection]| -> Vec<Vec<u64>> {
                all.iter().map(|it| it.evidence.iter().map(|at| at.seq).collect()).collect()
            };
            let shown = |all: &[Detection]| all.iter().map(|found| it.show(found)).collect::<Vec<_>>();
            assert_eq!((shown(&all), evidence(&all)), (shown(&stepwise), evidence(&stepwise)));
            (shown(&all), evidence(&all))
        };
        let (expect, all) = run(400);
        for kept in [1, 2, 32] {
            let (shown, evidence) = run(kept);
            proptest::prop_assert_eq!(&shown, &expect);
            for (evidence, all) in evidence.iter().zip(&all) {
                let last = all.len().saturating_sub(kept).max(kept.min(all.len()));
                let ends: Vec<u64> = all.iter().take(kept).chain(&all[last..]).copied().collect();
                proptest::prop_assert_eq!(evidence, &ends);
            }
        }
    }
}
