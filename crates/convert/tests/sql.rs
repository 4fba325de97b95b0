//! SQLite, DuckDB and ClickHouse: what our reading prints, and the reference's where it differs.

mod common;

use common::Setup;
use sigyn_ir::Compat;

const SQLITE: Setup<'_> = Setup { target: "sqlite", format: "", options: &[], pipelines: &[] };
const DUCKDB: Setup<'_> = Setup { target: "duckdb", ..SQLITE };
const CLICKHOUSE: Setup<'_> = Setup { target: "clickhouse", ..SQLITE };

/// Checks what stands behind `WHERE`.
fn check(setup: &Setup<'_>, detection: &str, ours: &str, reference: &str) {
    let framed = |text: &str| match text.is_empty() || text.starts_with("refused") {
        true => text.to_owned(),
        false => format!("SELECT * FROM logs WHERE {text}"),
    };
    setup.check(detection, &framed(ours), &framed(reference));
}

#[test]
fn case_counts_only_where_the_rule_says_so() {
    check(&SQLITE, "a: {x: Ab}, condition: a", "x='Ab' COLLATE NOCASE", "x='Ab'");
    check(&DUCKDB, "a: {x: Ab}, condition: a", "x ILIKE 'Ab'", "x='Ab'");
    check(&CLICKHOUSE, "a: {x: Ab}, condition: a", "x ILIKE 'Ab'", "x='Ab'");
    // Without letters there is no case, and the column may be a number.
    check(&SQLITE, "a: {x: '4'}, condition: a", "x='4'", "");
    check(&DUCKDB, "a: {x: '4'}, condition: a", "x='4'", "");
    check(&CLICKHOUSE, "a: {x: ['4', '5']}, condition: a", "x IN ('4', '5')", "");
    check(&CLICKHOUSE, "a: {x: [a, '5']}, condition: a", "x ILIKE 'a' OR x='5'", "x IN ('a', '5')");
    check(&SQLITE, "a: {x|cased: 'A*[b]?\\*'}, condition: a", "x GLOB 'A*[[]b]?[*]'", "");
    check(&DUCKDB, "a: {x|cased: 'A[b]'}, condition: a", "x='A[b]'", "x GLOB 'A[b]'");
    check(&CLICKHOUSE, "a: {x|cased: 'A.b'}, condition: a", "x='A.b'", r"match(x, 'A\\.b')");
}

#[test]
fn values_are_text_inside_patterns() {
    let pattern = r"a: {x|contains: 'a_b%\'''}, condition: a";
    check(&SQLITE, pattern, r"x LIKE '%a\_b\%\\''%' ESCAPE '\'", "");
    check(&DUCKDB, pattern, r"x ILIKE '%a\_b\%\\''%' ESCAPE '\'", r"x ILIKE '%a_b%\''%'");
    check(&DUCKDB, r"a: {x|contains: '\b'}, condition: a", r"x ILIKE '%\b%'", "");
    check(&CLICKHOUSE, pattern, r"x ILIKE '%a\\_b\\%\\\\''%'", "");
    check(
        &CLICKHOUSE,
        r"a: {x: ['1_2', '3\4']}, condition: a",
        r"x IN ('1_2', '3\\4')",
        r"x IN ('1\_2', '3\\4')",
    );
}

#[test]
fn a_negated_comparison_holds_without_the_field() {
    let detection = "a: {x: 1, y: 2}, condition: not a";
    check(&SQLITE, detection, "NOT COALESCE((x=1 AND y=2), 0)", "");
    check(&DUCKDB, detection, "NOT COALESCE((x=1 AND y=2), false)", "NOT (x=1 AND y=2)");
    check(&CLICKHOUSE, detection, "NOT ifNull((x=1 AND y=2), 0)", "NOT (x=1 AND y=2)");
}

#[test]
fn long_chains_are_grouped() {
    let values: Vec<String> = (0..5).map(|at| at.to_string()).collect();
    let detection = format!("a: {{x: [{}]}}, condition: a", values.join(", "));
    let flat = Setup { options: &[("max_flat_operands", "4")], ..SQLITE };
    check(&flat, &detection, "((x=0 OR x=1) OR (x=2 OR x=3)) OR ((x=4))", "");
}

#[test]
fn options_name_tables_and_columns() {
    let detection = "a: {x: A}, condition: a";
    let plain = Setup { options: &[("table", "main.my logs"), ("collate_nocase", "false")], ..SQLITE };
    plain.check(detection, "SELECT * FROM main.`my logs` WHERE x='A'", "");
    let other = Setup { options: &[("table_name", "db.events"), ("full_log_column", "raw")], ..CLICKHOUSE };
    other.check(
        "a: [b], condition: a",
        "SELECT * FROM db.events WHERE raw ILIKE '%b%'",
        "SELECT * FROM db.events WHERE hasToken(raw, 'b')",
    );
    let none = Setup { options: &[("full_log_column", "")], ..CLICKHOUSE };
    check(
        &none,
        "a: [b], condition: a",
        "refused: no column with the whole event is named (option full_log_column)",
        "",
    );
    let wrong = Setup { options: &[("collate_nocase", "perhaps")], ..SQLITE };
    check(&wrong, detection, "refused: the option collate_nocase is neither true nor false", "");
}

