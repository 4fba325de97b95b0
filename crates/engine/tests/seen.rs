//! Rules that cannot match for want of a field are found, with the field; others are not.

#![expect(clippy::unwrap_used, reason = "tests")]

use sigyn_diagnostics::SourceId;
use sigyn_engine::{Config, Engine, LogSources, SeenFields};
use sigyn_event::EventBuf;
use sigyn_ir::{Compat, LoadOptions};

fn event(fields: &[(&str, &str)]) -> EventBuf {
    let mut buf = EventBuf::new();
    buf.begin_map(None);
    for (key, value) in [("Channel", "Security"), ("EventID", "4688")].iter().chain(fields) {
        let key = buf.name(key);
        buf.push_str(Some(key), value);
    }
    buf.end();
    buf
}

/// The reason why a detection cannot match events, noted by two threads; empty if it can.
fn check(detection: &str, events: &[&[(&str, &str)]], expect: &str) {
    let rule = format!(
        "title: x\nlogsource: {{product: windows, category: process_creation}}\ndetection:\n{detection}\n"
    );
    let options = LoadOptions::new(Compat::Spec);
    let parsed = sigyn_ir::read_text(SourceId::default(), &rule, &options);
    let set = sigyn_ir::resolve(vec![parsed], &options).set;
    let engine = Engine::build(&set, &LogSources::built_in().unwrap(), Config::standard()).engine;
    let mut scratch = engine.scratch();
    let mut threads = [SeenFields::default(), SeenFields::default()];
    for (at, fields) in events.iter().enumerate() {
        let buf = event(fields);
        let class = engine.run(buf.event(""), &mut scratch).0;
        threads[at % 2].note(&engine, class, buf.event(""));
    }
    let [mut seen, other] = threads;
    seen.merge(other);
    let blind = engine.blind(&seen);
    assert_eq!(blind.first().map_or("", |blind| blind.reason.as_str()), expect, "{rule}");
}

#[test]
fn blind_rules_name_what_they_want() {
    let none: &[&[(&str, &str)]] = &[&[("NewProcessName", "a.exe")], &[("NewProcessName", "b.exe")]];
    let command = "    s: {CommandLine|contains: x}\n    condition: s";
    let why = "CommandLine was in none of the 2 events of windows security: process_creation: is the auditing of command lines on (ProcessCreationIncludeCmdLine_Enabled)?";
    check(command, none, why);
    check(
        command,
        &[&[("CommandLine", "")], &[("CommandLine", "")]],
        &why.replace("in none", "empty in all"),
    );
    check(command, &[&[("CommandLine", "")], &[("CommandLine", "y")]], "");
    // Found under another name, and in other words.
    check("    s: {Image|endswith: x}\n    condition: s", none, "");
    check("    s: {IntegrityLevel: High}\n    condition: s", &[&[("MandatoryLabel", "S-1-16-12288")]], "");
    // A way without the field.
    check("    a: {CommandLine: x}\n    b: {Image: y}\n    condition: a or b", none, "");
    check("    a: {CommandLine: x}\n    b: {Image: y}\n    condition: b and not a", none, "");
    check("    a: {CommandLine: null}\n    b: {Image: y}\n    condition: a and b", none, "");
    check("    a: {CommandLine: ''}\n    condition: a", &[&[("CommandLine", "")]], "");
    check("    k: [x]\n    condition: k", none, "");
    // Several fields: all of them, or any.
    check(
        "    s: {Product: x, Company: y}\n    condition: s",
        none,
        "Product, Company were in none of the 2 events of windows security: process_creation",
    );
    check(
        "    a: {Product: x}\n    b: {Company: y}\n    condition: a or b",
        none,
        "Product and Company were in none of the 2 events of windows security: process_creation",
    );
    check("    a: {Product|exists: false}\n    condition: a", none, "");
}
