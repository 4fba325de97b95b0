//! IBM QRadar: what our reading prints, and the reference's where it differs.

mod common;

use common::Setup;

const QRADAR: Setup<'_> = Setup { target: "qradar-aql-community", format: "", options: &[], pipelines: &[] };

/// Checks what stands behind `WHERE` and the log source type of Windows.
fn check(detection: &str, ours: &str, reference: &str) {
    let framed = |text: &str| match text.is_empty() || text.starts_with("refused") {
        true => text.to_owned(),
        false => format!("SELECT * FROM events WHERE devicetype=12 AND {text}"),
    };
    QRADAR.check(detection, &framed(ours), &framed(reference));
}

#[test]
fn strings() {
    // AQL compares with regard to case; numbers have none.
    check("a: {x: Ab}, condition: a", "LOWER(x)='ab'", "x='Ab'");
    check("a: {x: '42'}, condition: a", "x='42'", "");
    check("a: {x: [Ab, 1]}, condition: a", "LOWER(x) IN('ab', '1')", "x IN('Ab', '1')");
    check("a: {x|contains: Ab}, condition: a", "LOWER(x) LIKE '%ab%'", "");
    check("a: {x: \"it's\"}, condition: a", "LOWER(x)='it''s'", "x='it''s'");
    // `LIKE` has no escape for its wildcards.
    check(
        "a: {x|contains: 'a_b%'}, condition: a",
        "LOWER(x) MATCHES '(?s)^.*a_b%.*$'",
        "LOWER(x) LIKE '%a_b%%'",
    );
    check(
        "a: {x|cased|startswith: Ab}, condition: a",
        "x LIKE 'Ab%'",
        "refused: the target cannot compare a string with regard to case",
    );
    check("a: {x|expand: '%who%'}, condition: a", "refused: the placeholder %who% has no value", "");
    check(
        "a: {x|expand|contains: '%who%'}, condition: a",
        "refused: the placeholder %who% has no value",
        "x LIKE '%%'",
    );
}

#[test]
fn other_values() {
    check("a: {x|re: \"a'b\"}, condition: a", "x MATCHES 'a''b'", "");
    check(
        "a: {x y|cidr: 10.0.0.0/8}, condition: a",
        "INCIDR('10.0.0.0/8', \"x y\")",
        "INCIDR('10.0.0.0/8', x y)",
    );
    check(
        "a: {x|exists: true}, condition: a",
        "x IS NOT NULL",
        "refused: the target cannot say that a field is there",
    );
    check("a: {x: null, y|gte: 5}, condition: a", "x IS NULL AND y >= 5", "");
}

#[test]
fn operators() {
    check("a: {x: 1, y: 2}, condition: not a", "NOT((x=1 AND y=2))", "");
    check("a: {x: 1}, b: {y: 2}, condition: a or b", "(x=1 OR y=2)", "");
    check("a: {x: 1}, condition: not a", "NOT(x=1)", "");
}

#[test]
fn keywords_stand_anywhere_in_the_payload() {
    check("a: [Ab], condition: a", "LOWER(UTF8(payload)) LIKE '%ab%'", "LOWER(UTF8(payload)) LIKE 'ab'");
    check("a: [5], condition: a", "UTF8(payload) LIKE '%5%'", "UTF8(payload) LIKE 5");
    check("a: {'|re': a}, condition: a", "UTF8(payload) MATCHES 'a'", "UTF8(payload) MATCHES a");
}

#[test]
fn several_types_of_a_log_source() {
    let rule = "title: t\nlogsource: {product: gcp}\ndetection: {a: {x: 1}, condition: a}\nfields: [y z]\n";
    QRADAR.check_rule(
        rule,
        "SELECT *, \"y z\" FROM events WHERE devicetype IN(442, 449, 455, 461) AND x=1",
        "SELECT *, \"y z\" FROM events WHERE devicetype IN(449, 442, 461, 455) AND x=1",
    );
}

const PAYLOAD: Setup<'_> = Setup { pipelines: &["qradar-aql-payload"], ..QRADAR };
const FIELDS: Setup<'_> = Setup { pipelines: &["qradar-aql-fields"], ..QRADAR };

fn piped(setup: Setup<'_>, detection: &str, ours: &str, reference: &str) {
    let framed = |text: &str| match text.is_empty() || text.starts_with("refused") {
        true => text.to_owned(),
        false => format!("SELECT * FROM events WHERE devicetype=12 AND {text}"),
    };
    setup.check(detection, &framed(ours), &framed(reference));
}

#[test]
fn fields_that_are_not_known() {
    piped(FIELDS, "a: {Own: x}, condition: a", "refused: the field `Own` is not supported", "");
    piped(FIELDS, "a: [x], condition: a", "refused: keywords are not supported", "");
    piped(PAYLOAD, "a: {Own: Xy}, condition: a", "LOWER(UTF8(payload)) LIKE '%xy%'", "");
    // The reference widens the first value and forgets the others' case only.
    piped(PAYLOAD, "a: {Own: 5}, condition: a", "LOWER(UTF8(payload)) LIKE '%own%5%'", "");
    piped(
        PAYLOAD,
        "a: {Own: null}, condition: a",
        "refused: null cannot be looked for in the raw text: the field `Own` is not known",
        "",
    );
}

#[test]
fn fields_that_are_known() {
    piped(FIELDS, "a: {CommandLine: Xy}, condition: a", "LOWER(Command)='xy'", "Command='Xy'");
    piped(
        FIELDS,
        "a: {Image|endswith: '\\a.exe'}, condition: a",
        "(LOWER(\"Process Path\") LIKE '%\\a.exe' OR LOWER(\"Process Name\") LIKE '%\\a.exe')",
        "",
    );
    piped(FIELDS, "a: {uri: Xy}, condition: a", "LOWER(URL) LIKE '%xy%'", "");
    piped(FIELDS, "a: {a1: Xy}, condition: a", "LOWER(Command) LIKE '%a1%xy%'", "");
    piped(
        FIELDS,
        "a: {DestinationIp|startswith: 10.1.}, condition: a",
        "INCIDR('10.1.0.0/16', destinationip)",
        "",
    );
    piped(
        FIELDS,
        "a: {DestinationIp|startswith: '10.1'}, condition: a",
        "refused: `10.1*` is no network: `DestinationIp` supports `startswith` with whole parts of an address only",
        "INCIDR('10.1.0.0/16', destinationip)",
    );
    // The reference takes a type of log source for the frame wherever the condition has it.
    piped(
        FIELDS,
        "a: {eventSource: Apache}, b: {EventID: 1}, condition: b and not a",
        "\"Event ID\"=1 AND (NOT(devicetype=10))",
        "refused: nothing is left to search for but the log source",
    );
}

#[test]
fn flows_have_a_table_of_their_own() {
    let rule = "title: t\nlogsource: {category: flow}\ndetection: {a: [k], condition: a}\n";
    PAYLOAD.check_rule(
        rule,
        "SELECT * FROM flows WHERE (LOWER(UTF8(sourcepayload)) LIKE '%k%' OR LOWER(UTF8(destinationpayload)) LIKE '%k%')",
        "SELECT * FROM flows WHERE LOWER(UTF8(sourcepayload)) LIKE '%k%' ORLOWER(UTF8(destinationpayload)) LIKE '%k%'",
    );
}