const COUNT: &str = "title: Base\nname: base\nlogsource: {product: windows}\ndetection: {a: {x: 1}, condition: a}\n---\n\
                     title: Many\ncorrelation: {type: event_count, rules: [base], timespan: 1m, condition: {gte: 3}}\n";

#[test]
fn times_of_events_are_read_as_the_options_say() {
    for (options, expected) in [
        (&[][..], "ROUND((julianday(timestamp) - 2440587.5) * 86400000) / 1000.0 AS ts"),
        (&[("timestamp_field", "at"), ("timestamp_seconds_expression", "f({field})")], "f(at) AS ts"),
        (&[("timestamp_format", "unix_ms")], ") / 1000.0 AS ts"),
        (&[("observation_end", "1700000000")], "SELECT 1700000000.0 AS ts"),
        (&[("timestamp_format", "roman")], "refused: the option timestamp_format is `roman`"),
        (&[("observation_end", "later")], "refused: the option observation_end is no finite Unix time"),
    ] {
        for compat in [Compat::Spec, Compat::PySigma] {
            let query = Setup { options, ..SQLITE }.convert(COUNT, compat);
            assert!(query.contains(expected), "{options:?}: {query}");
        }
    }
    let query = Setup { options: &[("timestamp_field", "at")], ..DUCKDB }.convert(COUNT, Compat::Spec);
    assert!(query.contains("epoch_us(CAST(\"at\" AS TIMESTAMP)) AS sigma_ts"), "{query}");
}

#[test]
fn a_time_span_bounds_what_counts() {
    DUCKDB.check_rule(
        COUNT,
        "WITH sigma_events_0 AS (SELECT epoch_us(CAST(timestamp AS TIMESTAMP)) AS sigma_ts, 0 AS sigma_slot FROM logs \
         WHERE (x=1)), sigma_windows_0 AS (SELECT sigma_ts, COUNT(*) OVER sigma_w AS sigma_value FROM sigma_events_0 \
         WHERE sigma_ts IS NOT NULL WINDOW sigma_w AS (ORDER BY sigma_ts RANGE BETWEEN 60000000 PRECEDING AND CURRENT \
         ROW)), sigma_alerts_0 AS (SELECT DISTINCT sigma_ts AS sigma_end, sigma_ts - 60000000 AS sigma_start, \
         sigma_value FROM sigma_windows_0 WHERE sigma_value >= 3) SELECT make_timestamp(sigma_start) AS window_start, \
         make_timestamp(sigma_end) AS window_end, sigma_value AS event_count FROM sigma_alerts_0 ORDER BY window_end",
        "SELECT *, COUNT(*) AS event_count FROM (SELECT * FROM logs WHERE x=1) AS subquery HAVING event_count >= 3",
    );
}

#[test]
fn zircolite_learns_what_a_rule_requires() {
    let zircolite = Setup { format: "zircolite", ..SQLITE };
    for (detection, channel, event_id) in [
        ("a: {Channel: [b, a], EventID: [2, 1]}, condition: a", r#"["a", "b"]"#, "[1, 2]"),
        ("a: {EventID: 1}, b: {EventID: [1, 3]}, condition: a and b", "[]", "[1]"),
        ("a: {EventID: 1}, b: {x: 1}, condition: a or b", "[]", "[]"),
        ("a: {x: 1}, b: {EventID: 1}, condition: a and not b", "[]", "[]"),
        ("a: {Channel: 'a*'}, condition: a", "[]", "[]"),
    ] {
        let rule = format!("title: t\nlogsource: {{product: windows}}\ndetection: {{{detection}}}\n");
        let document = zircolite.convert(&rule, Compat::Spec);
        let expected = format!("\"channel\": {channel}, \"eventid\": {event_id}");
        assert!(document.contains(&expected), "{detection}: {document}");
    }
}

#[test]
fn clickdetect_rules_are_yaml() {
    let rule = "title: t\nid: 0b6c1ca3-c4a3-5b59-8b9d-ccec3f759282\nlevel: high\nauthor: me\ntags: [attack.t1059]\n\
                logsource: {product: windows}\ndetection: {a: {x: 1}, condition: a}\n";
    Setup { format: "clickdetect", ..CLICKHOUSE }.check_rule(
        rule,
        "id: 0b6c1ca3-c4a3-5b59-8b9d-ccec3f759282\nname: t\nlevel: 8\nsize: '>0'\nactive: true\nauthor:\n- me\n\
         group: windows\ntags:\n- attack.t1059\nrule: SELECT * FROM logs WHERE x=1\n",
        "",
    );
}
