//! Google SecOps: what our reading prints, and the reference's where it differs.

mod common;

use common::Setup;

const SECOPS: Setup<'_> = Setup { target: "secops", format: "", options: &[], pipelines: &[] };

#[test]
fn negation() {
    // The reference negates only what the condition itself joins, and leaves `and` as it is.
    SECOPS.check(
        "a: {x: 1, y: b}, condition: not a",
        "x != 1 OR y != \"b\" nocase",
        "x = 1 AND y = \"b\" nocase",
    );
    SECOPS.check(
        "a: {x: a}, b: {y: b}, c: {z: c}, condition: not (a or b) and c",
        "x != \"a\" nocase AND y != \"b\" nocase AND z = \"c\" nocase",
        "(x != \"a\" nocase OR y != \"b\" nocase) AND z = \"c\" nocase",
    );
    SECOPS.check(
        "a: {x|cidr: 10.0.0.0/8}, condition: not a",
        "NOT net.ip_in_range_cidr(x, \"10.0.0.0/8\")",
        "net.ip_in_range_cidr(x, \"10.0.0.0/8\")",
    );
    SECOPS.check("a: {x|gt: 5}, condition: not a", "x <= 5", "x > 5");
    SECOPS.check(
        "a: {x: [b, c]}, condition: not a",
        "x != \"b\" nocase AND x != \"c\" nocase",
        "(x != /b/ nocase AND x != /c/ nocase)",
    );
}

#[test]
fn strings() {
    SECOPS.check("a: {x: 'C:\\a \"b\"'}, condition: a", "x = \"C:\\\\a \\\"b\\\"\" nocase", "");
    SECOPS.check("a: {x|contains: a/b}, condition: a", "x = /a\\/b/ nocase", "");
    SECOPS.check("a: {x|endswith: .exe}, condition: a", "x = /\\.exe$/ nocase", "");
    // A wildcard inside is a regular expression too, and stands for line breaks.
    SECOPS.check("a: {x: 'a*b'}, condition: a", "x = /^(?s:a.*b)$/ nocase", "x = a.*b nocase");
    // The values of a list are whole values and no patterns.
    SECOPS.check("a: {x: [a.b, 'c*']}, condition: a", "x = /^a\\.b$|^c/ nocase", "x = /a.b|c/ nocase");
    SECOPS.check("a: {x: [1, 23]}, condition: a", "x = 1 OR x = 23", "x = /1|23/ nocase");
    SECOPS.check(
        "a: {x|cased: Ab}, condition: a",
        "x = \"Ab\"",
        "refused: the target cannot compare a string with regard to case",
    );
    SECOPS.check("a: {x|cased|contains: Ab}, condition: a", "x = /Ab/", "x = /\"Ab\"/");
    SECOPS.check("a: {x|re: '\\d/'}, condition: a", "x = /\\d\\//", "x = /\\\\d\\// nocase");
    SECOPS.check("a: {x|re|i: 'a'}, condition: a", "x = /a/ nocase", "x = /(?i)a/ nocase");
    // The names of an enumeration have one spelling.
    SECOPS.check("a: {network.direction: INBOUND}, condition: a", "network.direction = \"INBOUND\"", "");
    SECOPS.check("a: {x: true}, condition: a", "x = true", "refused: the target has no truth values");
}

#[test]
fn parentheses() {
    SECOPS.check(
        "a: {x: 1}, b: {y: 2}, c: {z: 3}, condition: a or b and c",
        "x = 1 OR (y = 2 AND z = 3)",
        "",
    );
    SECOPS.check(
        "a: {x: 1}, b: {y: 2}, c: {z: 3}, condition: (a or b) and c",
        "(x = 1 OR y = 2) AND z = 3",
        "",
    );
    SECOPS.check("a: [{x: 1}, {y: 2}], condition: a", "x = 1 OR y = 2", "(x = 1 OR y = 2)");
}

