//! What events say of the fields that something above single rules reads.

use std::collections::HashMap;

use sigyn_engine::{ClassId, Engine};
use sigyn_event::{Event, FieldPath, NodeId, Value};

/// Reads fields of events by the names that rules give them; kept by a thread for what it has looked up.
#[derive(Debug, Default)]
pub struct Fields {
    /// By class, then by field: a lookup by name must not allocate.
    paths: HashMap<Option<ClassId>, HashMap<String, Vec<FieldPath>>>,
    ids: Vec<NodeId>,
    /// Of the same event, the further forms.
    further: Vec<NodeId>,
}

impl Fields {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `visit` with every scalar that an event has of a field: of the first of the field's names that is there, lists
    /// flattened, nulls skipped. Source: `reference/sigma.md` §3.3.
    ///
    /// Readers and log sources add further forms of a value, such as a decoded address or a path with a drive letter, so
    /// that rules match any of them. Counted or grouped by, they would make two of one: they are read only where the event
    /// has nothing else, and of them the first, which is the value as it was written.
    pub fn read(
        &mut self,
        engine: &Engine,
        class: Option<ClassId>,
        field: &str,
        event: Event<'_>,
        visit: &mut dyn FnMut(Value<'_>),
    ) {
        let paths = self.paths.entry(class).or_default();
        if !paths.contains_key(field) {
            let names = engine.field_names(class, field).into_iter().map(FieldPath::new).collect();
            paths.insert(field.to_owned(), names);
        }
        let Some(paths) = paths.get(field) else { return };
        for path in paths {
            self.ids.clear();
            let _ = event.visit_places(path, &mut |id| self.ids.push(id));
            let Some(first) = self.ids.first().copied() else { continue };
            // Of one place, which is the usual case, nothing has to be told apart, and nothing is walked for it.
            if self.ids.len() > 1 {
                self.further.clear();
                self.further.extend(event.additional().map(|member| member.id));
                self.ids.retain(|id| !self.further.contains(id));
                if self.ids.is_empty() {
                    self.ids.push(first);
                }
            }
            self.ids.iter().filter_map(|id| event.value(*id)).for_each(|value| scalars(value, visit));
            return;
        }
        if let Some(class) = class {
            let further = engine.further_values(class, field, event, &[]);
            further.first().into_iter().for_each(|text| visit(Value::Text(text)));
        }
    }
}

fn scalars(value: Value<'_>, visit: &mut dyn FnMut(Value<'_>)) {
    value.scalars(&mut |scalar| {
        if !matches!(scalar, Value::Null) {
            visit(scalar);
        }
    });
}

#[cfg(test)]
mod tests {
    use sigyn_engine::{Config, LogSources};
    use sigyn_event::write_scalar;
    use sigyn_ir::RuleSet;
    use sigyn_readers::{Decoder, Reader, Step};

    use super::*;

    #[test]
    fn each_value_counts_once() {
        let engine =
            Engine::build(&RuleSet::default(), &LogSources::built_in().unwrap(), Config::standard()).engine;
        let check = |record: &str, field: &str, expect: &[&str]| {
            let (mut fields, mut scratch) = (Fields::new(), engine.scratch());
            let mut got = Vec::new();
            for step in Reader::new("x", std::io::Cursor::new(record.to_owned())) {
                let Step::Batch(batch) = step else { unreachable!("{record}") };
                Decoder::new(None).decode(&batch, &mut |_, event| {
                    let class = engine.classify(event, &mut scratch);
                    fields.read(&engine, class, field, event, &mut |value| {
                        let mut text = String::new();
                        write_scalar(&mut text, value);
                        got.push(text);
                    });
                    true
                });
            }
            assert_eq!(got, expect, "{field} of {record}");
        };
        check(r#"{"a":[1,"x",null,[true]]}"#, "a", &["1", "x", "true"]);
        check(r#"{"a":null}"#, "a", &[]);
        check(r#"{"a":{"b":"c"}}"#, "a.b", &["c"]);
        // Other names of a log source's fields.
        check(
            r#"{"Channel":"Security","EventID":4688,"NewProcessName":"C:\\a.exe"}"#,
            "Image",
            &["C:\\a.exe"],
        );
        // The decoded form of the query is for matching.
        let line = "1.2.3.4 - - [02/Mar/2026:00:59:00 +0000] \"GET /a?b=%27 HTTP/1.1\" 200 1 \"-\" \"x\"";
        check(line, "cs-uri-query", &["b=%27"]);
        check(line, "c-ip", &["1.2.3.4"]);
        // No less where JSON carries the line: all that it says is further then, the decoded form after what was written.
        let carried = format!(r#"{{"message":"{}"}}"#, line.replace('"', "\\\""));
        check(&carried, "cs-uri-query", &["b=%27"]);
        check(&carried, "url.original", &["/a?b=%27"]);
        check(&carried, "source.ip", &["1.2.3.4"]);
    }
}
