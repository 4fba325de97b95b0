//! Tests of the crate as a whole: the examples of all items, errors with their places, chaining, the built-in
//! pipelines.

mod render;

use std::sync::Arc;

use proptest::prelude::*;
use sigyn_diagnostics::{Diagnostic, SourceId};
use sigyn_ir::{Compat, Data, LoadOptions, Rule, RuleItem, read_text, resolve};

use crate::{Context, Files, Output, Pipeline, Spec, builtin};

fn pipeline(yaml: &str) -> Pipeline {
    let (pipeline, found) = Pipeline::from_yaml(SourceId(1), yaml);
    pipeline.unwrap_or_else(|| panic!("{yaml}\n{found:#?}"))
}

/// A rule from its text, or from its detection alone.
fn rule(text: &str) -> Rule {
    let is_whole = text.contains("detection:");
    let body =
        if is_whole { text.to_owned() } else { format!("{{detection: {{sel: {text}, condition: sel}}}}") };
    let inner = body.trim().strip_prefix('{').and_then(|body| body.strip_suffix('}')).unwrap_or(&body);
    let logsource = if inner.contains("logsource:") { "" } else { ", logsource: {category: test}" };
    let text = format!("{{title: example, level: high, tags: [attack.t1059], {inner}{logsource}}}");
    let options = LoadOptions::new(Compat::Spec);
    let loaded = resolve(vec![read_text(SourceId(0), &text, &options)], &options);
    match loaded.set.items.into_iter().next() {
        Some(RuleItem::Rule(rule)) => rule,
        _ => panic!("{text}\n{:#?}", loaded.diagnostics),
    }
}

fn item_yaml(spec: &Spec, item: &str, section: &str) -> String {
    if item.contains("transformations:") {
        return item.to_owned();
    }
    let mut yaml = format!("{section}:\n- type: {}\n", spec.name);
    for line in item.lines() {
        yaml.push_str(&format!("  {line}\n"));
    }
    yaml
}

fn applied(pipeline: &Pipeline, mut rule: Rule, compat: Compat) -> String {
    let mut cx = Context::new(compat);
    match pipeline.apply(&mut rule, &mut cx) {
        Ok(()) => render::rule(&rule, &cx, pipeline.maps_fields()),
        Err(error) => format!("error: {}: {}", error.code.name, error.message),
    }
}

#[test]
fn examples_of_transformations() {
    for spec in crate::transformation_specs() {
        for example in spec.examples {
            let pipeline = pipeline(&item_yaml(spec, example.item, "transformations"));
            let found = applied(&pipeline, rule(example.before), Compat::Spec);
            assert_eq!(found, example.after, "{}: {}", spec.name, example.title);
        }
    }
}

#[test]
fn examples_of_postprocessing_and_finalizers() {
    for spec in crate::postprocessing_specs() {
        for example in spec.examples {
            let pipeline = pipeline(&item_yaml(spec, example.item, "postprocessing"));
            let item = RuleItem::Rule(rule("{A: 1}"));
            let mut cx = Context::new(Compat::Spec);
            let found = pipeline.postprocess(&item, &mut cx, example.before.to_owned()).unwrap();
            assert_eq!(found, example.after, "{}: {}", spec.name, example.title);
        }
    }
    for spec in crate::finalizer_specs() {
        for example in spec.examples {
            let pipeline = pipeline(&item_yaml(spec, example.item, "finalizers"));
            let (queries, _) = crate::node::read(SourceId(0), example.before);
            let Some(Data::List(queries)) = queries.map(|node| node.to_data()) else { panic!("a list") };
            let found = pipeline.finalize(queries).unwrap();
            assert_eq!(found, Output::Text(example.after.to_owned()), "{}: {}", spec.name, example.title);
        }
    }
}

