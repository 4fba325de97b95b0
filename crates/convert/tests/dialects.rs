//! The dialect files that the guide explains convert the example rules in every format they name.

use std::path::Path;
use std::sync::Arc;

use sigyn_backends::{CustomTarget, Env, Output, dialect};
use sigyn_convert::{Converter, Settings, Strictness};
use sigyn_diagnostics::{SourceId, Sources};
use sigyn_ir::{Compat, Data, LoadOptions};
use sigyn_pipeline::{NoFiles, Pipeline};

const RULE: &str = "title: A \"quoted\" title
logsource: {product: windows, category: process_creation}
level: high
detection:
  selection: {Image|endswith: '\\cmd.exe', CommandLine|contains: ' /c '}
  condition: selection
";

const NO_PIPELINE: &str = "transformations: []\n";

fn convert(file: &str, format: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/dialects").join(file);
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"));
    convert_with(&text, format, RULE, NO_PIPELINE)
}

/// What a dialect makes of a rule behind a pipeline.
fn convert_with(dialect: &str, format: &str, rule: &str, pipeline: &str) -> String {
    let file = dialect.lines().next().unwrap_or_default();
    let dialect = dialect::load(SourceId::default(), dialect)
        .unwrap_or_else(|error| panic!("{file}: {}", error.message));
    let (pipeline, found) = Pipeline::from_yaml(SourceId::default(), pipeline);
    let settings = Settings {
        target: Box::new(CustomTarget::new(dialect)),
        pipelines: vec![pipeline.unwrap_or_else(|| panic!("{found:?}"))],
        env: Env { format: format.to_owned(), ..Env::default() },
        files: Arc::new(NoFiles),
        strictness: Strictness::Report,
        sources: Sources::default(),
    };
    let converter = Converter::new(settings).unwrap_or_else(|error| panic!("{file}: {}", error.message));
    let options = LoadOptions::new(Compat::Spec);
    let loaded = sigyn_ir::resolve(vec![sigyn_ir::read_text(SourceId::default(), rule, &options)], &options);
    match converter.convert(loaded.set).output {
        Ok(Output::Text(text)) => text,
        Ok(Output::List(queries)) => queries.iter().filter_map(Data::as_str).collect::<Vec<_>>().join("\n\n"),
        Err(failure) => panic!("{file} {format}: {}", failure.diagnostic.message),
    }
}

#[test]
fn lantern() {
    let query = r#"events: Image ends "\\cmd.exe" & CommandLine has " /c ""#;
    assert_eq!(convert("lantern.yml", "default"), query);
    let alert = format!("alert \"A \"quoted\" title\" severity high {{\n  {query}\n}}");
    assert_eq!(convert("lantern.yml", "alert"), alert);
}

#[test]
fn quarry() {
    let query = convert("quarry.yml", "default");
    assert!(query.starts_with("SELECT * FROM") && query.contains("ILIKE"), "{query}");
    let document: serde_json::Value = serde_json::from_str(&convert("quarry.yml", "json")).expect("JSON");
    assert!(document.to_string().contains("A \\\"quoted\\\" title"), "{document}");
}

/// A dialect whose lists take literals where its comparisons take patterns, and whose query names a table and the rule.
const FORMS: &str = r#"name: forms
title: Forms
operators: {or: OR, and: AND, not: NOT, group: "({expr})"}
field: {quote: '"', escape: '"', escape_matches: '"', quote_unless: '[a-z]+$'}
string: {quote: "'", escape: '\', also_escaped: '\', many: "%", one: "_", replace: {"'": "''"}}
string_forms:
  literal: {replace: {"'": "''"}}
match: {equal: "{field} LIKE {value}"}
list: {expr: "{field} {op} ({list})", or: IN, item: "'{literal}'", separator: ", "}
query:
  expression: "FROM {state[table]|field} /* {rule.title|literal} */ SET name = {rule.title|string} WHERE {query}"
  state_defaults: {table: events}
"#;

#[test]
fn list_items_and_states_are_written_in_a_form_of_their_own() {
    let rule = "title: It's 5%\nlogsource: {product: windows}\ndetection:\n  s:\n    a: ['x_y', 'o''k']\n    b: 'x_y'\n  condition: s\n";
    let table = "transformations: [{type: set_state, key: table, val: 'a \"b\" c'}]\n";
    for (pipeline, from) in [(NO_PIPELINE, "events"), (table, r#""a ""b"" c""#)] {
        let expect = format!(
            "FROM {from} /* It''s 5% */ SET name = 'It''s 5\\%' WHERE (a IN ('x_y', 'o''k')) AND b LIKE 'x\\_y'"
        );
        assert_eq!(convert_with(FORMS, "default", rule, pipeline), expect);
    }
}

#[test]
fn a_form_that_the_dialect_does_not_have_is_named() {
    let dialect = FORMS.replace("|field}", "|nowhere}");
    let error = dialect::load(SourceId::default(), &dialect).map(|_| ()).map_err(|error| error.message);
    assert!(error.as_ref().is_err_and(|error| error.contains("state[table]|nowhere")), "{error:?}");
}

#[test]
fn fields_of_another_taxonomy_may_be_mapped_to_themselves() {
    let rule = "title: t\ntaxonomy: ecs\nlogsource: {product: windows}\ndetection:\n  s: {name: x, other: y}\n  condition: s\n";
    let maps =
        |fields: &str| format!("transformations: [{{type: field_name_mapping, mapping: {{{fields}}}}}]\n");
    let query = convert_with(FORMS, "default", rule, &maps("name: name, other: b"));
    assert!(query.ends_with("WHERE name LIKE 'x' AND b LIKE 'y'"), "{query}");
}
