//! Any text is a dialect or a finding with a place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigyn_diagnostics::SourceId;

fuzz_target!(|text: &str| {
    if let Err(finding) = sigyn_backends::dialect::load(SourceId::default(), text) {
        assert!(finding.span.is_some_and(|span| span.end as usize <= text.len()));
    }
});
