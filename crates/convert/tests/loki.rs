//! Grafana Loki: what our reading prints, and the reference's where it differs.

mod common;

use common::Setup;

const LOKI: Setup<'_> = Setup { target: "loki", format: "", options: &[], pipelines: &[] };

/// Checks what stands behind the stream selector of Windows.
fn check(detection: &str, ours: &str, reference: &str) {
    let framed = |text: &str| match text.is_empty() || text.starts_with("refused") {
        true => text.to_owned(),
        false => format!("{{job=~\"eventlog|winlog|windows|fluentbit.*\"}} {text}"),
    };
    LOKI.check(detection, &framed(ours), &framed(reference));
}

#[test]
fn negation_reaches_the_comparisons() {
    // A number is not compared where there is none, and an address neither: the line is left out.
    check(
        "a: {x: 1, y: [2, 3]}, condition: not a",
        "| json | (x!=1 or x=``) or (y!=2 or y=``) and (y!=3 or y=``)",
        "| json | x!=1 or y!=2 and y!=3",
    );
    check(
        "a: {x|gte: 5}, b: {y: null}, condition: not (a or b)",
        "| json | (x<5 or x=``) and y!=``",
        "| json | x<5 and y!=``",
    );
    check(
        "a: {x|exists: true}, b: {y|exists: false}, condition: not a and b",
        "| json | x=\"\" and y=\"\"",
        "",
    );
    check(
        "a: {x|cidr: 10.0.0.0/8}, condition: not a",
        "| json | (x!=ip(\"10.0.0.0/8\") or x=``)",
        "| json | x!=ip(\"10.0.0.0/8\")",
    );
    check("a: {x: 1}, condition: not not a", "| json | x=1", "");
}

#[test]
fn strings_are_regular_expressions_for_whole_labels() {
    check("a: {x: 'a b'}, condition: a", "| json | x=~`(?i)^a\\ b$`", "");
    // A label must match as a whole, and `.` matches no line break of itself.
    check("a: {x: 'a*b'}, condition: a", "| json | x=~`(?is)^a.*b$`", "| json | x=~`(?i)^a.*b$`");
    // A literal `*` is no backslash and a wildcard.
    check("a: {x: 'a\\*b'}, condition: a", "| json | x=~`(?i)^a\\*b$`", "| json | x=~`(?i)^a\\\\.*b$`");
    check("a: {x|cased: 'a*`'}, condition: a", "| json | x=~\"(?s)^a.*`$\"", "| json | x=~\"^a.*`$\"");
    check("a: {x|cased: Ab}, condition: a", "| json | x=`Ab`", "");
    // A search is not a match of the whole.
    check(
        "a: {x|re: 'a.b'}, b: {x|re: '^ab$'}, condition: a and b",
        "| json | x=~`(?s:.*)(?:a.b)(?s:.*)` and x=~`^ab$`",
        "| json | x=~`a.b` and x=~`^ab$`",
    );
    check(
        "a: {x|expand: '%who%'}, condition: a",
        "refused: the placeholder %who% has no value",
        "| json | x=~`(?i)^%who%$`",
    );
    check(
        "a: {x|re: 'a(?!b)'}, condition: a",
        "refused: the target's regular expressions have no look-around",
        "| json | x=~`a(?!b)`",
    );
    check("a: {1-x: 1}, condition: a", "| json | _1_x=1", "");
    check("a: {x: true}, condition: a", "| json | x=~`(?i)^true$`", "refused: LogQL has no truth values");
}

#[test]
fn alternatives_of_one_value_stand_together() {
    check(
        "a: {y: 1, x|windash: '-a'}, condition: a",
        "| json | y=1 and (x=~`(?i)^\\-a$` or x=~`(?i)^/a$` or x=~`(?i)^–a$` or x=~`(?i)^—a$` or x=~`(?i)^―a$`)",
        "| json | y=1 and x=~`(?i)^\\-a$` or x=~`(?i)^/a$` or x=~`(?i)^–a$` or x=~`(?i)^—a$` or x=~`(?i)^―a$`",
    );
}

