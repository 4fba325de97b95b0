//! The page of all log sources.

use sigyn_engine::{Known, LogSources};
use sigyn_ir::LogSource;

use super::cell;

const INTRODUCTION: &str = "\
# Log sources

What `sigyn hunt` takes events for, without configuration. An event is compared with these groups in their order and
belongs to the first that fits; it then has the group's log sources, and what its event id or other fields add. A rule
is tried on an event if every part of its `logsource` (product, category, service) is among them. Nothing is guessed
from file names.

*Field names*: where an event lacks a field that a rule names, the other names are looked for, in this order. *In other
words*: fields whose values the event states differently than rules do (an integrity level as a SID, a program as a
kernel path, arguments as a list); the rule's words are added beside them.

Events that fit no group are counted and reported; no rule is tried on them. Rules whose log source is not here, rules
for which there was no event, and rules that need a field that no event had are listed by `sigyn hunt --verbose`, in the
page of `--html` and in the file of `--summary`.

The table is `crates/engine/data/logsources/`; what each file was checked against stands at its top.
";

pub(super) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    // A test of the engine reads the table; a build cannot hold another one.
    let Ok(sources) = LogSources::built_in() else { return page };
    for known in sources.catalogue() {
        section(&mut page, &known);
    }
    page
}

fn section(page: &mut String, known: &Known) {
    page.push_str(&format!("\n## {}\n\n", known.name));
    if let Some(about) = &known.about {
        page.push_str(&format!("{about}\n\n"));
    }
    let sources: Vec<String> = known.sources.iter().map(source).collect();
    page.push_str(&format!("- log source: {}\n", sources.join("; ")));
    page.push_str(&format!("- recognised by: {}\n", known.recognised.join("; ")));
    for (when, categories) in &known.events {
        page.push_str(&format!(
            "- {when}: also {}\n",
            categories.iter().map(code).collect::<Vec<_>>().join(", ")
        ));
    }
    if !known.reworded.is_empty() {
        let fields: Vec<String> = known.reworded.iter().map(code).collect();
        page.push_str(&format!("- in other words: {}\n", fields.join(", ")));
    }
    if !known.aliases.is_empty() {
        page.push_str("\n| field | also found as |\n|---|---|\n");
        for (field, others) in &known.aliases {
            let others: Vec<String> = others.iter().map(code).collect();
            page.push_str(&format!("| {} | {} |\n", cell(&code(field)), cell(&others.join(", "))));
        }
    }
}

fn code(text: impl AsRef<str>) -> String {
    format!("`{}`", text.as_ref())
}

fn source(source: &LogSource) -> String {
    let parts = [("product", &source.product), ("category", &source.category), ("service", &source.service)];
    let given =
        parts.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} `{value}`")));
    given.collect::<Vec<_>>().join(", ")
}
