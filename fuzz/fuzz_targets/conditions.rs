//! Any text is a condition or an error with a range inside the text, under both readings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigyn_syntax::Compat;
use sigyn_syntax::condition::{parse_condition, parse_correlation_condition};

fuzz_target!(|text: &str| {
    for compat in [Compat::Spec, Compat::PySigma] {
        for parsed in [parse_condition(text, compat), parse_correlation_condition(text, compat)] {
            if let Err(error) = parsed {
                assert!(text.get(error.range.clone()).is_some(), "{:?} lies outside the text", error.range);
            }
        }
    }
});
