//! An event that matches nothing costs no memory.

use std::alloc::System;

use sigyn_diagnostics::SourceId;
use sigyn_engine::{Config, Engine, LogSources, Routing};
use sigyn_event::EventBuf;
use sigyn_ir::{Compat, LoadOptions};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const RULES: &str = r"
title: one
logsource: {category: process_creation, product: windows}
detection:
    selection:
        Image|endswith: '\mimikatz.exe'
        CommandLine|contains|all: [sekurlsa, logonpasswords]
    networks:
        Ip|cidr: 10.0.0.0/8
        CommandLine|re: 'sek\w+'
    filter:
        User|contains: SYSTEM
    condition: (selection or networks) and not filter
---
title: two
logsource: {product: windows}
detection:
    keywords: [dpapi, 'lsadump::']
    number:
        EventID: [4, 5]
        CommandLine|fieldref: ParentCommandLine
    condition: keywords or number
---
title: always evaluated
logsource: {product: windows}
detection:
    selection: {Missing: null, EventID|gt: 100}
    condition: selection and not selection or selection and 2 of them
";

fn event() -> EventBuf {
    let mut buf = EventBuf::new();
    buf.begin_map(None);
    let fields = [
        ("Channel", "Microsoft-Windows-Sysmon/Operational"),
        ("Image", r"C:\Tools\Mimikatz.exe"),
        ("CommandLine", "É mimikatz sekurlsa nothing"),
        ("User", r"NT AUTHORITY\ſystem"),
        ("Ip", "10.1.2.3"),
    ];
    for (key, value) in fields {
        let key = Some(buf.store(key));
        buf.push_str(key, value);
    }
    let key = Some(buf.store("EventID"));
    buf.push_int(key, 1);
    let key = Some(buf.store("nested"));
    buf.begin_list(key);
    buf.push_float(None, 1.5);
    buf.end();
    buf.end();
    buf
}

#[test]
fn matching_nothing_allocates_nothing() {
    let options = LoadOptions::new(Compat::Spec);
    let parsed = sigyn_ir::read_text(SourceId::default(), RULES, &options);
    let set = sigyn_ir::resolve(vec![parsed], &options).set;
    assert_eq!(set.items.len(), 3);
    let buf = event();
    for routing in [Routing::LogSource, Routing::AllRules] {
        let config = Config { routing, ..Config::standard() };
        let built = Engine::build(&set, &LogSources::built_in().unwrap(), config);
        assert!(built.refused.is_empty(), "{:?}", built.refused);
        let mut scratch = built.engine.scratch();
        for _ in 0..3 {
            assert_eq!(built.engine.run(buf.event(""), &mut scratch).1, []);
        }
        assert!(scratch.stats.woken > 0, "rules are evaluated in this test");
        // The test harness has threads of its own; one quiet round of ten is proof.
        let costs = (0..10).map(|_| {
            let region = Region::new(ALLOCATOR);
            for _ in 0..1_000 {
                built.engine.run(buf.event(""), &mut scratch);
            }
            let change = region.change();
            change.allocations + change.reallocations
        });
        assert_eq!(costs.min(), Some(0), "{routing:?}");
    }
}
