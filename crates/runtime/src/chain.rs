//! Detections as events: which rules on detections match them (E36).

use std::collections::HashMap;

use sigyn_correlate::{Detection, Evidence, FieldValue, Id, Matcher, Plan, Value};
use sigyn_engine::Scratch;
use sigyn_event::EventBuf;
use sigyn_ir::ItemId;

use crate::program::Program;

/// Matches detections against rules that select on them.
#[derive(Debug)]
pub(crate) struct OnDetections<'p> {
    program: &'p Program,
    plan: &'p Plan,
    scratch: Scratch,
    buf: EventBuf,
    /// How many detections were tried.
    pub(crate) tried: u64,
    /// What single matches rest on that rules on detections took: others refer to them by id.
    pub(crate) hits: HashMap<Id, Vec<Evidence>>,
}

impl<'p> OnDetections<'p> {
    pub(crate) fn new(program: &'p Program, plan: &'p Plan) -> Self {
        let (scratch, buf) = (program.engine.scratch(), EventBuf::new());
        Self { program, plan, scratch, buf, tried: 0, hits: HashMap::new() }
    }
}

impl Matcher for OnDetections<'_> {
    fn matches(&mut self, detection: &Detection, rules: &[ItemId], matched: &mut Vec<ItemId>) {
        let Some(class) = self.program.detections() else { return };
        if detection.rule.0 as usize >= self.program.shown_to_rules {
            return;
        }
        self.tried += 1;
        fill(&mut self.buf, detection, self.plan);
        let event = self.buf.event("");
        let found = self.program.engine.matches(event, class, &mut self.scratch);
        // Rules without a log source would read whatever there is; only those that are asked about count.
        let before = matched.len();
        matched.extend(rules.iter().copied().filter(|rule| found.contains(rule)));
        if matched.len() > before
            && detection.evidence.iter().all(|one| !one.is_detection)
            && detection.value.is_none()
        {
            self.hits.insert(detection.id, detection.evidence.clone());
        }
    }
}

/// Writes a detection down as an event.
pub(crate) fn fill(buf: &mut EventBuf, detection: &Detection, plan: &Plan) {
    buf.clear();
    buf.begin_map(None);
    for (name, values) in detection.fields(plan) {
        let key = buf.name(&name);
        match values.as_slice() {
            [] => {}
            [value] => push(buf, Some(key), value),
            values => {
                buf.begin_list(Some(key));
                values.iter().for_each(|value| push(buf, None, value));
                buf.end();
            }
        }
    }
    buf.end();
}

fn push(buf: &mut EventBuf, key: Option<sigyn_event::Text>, value: &FieldValue) {
    match value {
        FieldValue::Text(text) => {
            buf.push_str(key, text);
        }
        FieldValue::Number(Value::Int(number)) => {
            // Beyond 64 bits a number is compared as its decimal text, as anywhere else.
            match i64::try_from(*number) {
                Ok(number) => buf.push_int(key, number),
                Err(_) => buf.push_str(key, &number.to_string()),
            };
        }
        FieldValue::Number(Value::Float(number)) => {
            buf.push_float(key, *number);
        }
    }
}