/// Pipelines are YAML 1.1: what its loader makes of a value.
#[test]
fn values_are_read_by_yaml11() {
    let check = |yaml: &str, expected: Option<Data>| {
        let (node, found) = crate::node::read(SourceId(0), yaml);
        assert_eq!(node.map(|node| node.to_data()), expected, "{yaml}");
        assert_eq!(found.iter().any(sigyn_diagnostics::Diagnostic::is_error), expected.is_none(), "{yaml}");
    };
    let number = |number: i64| Some(Data::from(number));
    check("0x1f", number(31));
    check("010", number(8));
    check("1:30", number(90));
    check("'1:30'", Some("1:30".into()));
    check("!!str 5", Some("5".into()));
    check("yes", Some(true.into()));
    check("2024-01-02", Some("2024-01-02".into()));
    check("08", Some("08".into()));
    check("1.5e3", Some("1.5e3".into()));
    check("=", None);
    check("!other 5", None);
    check("{<<: {b: 2}, b: 3}", None);
}

/// Conditions, each as an item that sets a state: whether it was applied.
#[test]
fn conditions_hold() {
    let check = |condition: &str, before: &str, expected: bool| {
        let yaml = format!(
            "transformations:\n- {{id: first, type: field_name_mapping, mapping: {{M: N}}}}\n\
             - {{type: set_state, key: s, val: 5}}\n- {{id: last, type: field_name_suffix, suffix: _x, {condition}}}"
        );
        let mut cx = Context::new(Compat::Spec);
        let mut rule = rule(before);
        pipeline(&yaml).apply(&mut rule, &mut cx).unwrap();
        let mut is_changed = false;
        for (_, detection) in &rule.detections {
            detection.for_each_item(&mut |item| is_changed |= item.is_marked("last"));
        }
        assert_eq!(is_changed, expected, "{condition} on {before}");
    };
    let on_rule = |condition: &str, before: &str, expected| {
        check(&format!("rule_conditions: [{{type: {condition}}}]"), before, expected);
    };
    on_rule("logsource, category: test", "{A: 1}", true);
    on_rule("logsource, category: test, product: windows", "{A: 1}", false);
    on_rule("contains_field, field: A", "{A: 1}", true);
    on_rule("contains_field, field: B", "{A: 1}", false);
    on_rule("contains_detection_item, field: A, value: 1", "{A: [0, 1]}", true);
    on_rule("contains_detection_item, field: A, value: '1'", "{A: 1}", false);
    on_rule("processing_item_applied, processing_item_id: first", "{A: 1}", true);
    on_rule("processing_item_applied, processing_item_id: other", "{A: 1}", false);
    on_rule("processing_state, key: s, val: 4, op: gt", "{A: 1}", true);
    on_rule("processing_state, key: s, val: '5'", "{A: 1}", false);
    on_rule("processing_state, key: none, val: 5, op: ne", "{A: 1}", false);
    on_rule("is_sigma_rule", "{A: 1}", true);
    on_rule("is_sigma_correlation_rule", "{A: 1}", false);
    on_rule("rule_attribute, attribute: level, value: medium, op: gte", "{A: 1}", true);
    on_rule("rule_attribute, attribute: level, value: critical, op: gte", "{A: 1}", false);
    on_rule("rule_attribute, attribute: title, value: example", "{A: 1}", true);
    on_rule("rule_attribute, attribute: tags, value: attack.t1059, op: in", "{A: 1}", true);
    on_rule("rule_attribute, attribute: nothing, value: 1", "{A: 1}", false);
    on_rule("reading, is: specification", "{A: 1}", true);
    on_rule("reading, is: pysigma", "{A: 1}", false);
    on_rule("tag, tag: attack.t1059", "{A: 1}", true);
    on_rule("tag, tag: attack.t1060", "{A: 1}", false);
    let on_item = |condition: &str, before: &str, expected| {
        check(&format!("detection_item_conditions: [{{type: {condition}}}]"), before, expected);
    };
    on_item("match_string, cond: any, pattern: 'a.c$'", "{A: [x, abc]}", true);
    on_item("match_string, cond: all, pattern: 'a.c$'", "{A: [x, abc]}", false);
    on_item("match_string, cond: all, pattern: 'a', negate: true", "{A: [x, 1]}", true);
    on_item("match_value, cond: any, value: 1", "{A: [x, 1]}", true);
    on_item("match_value, cond: any, value: '1'", "{A: 1}", false);
    on_item("contains_wildcard, cond: all", "{A: ['a*', 'b?']}", true);
    on_item("is_null, cond: any", "{A: null}", true);
    on_item("processing_item_applied, processing_item_id: first", "{M: 1}", true);
    on_item("processing_item_applied, processing_item_id: first", "{A: 1}", false);
    on_item("processing_state, key: s, val: 5", "{A: 1}", true);
    let on_field = |condition: &str, before: &str, expected| {
        check(&format!("field_name_conditions: [{{type: {condition}}}]"), before, expected);
    };
    on_field("include_fields, fields: [A]", "{A: 1}", true);
    on_field("include_fields, fields: ['[ab]'], mode: re", "{abc: 1}", true);
    on_field("exclude_fields, fields: [A]", "{A: 1}", false);
    on_field("processing_state, key: s, val: 5", "{A: 1}", true);
    let two = "a: {type: contains_field, field: A}, b: {type: contains_field, field: B}";
    for (linking, expected) in [
        ("rule_cond_op: or", true),
        ("rule_cond_op: and", false),
        ("rule_cond_not: true", true),
        ("rule_cond_expr: a and not b", true),
        ("rule_cond_expr: not (a or b)", false),
    ] {
        check(&format!("rule_conditions: {{{two}}}, {linking}"), "{A: 1}", expected);
    }
}

