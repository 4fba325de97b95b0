//! An event of very many members is matched in a time that grows with it, not with its square.

use sigyn_diagnostics::SourceId;
use sigyn_engine::{Config, Engine, LogSources};
use sigyn_event::EventBuf;
use sigyn_ir::{Compat, LoadOptions};

const RULE: &str = r"
title: wide
logsource: {category: process_creation, product: windows}
detection:
    selection:
        Image|endswith: x8
        CommandLine: y
        User: null
    condition: selection
";

/// Members whose names come in turn: whatever orders them by looking back would be at this for minutes.
#[test]
fn an_event_of_very_many_members_is_matched() {
    let options = LoadOptions::new(Compat::Spec);
    let parsed = sigyn_ir::read_text(SourceId::default(), RULE, &options);
    let set = sigyn_ir::resolve(vec![parsed], &options).set;
    let built = Engine::build(&set, &LogSources::built_in().unwrap(), Config::standard());
    assert!(built.refused.is_empty(), "{:?}", built.refused);
    let mut buf = EventBuf::new();
    buf.begin_map(None);
    let mut add = |key: &str, value: &str| {
        let key = Some(buf.store(key));
        buf.push_str(key, value);
    };
    add("Channel", "Microsoft-Windows-Sysmon/Operational");
    add("EventID", "1");
    for at in 0..200_000 {
        add(["Image", "CommandLine"][at % 2], &format!("x{at}"));
    }
    let mut scratch = built.engine.scratch();
    buf.end();
    assert!(built.engine.run(buf.event(""), &mut scratch).1.is_empty());
    let mut again = buf.clone();
    again.begin_additional();
    let key = Some(again.store("CommandLine"));
    again.push_str(key, "y");
    assert_eq!(built.engine.run(again.event(""), &mut scratch).1.len(), 1);
}
