//! The dialect files that the guide explains convert the example rules in every format they name.

use std::path::Path;
use std::sync::Arc;

use sigyn_backends::{CustomTarget, Env, Output, dialect};
use sigyn_convert::{Converter, Settings, Strictness};
use sigyn_diagnostics::{SourceId, Sources};
use sigyn_ir::{Compat, Data, LoadOptions};
use sigyn_pipeline::NoFiles;

const RULE: &str = "title: A \"quoted\" title
logsource: {product: windows, category: process_creation}
level: high
detection:
  selection: {Image|endswith: '\\cmd.exe', CommandLine|contains: ' /c '}
  condition: selection
";

fn convert(file: &str, format: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/dialects").join(file);
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let dialect =
        dialect::load(SourceId::default(), &text).unwrap_or_else(|error| panic!("{file}: {}", error.message));
    let settings = Settings {
        target: Box::new(CustomTarget::new(dialect)),
        pipelines: Vec::new(),
        env: Env { format: format.to_owned(), ..Env::default() },
        files: Arc::new(NoFiles),
        strictness: Strictness::Report,
        sources: Sources::default(),
    };
    let converter = Converter::new(settings).unwrap_or_else(|error| panic!("{file}: {}", error.message));
    let options = LoadOptions::new(Compat::Spec);
    let loaded = sigyn_ir::resolve(vec![sigyn_ir::read_text(SourceId::default(), RULE, &options)], &options);
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