#[test]
fn what_cannot_be_said() {
    SECOPS.check(
        "a: [k], condition: a",
        "refused: a UDM search compares fields and has no keywords",
        "\"\"k\"\"",
    );
    SECOPS.check(
        "a: {x|fieldref: y}, condition: a",
        "refused: a UDM search cannot compare two fields",
        "refused: the target cannot say that a field equals another field",
    );
    SECOPS.check(
        "a: {x|hour: 5}, condition: a",
        "refused: a UDM search cannot read a part of a timestamp",
        "x = 5",
    );
}

const RULE: &str = "title: 'A \"b\" 1'\nid: 0e95725d-7320-415d-80f7-004da920fc11\n\
    logsource: {category: process_creation, product: windows}\n\
    detection: {sel: {CommandLine|contains: x, User: y, Hashes: 'MD5|00ff'}, condition: sel}\n";

#[test]
fn the_pipeline_maps_fields_by_the_kind_of_event() {
    let mapped = Setup { pipelines: &["secops_udm"], ..SECOPS };
    mapped.check_rule(
        RULE,
        "(metadata.event_type = \"PROCESS_LAUNCH\") AND (target.process.command_line = /x/ nocase AND \
         target.user.userid = \"y\" nocase AND hash = \"00ff\" nocase)",
        "",
    );
    let by_id = RULE.replace("category: process_creation, ", "").replace("User: y", "EventID: [22, 1]");
    mapped.check_rule(
        &by_id,
        "(metadata.event_type = \"NETWORK_DNS\" OR metadata.event_type = \"PROCESS_LAUNCH\") AND \
         (target.process.command_line = /x/ nocase AND (metadata.product_event_type = 22 OR \
         metadata.product_event_type = 1) AND hash = \"00ff\" nocase)",
        "(metadata.event_type = \"PROCESS_LAUNCH\" OR metadata.event_type = \"NETWORK_DNS\") AND \
         (target.process.command_line = /x/ nocase AND metadata.product_event_type = /22|1/ nocase AND hash = \
         \"00ff\" nocase)",
    );
    mapped.check_rule(&RULE.replace("User: y", "Own: y"), "refused: `Own` is no field of the schema udm", "");
    // Without a kind of event the reference prints parentheses around nothing.
    let other = RULE.replace("category: process_creation, ", "").replace("CommandLine|contains: x, ", "");
    mapped.check_rule(
        &other,
        "user = \"y\" nocase AND hash = \"00ff\" nocase",
        "() AND (user = \"y\" nocase AND hash = \"00ff\" nocase)",
    );
}

#[test]
fn yara_l_rules() {
    let mapped = Setup { pipelines: &["secops_udm"], format: "yara_l", ..SECOPS };
    let events = "  events:\n    {}$event1.metadata.event_type = \"PROCESS_LAUNCH\"{}\n    \
        $event1.target.process.command_line = /x/ nocase AND $event1.target.user.userid = \"y\" nocase AND \
        $event1.hash = \"00ff\" nocase\n\n";
    let events = |open: &str, close: &str| events.replacen("{}", open, 1).replacen("{}", close, 1);
    mapped.check_rule(
        RULE,
        &format!(
            "\nrule a__b__1 {{\n  meta:\n    id = \"0e95725d-7320-415d-80f7-004da920fc11\"\n    \
             title = \"A \\\"b\\\" 1\"\n    falsepositives = \"Unknown\"\n\n{}  condition:\n    $event1\n}}\n",
            events("(", ")")
        ),
        &format!(
            "\nrule a_\"b\"_1 {{\n  meta:\n    id = \"0e95725d-7320-415d-80f7-004da920fc11\"\n    \
             title = \"A \"b\" 1\"\n    description = \"None\"\n    author = \"None\"\n    reference = \"\"\n    \
             date = \"None\"\n    tags = \"\"\n    severity = \"None\"\n    falsepositives = \"Unknown\"\n\n\
             {}  conditions:\n    $event1\n}}\n    ",
            events("", "")
        ),
    );
}