#[test]
fn keywords_are_line_filters() {
    check("a: [one, 't*o'], condition: a", "|~ `(?i:one)|(?is:t.*o)`", "|~ `(?i)one|t.*o`");
    check("a: ['*one*', two], condition: a", "|~ `(?i)one|two`", "|~ `(?i).*one.*|two`");
    check(
        "a: {'|all': [one, two]}, condition: not a",
        "refused: line filters stand before the parser: keywords and fields, or keywords under `and`, cannot stand below `or`",
        "!~ `(?i)one|two`",
    );
    check("a: [one, two], condition: not a", "!~ `(?i)one` !~ `(?i)two`", "");
    check("a: [one], b: {x: 1}, condition: a and b", "|~ `(?i)one` | json | x=1", "");
    // The reference sees only what stands behind the first keyword.
    check(
        "a: [one], b: {x: 1}, condition: b or a",
        "refused: line filters stand before the parser: keywords and fields, or keywords under `and`, cannot stand below `or`",
        "|~ `(?i)one`",
    );
    check("a: [5], condition: a", "|= `5`", "|= 5");
    check("a: {'|re': 'a\\\\b.*'}, condition: a", "|~ `a\\\\b.*`", "|~ `a\\b`");
    check("a: {'|re|i': ['a', 'b']}, condition: a", "|~ `(?i)a|b`", "|~ `a|b`");
    // Every line matches; the reference prints the stream alone.
    LOKI.check(
        "a: ['*'], condition: a",
        "refused: nothing of the condition is left to search for",
        "{job=~\"eventlog|winlog|windows|fluentbit.*\"} ",
    );
}

#[test]
fn labels_made_behind_the_filters() {
    check(
        "a: {x|fieldref: y, z: 1}, condition: a",
        "| json | z=1 | label_format match_0=`{{ if and .x .y (eq (lower .y) (lower .x)) }}true{{ else }}false{{ end }}` | match_0=`true`",
        " | json | z=1| label_format match_0=`{{ if eq .y .x }}true{{ else }}false{{ end }}` | match_0=`true`",
    );
    check(
        "a: {x|hour: 5}, condition: not a",
        "| json | label_format date_0=`{{ date \"15\" (unixToTime .x) }}` | date_0!=5",
        "| json | label_format date_0=`{{ date \"15\" (unixToTime .x) }}` | date_0!=`5`",
    );
    check(
        "a: {x|hour|gt: 5}, condition: a",
        "| json | label_format date_0=`{{ date \"15\" (unixToTime .x) }}` | date_0>5",
        "| json | x>5",
    );
    check(
        "a: {x|fieldref: y}, b: {z: 1}, condition: a or b",
        "refused: LogQL has stages for comparisons of fields and parts of timestamps: they cannot stand below `or`",
        " | json | z=1| label_format match_0=`{{ if eq .y .x }}true{{ else }}false{{ end }}` | match_0=`true`",
    );
}

#[test]
fn long_queries_are_split_and_lose_nothing() {
    let values: Vec<_> = (0..41).map(|at| format!("'{}{at:02}'", "v".repeat(200))).collect();
    let rule = format!(
        "title: t\nlogsource: {{product: windows}}\ndetection: {{a: {{x: [{}]}}, condition: a}}\n",
        values.join(", ")
    );
    let counts = |compat| {
        let text = LOKI.convert(&rule, compat);
        (text.lines().count(), text.matches("x=~").count())
    };
    assert_eq!(counts(sigyn_ir::Compat::Spec), (3, 41));
    // The reference divides 41 by 3 and leaves the rest out.
    assert_eq!(counts(sigyn_ir::Compat::PySigma), (3, 39));
}

#[test]
fn options() {
    let detection = "a: {x: 'C:\\Windows\\whoami.exe', y|contains: Ab}, condition: a";
    let stream = "{job=~\"eventlog|winlog|windows|fluentbit.*\"}";
    Setup { options: &[("case_sensitive", "true")], ..LOKI }.check(
        detection,
        &format!("{stream} | json | x=`C:\\Windows\\whoami.exe` and y=~`(?s).*Ab.*`"),
        &format!("{stream} | json | x=`C:\\Windows\\whoami.exe` and y=~`(?i).*Ab.*`"),
    );
    // JSON doubles the backslashes, so that the reference's filter finds nothing.
    Setup { options: &[("add_line_filters", "true")], ..LOKI }.check(
        detection,
        &format!("{stream} |~ `(?i)whoami\\.exe` | json | x=~`(?i)^C:\\\\Windows\\\\whoami\\.exe$` and y=~`(?is).*Ab.*`"),
        &format!("{stream} |~ `(?i)C:\\\\Windows\\\\whoami\\.exe` | json | x=~`(?i)^C:\\\\Windows\\\\whoami\\.exe$` and y=~`(?i).*Ab.*`"),
    );
}