#[test]
fn errors_have_codes_and_places() {
    let check = |yaml: &str, code: &str, place: &str| {
        let (pipeline, found) = Pipeline::from_yaml(SourceId(1), yaml);
        assert!(pipeline.is_none(), "{yaml}");
        let error = found.iter().find(|error| error.is_error()).unwrap();
        assert_eq!(error.code.name, code, "{yaml}: {error:?}");
        assert_eq!(&yaml[error.span.unwrap().range()], place, "{yaml}: {error:?}");
        assert!(!error.way_out().is_empty());
    };
    let item = |text: &str| format!("transformations: [{{{text}}}]");
    check("- 1", "pipeline-syntax", "- 1");
    check("nonsense: 1", "bad-pipeline-parameter", "nonsense");
    check("priority: high", "bad-pipeline-parameter", "high");
    check("transformations: 1", "pipeline-syntax", "1");
    check("transformations: [x]", "pipeline-syntax", "x");
    check("finalizers: [{type: x}]", "unknown-transformation", "x");
    check(&item("id: a"), "bad-pipeline-parameter", "{id: a}");
    check(&item("type: nope, what: 1"), "unknown-transformation", "nope");
    check(&item("type: case, methid: lower"), "bad-pipeline-parameter", "methid");
    check(&item("type: case, method: camel"), "bad-pipeline-parameter", "camel");
    check(&item("type: rule_failure, message: 5"), "bad-pipeline-parameter", "5");
    check(&item("type: rule_failure"), "bad-pipeline-parameter", "{type: rule_failure}");
    check(&item("type: replace_string, regex: '(', replacement: x"), "bad-pipeline-parameter", "'('");
    check(&item("type: replace_string, regex: 'a', replacement: '\\1'"), "bad-pipeline-parameter", "'\\1'");
    check(&item("type: change_logsource"), "bad-pipeline-parameter", "{type: change_logsource}");
    check(&item("type: case, rule_conditions: [{type: nope}]"), "unknown-pipeline-condition", "nope");
    check(
        &item("type: case, rule_conditions: {a: {type: is_sigma_rule}}, rule_cond_expr: a and b"),
        "bad-pipeline-parameter",
        "b",
    );
    check(
        &item(
            "type: case, rule_conditions: {a: {type: is_sigma_rule}, b: {type: is_sigma_rule}}, rule_cond_expr: a",
        ),
        "bad-pipeline-parameter",
        "a",
    );
    check(&item("type: nest, items: [{type: nope}]"), "unknown-transformation", "nope");
    check("postprocessing: [{type: template, template: '{{ x'}]", "template-failed", "'{{ x'");
}

#[test]
fn failures_name_the_item_and_the_place_in_the_rule() {
    let pipeline = pipeline(
        "transformations: [{id: guard, type: detection_item_failure, message: stop, \
         field_name_conditions: [{type: include_fields, fields: [B]}]}]",
    );
    let mut cx = Context::new(Compat::Spec);
    let error: Diagnostic = pipeline.apply(&mut rule("{A: 1, B: 2}"), &mut cx).unwrap_err();
    assert_eq!(error.span.map(|span| span.source), Some(SourceId(0)));
    assert_eq!(error.related.len(), 1);
    assert_eq!(error.related[0].span.source, SourceId(1));
    assert!(error.related[0].text.contains("`guard`"));
}

