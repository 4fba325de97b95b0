//! `sigyn convert`, run as users run it.

mod common;

use common::{Folder, Run, root, rule};
use serde_json::Value;

const CONVERT: &str = "convert -t splunk --without-pipeline";

fn good() -> String {
    rule("Good", "  sel:\n    a: 1")
}

/// Splunk compares fields behind the search only.
fn unsupported() -> String {
    rule("Unsupported", "  sel:\n    - a: 1\n    - b|fieldref: c")
}

const BROKEN: &str =
    "title: Broken\nlogsource:\n  category: test\ndetection:\n  sel:\n    a|nonsense: 1\n  condition: sel\n";

fn check(run: &Run, code: i32, stdout: &str, in_stderr: &[&str]) {
    assert_eq!((run.code, run.stdout.as_str()), (code, stdout), "stderr: {}", run.stderr);
    for part in in_stderr {
        assert!(run.stderr.contains(part), "`{part}` is not in:\n{}", run.stderr);
    }
}

#[test]
fn queries_stand_apart_and_come_in_the_order_of_the_paths() {
    let second = rule("Second", "  sel:\n    b: x");
    let folder = Folder::with(&[("r/b.yml", &second), ("r/a.yml", &good()), ("r/c.txt", "no rule")]);
    check(&folder.run(&format!("{CONVERT} r")), 0, "a=1\n\nb=\"x\"\n", &[]);
    check(&folder.run(&format!("{CONVERT} r/b.yml r")), 0, "b=\"x\"\n\na=1\n", &[]);
    check(&folder.run(&format!("{CONVERT} -P b* r")), 0, "b=\"x\"\n", &[]);
    check(&folder.run(&format!("{CONVERT} -P *.yaml r")), 2, "", &["S6003", "*.yaml"]);
}

#[test]
fn an_input_without_rules_is_no_silent_success() {
    let filter =
        "title: f\nlogsource: {product: windows}\nfilter:\n  rules: any\n  s: {a: 1}\n  condition: not s\n";
    let folder = Folder::with(&[("empty.yml", ""), ("filter.yml", filter)]);
    for input in ["empty.yml", "filter.yml"] {
        check(&folder.run(&format!("{CONVERT} {input}")), 2, "", &["S6003", "holds a rule"]);
    }
    folder.write("bytes.yml", b"a: 1\nb: \xff\n");
    check(&folder.run(&format!("{CONVERT} bytes.yml")), 2, "", &["bytes.yml", "line 2, byte 8"]);
}