const RULE: &str = "title: One two\nname: one\nlogsource: {category: test}\nlevel: high\n\
    detection: {a: {x: 1}, condition: a}\nfields: [x, y.z]\n";
const COUNT: &str = "---\ntitle: Many\ncorrelation: {type: event_count, rules: [one], group-by: [u.v], \
    timespan: 1h, condition: {gt: 5}}\n";

#[test]
fn fields_and_parsers() {
    LOKI.check_rule(RULE, "{job=~\".+\"} | logfmt | x=1 | line_format \"{{.x}} {{.y_z}}\"", "");
    let keyword = RULE.replace("{x: 1}", "[k]");
    LOKI.check_rule(
        &keyword,
        "{job=~\".+\"} |~ `(?i)k` | logfmt | line_format \"{{.x}} {{.y_z}}\"",
        "{job=~\".+\"} |~ `(?i)k` | line_format \"{{.x}} {{.y_z}}\"",
    );
}

#[test]
fn correlations() {
    let rules = format!("{RULE}{COUNT}").replace("fields: [x, y.z]\n", "");
    let metric = "sum by (u_v) (count_over_time({job=~\".+\"} | logfmt | x=1 [1h])) > 5";
    LOKI.check_rule(&rules, metric, "");
    LOKI.check_rule(
        &rules.replace("{gt: 5}", "{gt: 5, lte: 9}"),
        "sum by (u_v) (count_over_time({job=~\".+\"} | logfmt | x=1 [1h])) > 5 <= 9",
        "not loaded: the condition has 2 comparisons where one is expected",
    );
    LOKI.check_rule(
        &rules.replace("1h", "1M"),
        "sum by (u_v) (count_over_time({job=~\".+\"} | logfmt | x=1 [2629746s])) > 5",
        "sum by (u_v) (count_over_time({job=~\".+\"} | logfmt | x=1 [1M])) > 5",
    );
    // The ruler's rule for a correlation is its metric; the reference counts the samples of a count of a document.
    let ruler = Setup { format: "ruler", ..LOKI };
    assert_eq!(
        ruler.convert(&rules, sigyn_ir::Compat::Spec),
        format!(
            "groups:\n- name: Sigma rules\n  rules:\n  - alert: Many\n    annotations:\n      description: null\n      \
             summary: Many\n    expr: {metric}\n    labels: {{}}\n"
        )
    );
    assert!(ruler.convert(&rules, sigyn_ir::Compat::PySigma).contains("count_over_time({''alert'':"));
}

#[test]
fn alert_rules() {
    let rule = RULE.replace("fields: [x, y.z]\n", "");
    Setup { format: "ruler", ..LOKI }.check_rule(
        &rule,
        "groups:\n- name: Sigma rules\n  rules:\n  - alert: One_two\n    annotations:\n      description: null\n      \
         summary: One two\n    expr: sum(count_over_time({job=~\".+\"} | logfmt | x=1 [1m])) > 0\n    labels:\n      \
         severity: high\n",
        "groups:\n- name: Sigma rules\n  rules:\n  - alert: One_two\n    annotations:\n      description: null\n      \
         summary: One two\n    expr: sum(count_over_time({job=~\".+\"} | logfmt | x=1 [1m])) or vector(0) > 0\n    \
         labels:\n      severity: high\n",
    );
    let options = &[("loki_group_by_field", "host"), ("grafana_org_id", "7"), ("grafana_folder", "f")][..];
    let grafana = Setup { format: "grafana_alerting", options, ..LOKI };
    let text = grafana.convert(&rule, sigyn_ir::Compat::Spec);
    for part in [
        "- orgId: 7\n  name: 1m\n  folder: f\n",
        "uid: 49ab1682f5085a\n",
        "expr: sum by (host)(count_over_time({job=~\".+\"} | logfmt | x=1[1m])) > 0\n",
        "severity: warning\n",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}
