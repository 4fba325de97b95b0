//! Any text is a pipeline or findings; a pipeline that loads rewrites a rule or refuses it: no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigyn_diagnostics::SourceId;
use sigyn_ir::{Compat, LoadOptions, RuleItem};
use sigyn_pipeline::{Context, Pipeline};

const RULE: &str = "title: A rule
logsource: {product: windows, category: process_creation}
tags: [attack.t1059]
fields: [Image]
detection:
  selection: {Image|endswith: ['\\\\cmd.exe', 'a*b'], Hashes|contains: MD5=0123456789abcdef0123456789abcdef, EventID: 1}
  names: {User|expand: '%admins%', Other|fieldref: Image, Text|re: 'a.*b'}
  words: [foo, bar]
  condition: selection and not names or words
";

fuzz_target!(|text: &str| {
    let (pipeline, findings) = Pipeline::from_yaml(SourceId::default(), text);
    let Some(pipeline) = pipeline else {
        assert!(!findings.is_empty(), "a pipeline that is refused says why");
        return;
    };
    for compat in [Compat::Spec, Compat::PySigma] {
        let options = LoadOptions::new(compat);
        let parsed = sigyn_ir::read_text(SourceId::default(), RULE, &options);
        for item in sigyn_ir::resolve(vec![parsed], &options).set.items {
            let RuleItem::Rule(mut rule) = item else { continue };
            let mut cx = Context::new(compat);
            if pipeline.apply(&mut rule, &mut cx).is_ok() {
                let item = RuleItem::Rule(rule);
                drop(pipeline.postprocess(&item, &mut cx, "a=b".to_owned()));
            }
        }
    }
    drop(pipeline.finalize(vec!["a=b".into(), "c".into()]));
});
