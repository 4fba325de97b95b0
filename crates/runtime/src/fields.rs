//! What events say of the fields that something above single rules reads.

use std::collections::HashMap;

use sigyn_engine::{ClassId, Engine};
use sigyn_event::{Event, FieldPath, Resolved, Value, write_scalar};

/// Reads fields of events by the names that rules give them; kept by a thread for what it has looked up.
#[derive(Debug, Default)]
pub struct Fields {
    paths: HashMap<(Option<ClassId>, String), Vec<FieldPath>>,
}

impl Fields {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `visit` with every scalar that an event has of a field: of the first of the field's names that is there,
    /// lists flattened, and behind them what the event's class says of the field in the words of rules. Nulls are
    /// skipped. False if the field is missing. Source: `reference/sigma.md` §3.3.
    pub fn read(
        &mut self,
        engine: &Engine,
        class: Option<ClassId>,
        field: &str,
        event: Event<'_>,
        visit: &mut dyn FnMut(Value<'_>),
    ) -> bool {
        let key = (class, field.to_owned());
        let paths = self
            .paths
            .entry(key)
            .or_insert_with(|| engine.field_names(class, field).into_iter().map(FieldPath::new).collect());
        let mut own = Vec::new();
        let mut is_there = false;
        for path in paths.iter() {
            let resolved = event.visit(path, &mut |value| {
                value.scalars(&mut |scalar| {
                    if !matches!(scalar, Value::Null) {
                        let mut text = String::new();
                        write_scalar(&mut text, scalar);
                        own.push(text);
                        visit(scalar);
                    }
                });
            });
            if resolved == Resolved::Present {
                is_there = true;
                break;
            }
        }
        if let (true, Some(class)) = (is_there, class) {
            engine.further_values(class, field, event, &own).iter().for_each(|text| visit(Value::Text(text)));
        }
        is_there
    }
}
