//! EVTX: every value is what the crate `evtx`, our oracle, gives; and damage costs only what it touches.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::Cursor;

use sigyn_readers::{Decoder, Reader, Step};

/// The events of an input as JSON with their times, and its damaged places.
fn read(name: &str, bytes: Vec<u8>) -> (Vec<String>, u64) {
    let mut decoder = Decoder::new(None);
    let (mut events, mut damaged) = (Vec::new(), 0);
    for step in Reader::new(name, Cursor::new(bytes)) {
        let Step::Batch(batch) = step else { panic!("{name}: {step:?}") };
        let outcome = decoder.decode(&batch, &mut |_, event| {
            let mut text = event.time().map_or(String::new(), |time| time.to_string());
            event.write_json(&mut text);
            events.push(text);
            true
        });
        damaged += outcome.damaged;
    }
    (events, damaged)
}

/// The same by the oracle, whose JSON is read by our JSON reader.
fn oracle(bytes: &[u8]) -> Vec<String> {
    let mut parser = evtx::EvtxParser::from_buffer(bytes.to_vec()).unwrap();
    let (mut lines, mut times) = (Vec::new(), Vec::new());
    for record in parser.records_json_bytes().flatten() {
        lines.extend(record.data);
        lines.push(b'\n');
        // A time that was never set, 1601, lies before what a timestamp holds.
        let nanos = i64::try_from(record.timestamp.as_nanosecond()).ok();
        times.push(nanos.map_or(String::new(), |nanos| sigyn_event::Timestamp(nanos).to_string()));
    }
    let events = if lines.is_empty() { Vec::new() } else { read("oracle.json", lines).0 };
    assert_eq!(events.len(), times.len());
    times.into_iter().zip(events).map(|(time, event)| time + &event).collect()
}

#[test]
fn every_value_is_the_oracles() {
    let (mut records, mut differences) = (0, Vec::new());
    for path in support::files("evtx").into_iter().chain(support::files("sigmahq/regression_data")) {
        let bytes = std::fs::read(&path).unwrap();
        let expect = oracle(&bytes);
        let (got, damaged) = read(&path.display().to_string(), bytes);
        records += got.len();
        if got.len() != expect.len() || damaged > 0 {
            differences.push(format!(
                "{}: {} of {} records, {damaged} damaged",
                path.display(),
                got.len(),
                expect.len()
            ));
        }
        for (got, expect) in got.iter().zip(&expect).filter(|(got, expect)| got != expect).take(2) {
            differences.push(format!("{}:\n {got}\n {expect}", path.display()));
        }
    }
    eprintln!("{records} records compared");
    differences.truncate(12);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
