//! Any text gives a tree whose places lie inside the text and which prints as the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigyn_diagnostics::SourceId;

fuzz_target!(|text: &str| {
    let stream = sigyn_yaml::parse(SourceId::default(), text);
    assert_eq!(stream.print(), text);
});