#[test]
fn a_file_that_is_no_utf8_is_found_with_its_place() {
    let folder = Folder::with(&[]);
    folder.write("bytes.yml", b"a: \xc3\xa4\nb: \xc3\xb6\xff x\n");
    let run = folder.run(&format!("{CONVERT} --diagnostics json bytes.yml"));
    let found: Value = serde_json::from_str(run.stderr.lines().next().unwrap()).unwrap();
    let place = ["path", "line", "column", "byte_start", "byte_end"].map(|key| found[key].to_string());
    assert_eq!((run.code, place), (2, ["\"bytes.yml\"", "2", "5", "11", "11"].map(str::to_owned)));
    let run = folder.run(&format!("{CONVERT} --report ndjson bytes.yml"));
    let record: Value = serde_json::from_str(run.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(record["error"]["line"], 2);
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_are_found_and_files_come_once() {
    use std::os::unix::fs::symlink;
    let folder = Folder::with(&[("r/a.yml", &good())]);
    symlink("a.yml", folder.0.join("r/b.yml")).unwrap();
    symlink("r", folder.0.join("s")).unwrap();
    for paths in ["r", "r s", "s r/b.yml", "r/b.yml r/a.yml"] {
        check(&folder.run(&format!("{CONVERT} {paths}")), 0, "a=1\n", &[]);
    }
    symlink("gone.yml", folder.0.join("r/c.yml")).unwrap();
    symlink("gone.txt", folder.0.join("r/d.txt")).unwrap();
    check(&folder.run(&format!("{CONVERT} r")), 1, "a=1\n", &["S6009", "r/c.yml", "gone.yml"]);
    check(&folder.run(&format!("{CONVERT} r/c.yml")), 2, "", &["S6001", "gone.yml"]);
}

#[test]
fn look_around_is_for_the_target_to_judge() {
    let folder = Folder::with(&[("a.yml", &rule("Look", "  sel:\n    a|re: '(?=a)b'"))]);
    check(&folder.run(&format!("{CONVERT} a.yml")), 0, "*\n| regex a=\"(?=a)b\"\n", &[]);
}

#[test]
fn standard_input_is_a_dash() {
    let run = Folder::with(&[]).run_with(&format!("{CONVERT} -"), good().as_bytes());
    check(&run, 0, "a=1\n", &[]);
}

#[test]
fn a_broken_rule_costs_nobody_else_a_query() {
    let folder = Folder::with(&[("r/a.yml", BROKEN), ("r/b.yml", &good())]);
    folder.write("r/c.yml", b"title: \xff\n");
    let expect = ["a.yml:6:5", "nonsense", "= help:", "c.yml", "S1007", "1 of 2 rules converted, 1 refused"];
    check(&folder.run(&format!("{CONVERT} r")), 1, "a=1\n", &expect[..5]);
    let both = format!("{BROKEN}---\n{}", good());
    let run = Folder::with(&[]).run_with(&format!("{CONVERT} -"), both.as_bytes());
    check(&run, 1, "a=1\n", &["<stdin>:6:5", expect[5]]);
}

#[test]
fn what_a_target_cannot_express_is_a_finding_unless_it_is_to_be_skipped() {
    let folder = Folder::with(&[("r/a.yml", &unsupported()), ("r/b.yml", &good()), ("broken.yml", BROKEN)]);
    let reasons = ["a.yml", "1 of 2 rules converted, 1 refused", "1 × S5004 unsupported-by-target"];
    check(&folder.run(&format!("{CONVERT} r")), 1, "a=1\n", &reasons);
    check(&folder.run(&format!("{CONVERT} -s r")), 0, "a=1\n", &reasons);
    check(&folder.run(&format!("{CONVERT} -s --fail-unsupported r")), 1, "a=1\n", &reasons);
    check(&folder.run(&format!("{CONVERT} -s r broken.yml")), 1, "a=1\n", &["nonsense"]);
    check(&folder.run(&format!("{CONVERT} -s r/a.yml")), 1, "", &["0 of 1 rules converted"]);
}

#[test]
fn wrong_calls_do_nothing_and_say_why() {
    let folder = Folder::with(&[
        ("a.yml", &good()),
        ("p.yml", "name: p\nallowed_backends: [other]\ntransformations: []\n"),
    ]);
    let check = |words: &str, parts: &[&str]| check(&folder.run(words), 2, "", parts);
    check("convert -t splunk --without-pipeline a.yml none.yml", &["S6001", "none.yml"]);
    check("convert -t nowhere a.yml", &["S5001", "nowhere", "sigyn list targets"]);
    check("convert -t splunk a.yml", &["S4007", "--without-pipeline"]);
    check("convert -t splunk -p nothing a.yml", &["S4005", "nothing"]);
    check("convert -t splunk -p p.yml a.yml", &["S4006", "other"]);
    check("convert -t splunk --without-pipeline -f nothing a.yml", &["S5002", "savedsearches"]);
    check("convert -t splunk --without-pipeline -c nothing a.yml", &["S5003", "stats"]);
    check("convert -t splunk --without-pipeline -O nothing=1 a.yml", &["S5008", "min_time"]);
    check("convert -t splunk --without-pipeline -O nothing a.yml", &["S5008", "key=value"]);
    check("convert -t splunk --without-pipeline -e ebcdic a.yml", &["S6006", "utf-16"]);
    check("convert -t splunk --without-pipeline -o no/such/folder a.yml", &["S6008"]);
    check("convert -t splunk --without-pipeline", &["INPUT"]);
    check("convert a.yml", &["--target"]);
}

#[test]
fn a_pipeline_for_others_may_be_forced() {
    let pipeline = "name: p\nallowed_backends: [other]\ntransformations:\n  - type: field_name_mapping\n    mapping: {a: mapped}\n";
    let folder = Folder::with(&[("a.yml", &good()), ("pipes/p.yml", pipeline)]);
    let run = folder.run("convert -t splunk --disable-pipeline-check -p pipes a.yml");
    check(&run, 0, "mapped=1\n", &[]);
}

#[test]
fn fields_without_a_mapping_are_counted_or_refused() {
    let pipeline = "name: p\ntransformations:\n  - type: field_name_mapping\n    mapping: {b: mapped}\n";
    let folder = Folder::with(&[("a.yml", &good()), ("p.yml", pipeline)]);
    check(
        &folder.run("convert -t splunk -p p.yml a.yml"),
        0,
        "a=1\n",
        &["1 fields without a mapping: a (1)"],
    );
    check(&folder.run("convert -t splunk -p p.yml --strict-fields a.yml"), 1, "", &["unmapped", "a.yml:1:1"]);
}

#[test]
fn output_goes_to_a_file_or_to_a_file_per_rule() {
    let two = format!("{}---\n{}", good(), rule("Two", "  sel:\n    b: 2"));
    let folder = Folder::with(&[("r/x/a.yml", &good()), ("r/two.yml", &two)]);
    check(&folder.run(&format!("{CONVERT} -o out.spl r/x")), 0, "", &[]);
    assert_eq!(folder.read("out.spl"), "a=1\n");
    check(&folder.run(&format!("{CONVERT} -od out -ot {{path}}/{{stem}}.spl r")), 0, "", &["2 file(s)"]);
    assert_eq!(folder.read("out/x/a.spl"), "a=1");
    assert_eq!(folder.read("out/two.spl"), "a=1\n\nb=2", "rules of one file share it");
    check(&folder.run(&format!("{CONVERT} -od out -ot {{nothing}} r")), 2, "", &["S6006", "nothing"]);
}

#[test]
fn output_has_the_encoding_asked_for() {
    let folder = Folder::with(&[("a.yml", &rule("A", "  sel:\n    a: é€"))]);
    check(&folder.run(&format!("{CONVERT} -e utf-16 -o out a.yml")), 0, "", &[]);
    assert_eq!(std::fs::read(folder.0.join("out")).unwrap()[..4], [0xFF, 0xFE, b'a', 0]);
    check(&folder.run(&format!("{CONVERT} -e latin-1 a.yml")), 2, "", &["S6007", "€"]);
}

#[test]
fn options_reach_the_target() {
    let folder = Folder::with(&[("a.yml", &good())]);
    let run = folder.run(&format!("{CONVERT} -f savedsearches -O min_time=-7d a.yml"));
    assert!(run.code == 0 && run.stdout.contains("dispatch.earliest_time = -7d"), "{run:?}");
}

#[test]
fn documents_come_one_after_the_other_and_can_be_indented() {
    let folder = Folder::with(&[("a.yml", &good()), ("b.yml", &rule("B", "  sel:\n    b: 2"))]);
    let run = folder.run("convert -t lucene --without-pipeline -f dsl_lucene .");
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{run:?}");
    let run = folder.run("convert -t lucene --without-pipeline -f dsl_lucene -j 2 a.yml");
    assert!(run.stdout.starts_with("{\n  \"query\": {\n"), "{run:?}");
}

#[test]
fn filters_and_correlations_reach_across_files() {
    let base = good().replace("title: Good", "title: Good\nname: good");
    let filter = "title: F\nlogsource:\n  category: test\nfilter:\n  rules: [good]\n  own:\n    b: 2\n  condition: not own\n";
    let correlation = "title: C\ncorrelation:\n  type: event_count\n  rules: [good]\n  timespan: 1h\n  condition: {gte: 3}\n";
    let folder = Folder::with(&[("a.yml", &base), ("f.yml", filter), ("z.yml", correlation)]);
    let run = folder.run(&format!("{CONVERT} --filter f.yml a.yml"));
    check(&run, 0, "a=1 NOT b=2\n", &[]);
    let run = folder.run(&format!("{CONVERT} z.yml a.yml"));
    assert!(run.code == 0 && run.stdout.starts_with("a=1\n\n| bin _time span=1h"), "{run:?}");
    check(&folder.run(&format!("{CONVERT} z.yml")), 1, "", &["z.yml:4", "good"]);
}

#[test]
fn findings_for_programs_are_whole_documents() {
    let folder = Folder::with(&[("a.yml", BROKEN), ("b.yml", &unsupported()), ("c.yml", &good())]);
    let run = folder.run(&format!("{CONVERT} --diagnostics json a.yml b.yml c.yml"));
    let lines: Vec<Value> = run.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<_> = lines.iter().map(|line| (line["path"].as_str(), line["line"].as_u64())).collect();
    assert_eq!(seen, [(Some("a.yml"), Some(6)), (Some("b.yml"), Some(7))], "{}", run.stderr);
    assert_eq!((run.code, run.stdout.as_str()), (1, "a=1\n"));
    let run = folder.run(&format!("{CONVERT} --diagnostics sarif a.yml c.yml"));
    let document: Value = serde_json::from_str(&run.stderr).unwrap();
    let place = &document["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a.yml");
    assert_eq!(place["region"]["startLine"], 6);
    let run = folder.run(&format!("{CONVERT} --diagnostics sarif c.yml"));
    assert!(serde_json::from_str::<Value>(&run.stderr).is_ok(), "a clean run is a document too");
}

#[test]
fn records_tell_file_by_file() {
    let partial = format!("{}---\n{}", good(), unsupported());
    let folder = Folder::with(&[("a.yml", BROKEN), ("b.yml", &good()), ("c.yml", &partial)]);
    folder.write("d.yml", b"title: \xff\n");
    let run = folder.run(&format!("{CONVERT} --report ndjson ."));
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let find = |path: &str| lines.iter().find(|line| line["path"].as_str() == Some(path)).unwrap();
    assert_eq!(run.code, 1);
    assert_eq!(find("./a.yml")["error"]["class"], "SigmaModifierError");
    assert_eq!(find("./a.yml")["error"]["line"], 6);
    assert_eq!(find("./b.yml"), &serde_json::json!({"path": "./b.yml", "queries": ["a=1"]}));
    assert_eq!(find("./c.yml")["queries"], serde_json::json!(["a=1"]));
    assert_eq!(find("./c.yml")["error"]["class"], "SigmaFeatureNotSupportedByBackendError");
    assert_eq!(find("./d.yml")["error"]["class"], "UnicodeDecodeError");
}

#[test]
fn a_dialect_file_is_a_target() {
    let dialect = root().join("examples/dialects/lantern.yml");
    let folder = Folder::with(&[("a.yml", &good())]);
    let run = folder.run(&format!("convert --without-pipeline --dialect {} a.yml", dialect.display()));
    assert!(run.code == 0 && !run.stdout.is_empty(), "{run:?}");
    let wrong = format!("convert -t other --without-pipeline --dialect {} a.yml", dialect.display());
    check(&folder.run(&wrong), 2, "", &["S5001", "other"]);
    folder.write("d.yml", b"name: d\ntitle: D\nnonsense: 1\n");
    check(&folder.run("convert --dialect d.yml a.yml"), 2, "", &["S5007", "d.yml:3:1", "nonsense"]);
}

#[test]
fn a_mistake_of_the_users_own_dialect_is_not_blamed_on_the_rule() {
    let dialect = |more: &str| {
        format!(
            "name: d\ntitle: D\noperators: {{or: OR, and: AND, not: NOT}}\nstring: {{quote: '\"'}}\n\
             match: {{equal: '{{field}}={{value}}', equal_token: '='}}\n{more}"
        )
    };
    let format = |key: &str| {
        dialect(&format!("formats: [{{name: default, title: P, {key}: '{{{{ nothing.at }}}}'}}]\n"))
    };
    let folder = Folder::with(&[
        ("a.yml", &good()),
        ("star.yml", &rule("Star", "  sel:\n    a: 'x*y'")),
        ("d.yml", &dialect("")),
        ("whole.yml", &format("output")),
        ("each.yml", &format("template")),
    ]);
    let parts =
        ["S5011", "whole.yml", "`output` of the format `default`", "but the output could not be made"];
    check(&folder.run("convert --dialect whole.yml a.yml"), 2, "", &parts);
    let parts = ["S5011", "`each.yml`", "`template` of the format `default`", "0 of 1 rules converted"];
    check(&folder.run("convert --dialect each.yml a.yml"), 1, "", &parts);
    let run = folder.run("convert --dialect d.yml star.yml");
    check(&run, 1, "", &["star.yml:6", "`d.yml`"]);
    assert!(!run.stderr.contains("Rewrite the value"), "{}", run.stderr);
}

#[test]
fn a_pipeline_that_refuses_a_rule_is_shown_beside_it() {
    let failing = "name: p\ntransformations:\n  - id: guard\n    type: rule_failure\n    message: stop\n";
    let folder = Folder::with(&[("a.yml", &good()), ("p.yml", failing)]);
    check(&folder.run("convert -t splunk -p p.yml a.yml"), 1, "", &["a.yml:1:1", "p.yml:3:", "guard"]);
    // A built-in pipeline is a text of its own too, whatever pipelines stand before it.
    let unknown = rule("Unknown", "  sel:\n    Imphash: x")
        .replace("category: test", "category: dns_query\n  product: linux");
    folder.write("b.yml", unknown.as_bytes());
    let run = folder.run("convert -t splunk -p splunk_cim -f data_model b.yml");
    check(&run, 1, "", &["b.yml:", "pipeline splunk_cim:"]);
    let run = folder.run("convert -t splunk -p splunk_cim -f data_model --diagnostics json a.yml b.yml");
    let lines: Vec<Value> = run.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(
        lines.iter().all(|line| line["path"].as_str().is_some_and(|path| path.ends_with("yml"))),
        "{lines:?}"
    );
}

#[test]
fn placeholder_values_come_over_http_if_the_call_allows_it() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let pipeline = format!(
        "name: p\ntransformations:\n  - type: http_placeholders\n    url: http://{}/names\n    include: [names]\n",
        listener.local_addr().unwrap()
    );
    let wants = rule("Wants", "  sel:\n    a|expand: '%names%'");
    let folder = Folder::with(&[("a.yml", &wants), ("p.yml", &pipeline)]);
    check(&folder.run("convert -t splunk -p p.yml a.yml"), 1, "", &["switched off", "p.yml:3:"]);
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\none\ntwo\n")
            .unwrap();
    });
    let run = folder.run("convert -t splunk -p p.yml --allow-external a.yml");
    check(&run, 0, "a IN (\"one\", \"two\")\n", &[]);
    server.join().unwrap();
}
