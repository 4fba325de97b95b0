//! Any text is a pipeline or findings; a pipeline that loads never panics on a rule.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigyn_diagnostics::SourceId;

fuzz_target!(|text: &str| {
    let (pipeline, findings) = sigyn_pipeline::Pipeline::from_yaml(SourceId::default(), text);
    assert!(pipeline.is_some() || !findings.is_empty());
});