#[test]
fn pipelines_are_chained_by_priority_then_id() {
    let one = |id: &str, priority: i64, suffix: &str| {
        let yaml = format!(
            "priority: {priority}\nvars: {{v: {suffix}}}\n\
             transformations: [{{type: field_name_suffix, suffix: {suffix}}}]"
        );
        Pipeline { id: id.to_owned(), ..pipeline(&yaml) }
    };
    let chained = Pipeline::chain(vec![one("b", 10, "_b"), one("z", 5, "_z"), one("a", 10, "_a")]);
    assert_eq!(applied(&chained, rule("{F: 1}"), Compat::Spec), "query: F_z_a_b=1");
    assert_eq!(chained.var("v"), Some(&Data::from("_b")));
    let explicit = one("b", 10, "_b").then(one("z", 5, "_z"));
    assert_eq!(applied(&explicit, rule("{F: 1}"), Compat::Spec), "query: F_b_z=1");
}

fn check_readings(item: &str, before: &str, spec: &str, reference: &str) {
    let pipeline = pipeline(&format!("transformations: [{{{item}}}]"));
    assert_eq!(applied(&pipeline, rule(before), Compat::Spec), spec, "{item}");
    assert_eq!(applied(&pipeline, rule(before), Compat::PySigma), reference, "{item}");
}

/// Where pySigma 1.5.1 misleads, both readings are kept.
#[test]
fn readings_differ() {
    let check = check_readings;
    check(
        "type: replace_string, regex: Windows, replacement: W",
        r"{A: 'C:\Windows\\*'}",
        r"query: A=C:\W\*",
        r"query: A=C:\W\*",
    );
    check(
        "type: field_name_mapping, mapping: {A: [B, C]}",
        "{'A|neq': 1}",
        "query: not B=1 and not C=1",
        "query: not B=1 or not C=1",
    );
    check(
        "type: query_expression_placeholders, expression: '{field} in {id}'",
        "{'A|expand': '%a b%'}",
        "error: unresolved-placeholder: the placeholder's name `a b` must be letters, digits, `_`, `.` and `-` to \
         stand in a query; give it an identifier in `mapping`",
        "query: A=query({field} in {id}, a b)",
    );
}

/// The same for what the Kusto pipelines are made of.
#[test]
fn readings_of_tables_differ() {
    let check = check_readings;
    let hashes = "type: split_hashes, algorithms: [MD5]";
    check(
        hashes,
        "{'Hashes|contains|all': ['MD5=aa', 'MD5=bb']}",
        "query: MD5=aa* and MD5=bb*",
        "query: MD5=aa* or MD5=bb*",
    );
    check(
        hashes,
        "{Hashes: ['MD5=aa', 'IMPHASH=bb']}",
        "error: invalid-hash: the table has no field for the hash `IMPHASH=bb`; it has: MD5",
        "query: MD5=aa",
    );
    check(
        "type: split_hashes, algorithms: [MD5], field_prefix: File, drop_algorithm: true",
        "{Hashes: ['MD5=aa', 'IMPHASH=bb']}",
        "error: invalid-hash: the table has no field for the hash `IMPHASH=bb`; it has: MD5",
        "query: File=aa or File=bb",
    );
    check(
        "type: split_domain_user, domains: {User: Domain}",
        r"{'User|contains': AUTHORI}",
        "query: User=*AUTHORI* or Domain=*AUTHORI*",
        "query: User=*AUTHORI*",
    );
    check(
        "type: split_domain_user, domains: {User: Domain}",
        r"{'User|endswith': '\SYSTEM'}",
        "query: User=SYSTEM",
        "query: User=SYSTEM and Domain=*",
    );
    check(
        "type: split_domain_user, domains: {User: Domain}",
        r"{'User|neq': 'NT AUTHORITY\SYSTEM'}",
        "query: not User=SYSTEM or not Domain=NT AUTHORITY",
        "query: User=SYSTEM and Domain=NT AUTHORITY",
    );
    check(
        "type: keep_file_name",
        r"{Image: 'C:\Windows\cmd.exe'}",
        r"error: transformation-failed: the table has the file's name only, and `C:\Windows\cmd.exe` says something about directories",
        "query: Image=cmd.exe",
    );
    check(
        "type: set_query_table, event_ids: {T: [4625]}",
        "{detection: {sel: [{EventID: 4625}, {EventID: 1}], condition: sel}, logsource: {product: windows}}",
        "query: EventID=4625 or EventID=1\nstate: query_table=T",
        "error: rule-refused-by-pipeline: no table is known for the rule: its log source has no category, and no selection names an event id with a table",
    );
    check(
        "type: drop_implied_detection_item, field_name_conditions: [{type: include_fields, fields: [EventID]}]",
        "{detection: {sel: {EventID: 4625, A: 1}, condition: sel}, logsource: {product: windows}}",
        "query: EventID=4625 and A=1",
        "query: A=1",
    );
}

