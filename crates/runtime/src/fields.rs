//! What events say of the fields that something above single rules reads.

use std::collections::HashMap;

use sigyn_engine::{ClassId, Engine};
use sigyn_event::{Event, FieldPath, NodeId, Value, VocabularyId};

/// Reads fields of events by the names that rules give them; kept by a thread for what it has looked up.
///
/// Where a field lies follows from an event's layout, so it is looked for once for each layout. Measured: 6,400 instructions a
/// field when each event was looked through.
#[derive(Debug, Default)]
pub struct Fields {
    /// By class, then by field: a lookup by name must not allocate.
    fields: HashMap<Option<ClassId>, HashMap<String, Field>>,
    vocabulary: Option<VocabularyId>,
    /// Of an event without a layout.
    ids: Vec<NodeId>,
}

/// What is known of a field of a class.
#[derive(Debug)]
struct Field {
    paths: Vec<FieldPath>,
    /// By layout the places that are read; none if it has not been looked for.
    places: Vec<Option<Box<[NodeId]>>>,
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
        if event.layout().is_some() && self.vocabulary != Some(event.vocabulary()) {
            self.vocabulary = Some(event.vocabulary());
            self.fields.values_mut().flat_map(HashMap::values_mut).for_each(|field| field.places.clear());
        }
        let fields = self.fields.entry(class).or_default();
        if !fields.contains_key(field) {
            let paths = engine.field_names(class, field).into_iter().map(FieldPath::new).collect();
            fields.insert(field.to_owned(), Field { paths, places: Vec::new() });
        }
        let Some(known) = fields.get_mut(field) else { return };
        let places = match event.layout() {
            Some(layout) => {
                // Layouts are numbered without gaps and are bounded, and so is this.
                if known.places.len() <= layout.index() {
                    known.places.resize_with(layout.index() + 1, || None);
                }
                match known.places.get_mut(layout.index()) {
                    Some(places) => &**places.get_or_insert_with(|| {
                        let mut ids = Vec::new();
                        places_of(&known.paths, event, &mut ids);
                        ids.into()
                    }),
                    None => &[],
                }
            }
            None => {
                places_of(&known.paths, event, &mut self.ids);
                &self.ids
            }
        };
        places.iter().filter_map(|id| event.value(*id)).for_each(|value| scalars(value, visit));
        if let Some(class) = class.filter(|_| places.is_empty()) {
            let further = engine.further_values(class, field, event, &[]);
            further.first().into_iter().for_each(|text| visit(Value::Text(text)));
        }
    }
}

/// Where the first of a field's names that is there leads to, further forms only if there is nothing else.
fn places_of(paths: &[FieldPath], event: Event<'_>, ids: &mut Vec<NodeId>) {
    ids.clear();
    for path in paths {
        let _ = event.visit_places(path, &mut |id| ids.push(id));
        let Some(first) = ids.first().copied() else { continue };
        // Of one place, which is the usual case, nothing has to be told apart.
        if ids.len() > 1 {
            ids.retain(|id| !event.additional().any(|member| member.id == *id));
            if ids.is_empty() {
                ids.push(first);
            }
        }
        return;
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
        // What it learned of one reader's events does not hold for those of another.
        let mut fields = Fields::new();
        let mut check = |record: &str, field: &str, expect: &[&str]| {
            let mut scratch = engine.scratch();
            let mut got = Vec::new();
            // The second time what was learned is used.
            let expect = [expect, expect].concat();
            for step in Reader::new("x", std::io::Cursor::new(format!("{record}\n{record}\n"))) {
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
