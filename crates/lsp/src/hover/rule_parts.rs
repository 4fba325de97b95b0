//! What needs the rule around a place: fields of its log source, its search identifiers, other rules.

use sigyn_ir::LogSource;

use super::{View, escaped, quoted};
use crate::condition::Block;
use crate::index::Key;
use crate::knowledge::words;
use crate::outline::Outline;

/// Longest name for which one like it is looked for.
const NAME_BYTES_MAX: usize = 128;
/// Lines of a search identifier that are shown.
const LINES_MAX: usize = 12;

impl View<'_> {
    /// The log source of the document: its own, else that of the collection's global part.
    pub(crate) fn source(&self) -> LogSource {
        log_source(self.outline)
    }

    /// A field: what it holds, and whether events of the log source have it.
    pub(super) fn field(&self, name: &str) -> String {
        let knowledge = &self.workspace.knowledge;
        let source = self.source();
        let mut text = format!("**{}**", escaped(name));
        if let Some(note) = knowledge.field(name) {
            text.push_str(&format!(" ({}) {}", note.kind, note.about));
        }
        let named = quoted(&words(&source));
        match knowledge.facts.fields(&source) {
            Some(fields) if fields.all.is_empty() => {}
            Some(fields) if fields.redundant.contains(&name) => {
                text.push_str(&format!("\n\nThe log source {named} says its value already."));
            }
            Some(fields) if fields.all.contains(&name) => {
                text.push_str(&format!("\n\nEvents of {named} have it."));
            }
            Some(fields) => {
                text.push_str(&format!("\n\nEvents of {named} have no such field."));
                // The price of a comparison grows with both lengths.
                let name = if name.len() <= NAME_BYTES_MAX { name } else { "" };
                if let Some(near) = sigyn_syntax::nearest(name, &fields.all) {
                    text.push_str(&format!(" Did you mean {}?", quoted(near)));
                }
            }
            None => {}
        }
        for found in knowledge.recognised(&source) {
            let aliases = found.group.aliases.iter().filter(|(field, _)| field == name);
            for (_, names) in aliases {
                let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
                text.push_str(&format!("\n\n- {}: also as {}", found.group.name, names.join(", ")));
            }
            if found.group.reworded.iter().any(|field| field == name) {
                text.push_str(&format!(
                    "\n\n- {}: its values are put into the words of rules",
                    found.group.name
                ));
            }
        }
        text
    }

    /// A search identifier, as it is written.
    pub(super) fn selection(&self, name: &str) -> Option<String> {
        let block = Block::of(self.outline)?;
        let at = block.names.iter().position(|(known, _)| known == name)?;
        let entry = *block.entries.get(at)?;
        let first = self.outline.entry(entry);
        let last =
            self.outline.numbers().skip(entry + 1).take_while(|at| is_below(self.outline, *at, entry)).last();
        let end = last.map_or(first.value.end.max(first.key.end), |at| {
            let last = self.outline.entry(at);
            last.value.end.max(last.key.end)
        });
        let start = self.outline.text()[..first.key.start].rfind('\n').map_or(0, |at| at + 1);
        let lines: Vec<&str> = self.outline.text()[start..end].lines().take(LINES_MAX + 1).collect();
        let more = if lines.len() > LINES_MAX { "\n…" } else { "" };
        let body = lines[..lines.len().min(LINES_MAX)].join("\n").replace("```", "'''");
        Some(format!("**{}**, a search identifier\n\n```yaml\n{body}{more}\n```", escaped(name)))
    }

    /// Another rule, by what a reference says.
    pub(super) fn rule(&self, reference: &str) -> Option<String> {
        let key = Key::of_reference(reference);
        let (_, file, rule) = self.workspace.index.rules(&key).next()?;
        let title = rule.title.as_ref().map_or("", |(title, _)| title.as_str());
        let mut text = format!("**{}**\n\n{}", escaped(title), quoted(&file.name));
        let facts = [&rule.level, &rule.status];
        for fact in facts.into_iter().flatten() {
            text.push_str(&format!(" · {}", escaped(fact)));
        }
        if rule.source != LogSource::default() {
            text.push_str(&format!(" · {}", quoted(&words(&rule.source))));
        }
        if let Some(description) = &rule.description {
            text.push_str(&format!("\n\n{}", escaped(description)));
        }
        Some(text)
    }
}

/// The log source that a document says, else the global part of its file.
pub(crate) fn log_source(outline: &Outline<'_>) -> LogSource {
    let own = read(outline);
    if own != LogSource::default() || !outline.text().contains("action:") {
        return own;
    }
    let all = Outline::all(outline.text());
    let is_global = |other: &&Outline<'_>| {
        other.child(None, "action").is_some_and(|action| other.value(action) == "global")
    };
    all.iter().rfind(|other| is_global(other) && other.range.start < outline.range.start).map_or(own, read)
}

fn read(outline: &Outline<'_>) -> LogSource {
    let part = |name| outline.text_of("logsource", name).map(|text| text.into_owned());
    LogSource {
        category: part("category"),
        product: part("product"),
        service: part("service"),
        ..LogSource::default()
    }
}

fn is_below(outline: &Outline<'_>, mut at: usize, entry: usize) -> bool {
    while let Some(parent) = outline.entry(at).parent {
        if parent == entry {
            return true;
        }
        at = parent;
    }
    false
}