#[derive(Debug)]
struct OneFile(&'static str);

impl Files for OneFile {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == "list.txt" { Ok(self.0.to_owned()) } else { Err(format!("`{path}` is not there")) }
    }

    fn allows_external(&self) -> bool {
        true
    }
}

#[test]
fn values_from_files() {
    let check = |parameters: &str, content: &'static str, expected: &str| {
        let yaml = format!("transformations: [{{type: file_placeholders, {parameters}}}]");
        let mut cx = Context::with_files(Compat::Spec, Arc::new(OneFile(content)));
        let mut rule = rule("{'A|expand': '%x%'}");
        let found = match pipeline(&yaml).apply(&mut rule, &mut cx) {
            Ok(()) => render::rule(&rule, &cx, false),
            Err(error) => format!("error: {}", error.code.name),
        };
        assert_eq!(found, expected, "{parameters}");
    };
    check("path: list.txt", " a \n\nb\n", "query: A=a or A=b");
    check("path: list.txt, filter: '^b'", "a\nb\n", "query: A=b");
    check("path: list.txt, format: csv, csv_column: n", "m,n\n1,x\n2,y\n", "query: A=x or A=y");
    check("path: list.txt, format: csv, csv_column: 0", "m,n\n1,x\n", "query: A='1'");
    check("path: list.txt, format: json, jq_expression: '.i[].n'", r#"{"i":[{"n":"q"}]}"#, "query: A=q");
    check("path: list.txt, format: yaml, jq_expression: '.i[]'", "i: [q, r]", "query: A=q or A=r");
    check("path: other.txt", "", "error: transformation-failed");
    let closed = pipeline("transformations: [{type: file_placeholders, path: list.txt}]");
    let found = applied(&closed, rule("{'A|expand': '%x%'}"), Compat::Spec);
    assert!(found.starts_with("error: external-source-refused"), "{found}");
}

#[test]
fn built_in_pipelines_are_well_formed_and_listed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("builtin");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().trim_end_matches(".yml").to_owned())
        .collect();
    files.sort();
    // An old name of a pipeline has no file of its own.
    let is_old_name = |one: &builtin::Builtin| {
        let mut others = builtin::all().iter().filter(|other| other.name != one.name);
        !files.contains(&one.name.to_owned()) && others.any(|other| other.yaml == one.yaml)
    };
    let names = builtin::all().iter().filter(|builtin| !is_old_name(builtin));
    assert_eq!(names.map(|builtin| builtin.name.to_owned()).collect::<Vec<_>>(), files);
    for builtin in builtin::all() {
        let (pipeline, found) = Pipeline::from_yaml(SourceId(1), builtin.yaml);
        assert!(found.is_empty(), "{}: {found:#?}", builtin.name);
        let pipeline = pipeline.unwrap();
        assert_eq!(pipeline.name.as_deref(), Some(builtin.title));
        assert_eq!(pipeline.priority, builtin.priority);
        assert_eq!(pipeline.allowed_backends, builtin.allowed_backends);
        assert_eq!(builtin.load(SourceId(1)).unwrap().id, builtin.name);
    }
}

