//! Decoding an event that looks like earlier ones allocates nothing.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::alloc::System;
use std::io::Cursor;

use sigyn_readers::{Decoder, Reader, Step};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const FLAT: &str = r#"{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","SourceName":"p","Image":"C:\\Windows\\System32\\a.exe","Hashes":null,"Rate":1.5}"#;
const NESTED: &str = r##"{"Event":{"System":{"EventID":{"#text":1},"Channel":"C"},"EventData":{"Image":"i \"q\"","Threat Name":"t","L":[1,"x"]}}}"##;

#[test]
fn events_of_known_layouts_cost_no_allocation() {
    let text = format!("{FLAT}\n{NESTED}\n").repeat(20);
    let steps: Vec<Step> = Reader::new("x", Cursor::new(text)).collect();
    let [Step::Batch(batch)] = steps.as_slice() else { panic!("{steps:?}") };
    let mut decoder = Decoder::new(None);
    let mut members = 0;
    let mut decode = || {
        let outcome = decoder.decode(batch, &mut |_, event| {
            members += event.root().iter().count() + event.aliases().count() + event.mounted().count();
            true
        });
        assert_eq!((outcome.records, outcome.damaged), (40, 0));
    };
    decode();
    let region = Region::new(ALLOCATOR);
    decode();
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0), "{change:?}");
    assert!(members > 0);
}
