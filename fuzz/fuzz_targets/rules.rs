//! Any text loads to rules or findings under both readings, and what loads is converted or refused: no panic.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use sigyn_backends::{Env, targets};
use sigyn_convert::{Converter, Settings, Strictness};
use sigyn_diagnostics::SourceId;
use sigyn_ir::{BacktrackingRegex, Compat, LoadOptions};
use sigyn_pipeline::NoFiles;

static CONVERTERS: LazyLock<Vec<(Compat, Converter)>> = LazyLock::new(|| {
    let mut converters = Vec::new();
    for name in ["splunk", "lucene", "kusto", "sqlite", "loki"] {
        for compat in [Compat::Spec, Compat::PySigma] {
            let target = targets::find(name).expect("a target").build().expect("its dialect loads");
            let env = Env { compat, ..Env::default() };
            let strictness = Strictness::Report;
            let settings = Settings {
                target,
                pipelines: Vec::new(),
                sources: sigyn_diagnostics::Sources::default(),
                env,
                files: Arc::new(NoFiles),
                strictness,
            };
            converters.push((compat, Converter::new(settings).expect("a converter")));
        }
    }
    converters
});

fuzz_target!(|text: &str| {
    for (compat, converter) in CONVERTERS.iter() {
        let options =
            LoadOptions { backtracking_regex: BacktrackingRegex::Allow, ..LoadOptions::new(*compat) };
        let parsed = sigyn_ir::read_text(SourceId::default(), text, &options);
        let loaded = sigyn_ir::resolve(vec![parsed], &options);
        converter.convert(loaded.set);
    }
});