#[test]
fn built_in_pipelines_rewrite() {
    let check = |name: &str, before: &str, after: &str| {
        let pipeline = builtin::get(name).unwrap().load(SourceId(1)).unwrap();
        let found = applied(&pipeline, rule(before), Compat::Spec);
        assert_eq!(found.lines().next(), Some(after), "{name}");
    };
    let windows = |category: &str| {
        format!(
            "{{detection: {{sel: {{Image: a, B: b}}, condition: sel}}, \
             logsource: {{product: windows, category: {category}}}}}"
        )
    };
    check("sysmon", &windows("process_creation"), "query: EventID=1 and (Image=a and B=b)");
    check(
        "ecs_windows",
        &windows("process_creation"),
        "query: process.executable.caseless=a and winlog.event_data.B=b",
    );
    check("snake_case", "{CommandLine: a}", "query: command_line=a");
}

/// What the Kusto pipelines mend, and what they print under the reference's reading.
#[test]
fn kusto_pipelines_follow_both_readings() {
    let check = |name: &str, before: &str, spec: &str, reference: &str| {
        let pipeline = builtin::get(name).unwrap().load(SourceId(1)).unwrap();
        for (compat, after) in [(Compat::Spec, spec), (Compat::PySigma, reference)] {
            let found = applied(&pipeline, rule(before), compat);
            assert_eq!(found.lines().next(), Some(after), "{name} {compat:?}");
        }
    };
    let of = |category: &str, detection: &str| {
        format!("{{detection: {{sel: {detection}, condition: sel}}, logsource: {{category: {category}}}}}")
    };
    check(
        "microsoft_xdr",
        &of("registry_set", r"{'TargetObject|startswith': 'HKLM\SYSTEM\CurrentControlSet\Services'}"),
        r"query: RegistryKey=HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services*",
        r"query: RegistryKey=HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet001\Services*",
    );
    check(
        "microsoft_xdr",
        &of("network_connection", "{Initiated: 'true', DestinationPort: 443}"),
        "query: ActionType=ConnectionSuccess and RemotePort=443",
        "query: RemotePort=443",
    );
    check(
        "microsoft_xdr",
        "{detection: {sel: {EventID: 4625, LogonType: 3}, condition: sel}, logsource: {service: security}}",
        "error: unknown-table-field: the table `DeviceLogonEvents` has no field `EventID`",
        "query: LogonType=3",
    );
    check(
        "sentinel_asim",
        "{detection: {sel: {EventID: 4625}, condition: sel}, logsource: {service: security}}",
        "query: EventOriginalType='4625'",
        "query: nothing",
    );
    check(
        "azure_monitor",
        &of("process_creation", "{Image: a, Hashes: ['MD5=aa', 'SHA1=bb']}"),
        "query: NewProcessName=a and (FileHash=aa or FileHash=bb)",
        "query: NewProcessName=a and (FileHash=aa or FileHash=bb)",
    );
    check(
        "microsoft_365_defender",
        &of("process_creation", "{Nothing: a}"),
        "error: unknown-table-field: the table `DeviceProcessEvents` has no field `Nothing`",
        "error: unknown-table-field: the table `DeviceProcessEvents` has no field `Nothing`",
    );
}

fn words() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    let value = "[a-z*?\\\\]{0,8}";
    prop::collection::vec(("[A-Z][a-z]{0,5}", prop::collection::vec(value, 1..4)), 1..5)
}

proptest! {
    #[test]
    fn a_pipeline_without_items_changes_nothing(fields in words()) {
        let pairs: Vec<_> = fields.iter().enumerate().map(|(at, (field, values))| {
            let values: Vec<_> = values.iter().map(|value| format!("'{value}'")).collect();
            format!("{field}{at}: [{}]", values.join(", "))
        }).collect();
        let before = rule(&format!("{{{}}}", pairs.join(", ")));
        let mut after = before.clone();
        let mut cx = Context::new(Compat::Spec);
        prop_assert!(Pipeline::default().apply(&mut after, &mut cx).is_ok());
        prop_assert_eq!(before, after);
    }

    #[test]
    fn any_text_is_read_without_panic(text in "[ -~\\n]{0,80}") {
        let _ = Pipeline::from_yaml(SourceId(0), &text);
        let _ = Pipeline::from_yaml(SourceId(0), &format!("transformations:\n- {text}"));
    }
}
