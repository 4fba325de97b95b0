//! New rules from a form: everything that a rule needs, in SigmaHQ's order and file name.

use sigyn_ir::{Level, LogSource, Status};

/// Longest file name in characters without its extension: SigmaHQ allows 90.
const NAME_CHARS_MAX: usize = 90;
/// Columns that the list of fields is wrapped at.
const WIDTH: usize = 100;
/// Words of a title that stay small, as SigmaHQ lists them.
const SMALL: &[&str] = &[
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "new", "of", "on", "or", "over", "the",
    "through", "to", "via", "with", "without",
];
/// Fields that say most about an event, best first: the selection begins with one of them.
const TELLING: &[&str] = &[
    "CommandLine",
    "Image",
    "TargetFilename",
    "TargetObject",
    "ImageLoaded",
    "QueryName",
    "ScriptBlockText",
    "DestinationHostname",
    "PipeName",
    "eventName",
    "operationName",
    "cs-uri-query",
    "c-uri",
    "Provider_Name",
];

/// What a new rule says.
#[derive(Clone, Debug)]
pub struct Form<'a> {
    /// Title.
    pub title: &'a str,
    /// UUID.
    pub id: &'a str,
    /// Description; made from the title if left out.
    pub description: Option<&'a str>,
    /// References.
    pub references: &'a [String],
    /// Authors.
    pub author: &'a str,
    /// Today as `YYYY-MM-DD`.
    pub date: &'a str,
    /// Tags.
    pub tags: &'a [String],
    /// Log source.
    pub source: &'a LogSource,
    /// Fields that events of the log source have; empty if that is not known.
    pub fields: &'a [&'a str],
    /// Those among them that the log source says already: not offered.
    pub redundant: &'a [&'a str],
    /// How SigmaHQ's file names for the log source begin, if it has a word for that.
    pub file_start: Option<&'a str>,
    /// Severity.
    pub level: Level,
    /// Maturity.
    pub status: Status,
}

/// A new rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaffold {
    /// The name of its file.
    pub file_name: String,
    /// Its text.
    pub text: String,
}

impl Form<'_> {
    /// The rule. Its selection asks for a value that no event has, to be replaced; the fields that may stand there
    /// are listed beside it.
    pub fn write(&self) -> Scaffold {
        let title = titled(self.title);
        let mut text = String::new();
        let mut line = |line: String| {
            text.push_str(&line);
            text.push('\n');
        };
        let list = |key: &str, items: &[String]| {
            let items: String = items.iter().map(|item| format!("\n    - {}", quoted(item))).collect();
            (!items.is_empty()).then(|| format!("{key}:{items}"))
        };
        let description =
            self.description.map_or_else(|| format!("Detects {}", lowered(&title)), str::to_owned);
        line(format!("title: {}", quoted(&title)));
        line(format!("id: {}", self.id));
        line(format!("status: {}", self.status));
        line(format!("description: {}", quoted(&description)));
        list("references", self.references).into_iter().for_each(&mut line);
        line(format!("author: {}", quoted(self.author)));
        line(format!("date: {}", self.date));
        list("tags", self.tags).into_iter().for_each(&mut line);
        line("logsource:".to_owned());
        let parts = [
            ("category", &self.source.category),
            ("product", &self.source.product),
            ("service", &self.source.service),
        ];
        for (key, part) in parts {
            part.iter().for_each(|part| line(format!("    {key}: {}", quoted(part))));
        }
        line("detection:".to_owned());
        self.offered().into_iter().for_each(&mut line);
        line("    selection:".to_owned());
        self.selection().into_iter().for_each(&mut line);
        line("    condition: selection".to_owned());
        line("falsepositives:\n    - Unknown".to_owned());
        line(format!("level: {}", self.level));
        Scaffold { file_name: self.file_name(&title), text }
    }

    /// The fields as comment lines.
    fn offered(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for field in self.fields.iter().filter(|field| !self.redundant.contains(field)) {
            match lines.last_mut() {
                Some(line) if line.len() + field.len() + 2 <= WIDTH => {
                    line.push_str(", ");
                    line.push_str(field);
                }
                Some(line) => {
                    line.push(',');
                    lines.push(format!("    #   {field}"));
                }
                None => lines.push(format!("    # Fields: {field}")),
            }
        }
        lines
    }

    /// The items that stand for those to be written.
    fn selection(&self) -> Vec<String> {
        let has = |field: &str| self.fields.contains(&field) && !self.redundant.contains(&field);
        let plain = || {
            let is_free = |field: &&&str| !self.redundant.contains(*field) && **field != "EventID";
            self.fields.iter().find(is_free).copied().unwrap_or("field")
        };
        let mut items = Vec::new();
        // A service of Windows tells its events apart by number. No event has this one.
        let is_windows = self.source.product.as_deref() == Some("windows") && self.fields.is_empty();
        if self.source.category.is_none() && (is_windows || has("EventID")) {
            items.push("        EventID: 0".to_owned());
        }
        let telling = TELLING.iter().copied().find(|field| has(field)).unwrap_or_else(plain);
        items.push(format!("        {}|contains: 'REPLACE ME'", telling));
        items
    }

    fn file_name(&self, title: &str) -> String {
        let plain = |text: &str| {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
            words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
        };
        let start = self.file_start.map_or_else(
            || {
                let parts = [&self.source.category, &self.source.product, &self.source.service];
                let parts: Vec<String> = parts.into_iter().flatten().map(|part| plain(part)).collect();
                parts.join("_") + "_"
            },
            str::to_owned,
        );
        let mut name = format!("{start}{}", plain(title));
        if name.len() > NAME_CHARS_MAX {
            // Whole words only; every character is one byte.
            name.truncate(NAME_CHARS_MAX);
            let end = name.rfind('_').filter(|end| *end >= start.len()).unwrap_or(name.len());
            name.truncate(end);
        }
        name + ".yml"
    }
}

/// A title as SigmaHQ writes it: capitals, no full stop.
fn titled(title: &str) -> String {
    let title = title.trim().trim_end_matches('.');
    let words = title.split(' ').map(|word| {
        let is_named = word.contains(['.', '/', '_']) || SMALL.contains(&word);
        let mut chars = word.chars();
        match chars.next() {
            Some(first) if !is_named => first.to_uppercase().chain(chars).collect(),
            _ => word.to_owned(),
        }
    });
    words.collect::<Vec<String>>().join(" ")
}

/// A title within a sentence: capitals go, but for names and abbreviations.
fn lowered(title: &str) -> String {
    let words = title.split(' ').map(|word| {
        let is_name = word.chars().skip(1).any(|c| c.is_uppercase() || c.is_numeric());
        if is_name { word.to_owned() } else { word.to_lowercase() }
    });
    words.collect::<Vec<String>>().join(" ")
}

/// A text as a YAML scalar on one line: plain where that reads as this text, in single quotes elsewhere.
fn quoted(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let starts_plain = text.starts_with(|c: char| c.is_alphabetic());
    let is_word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    let has_sign = text.contains(": ") || text.contains(" #") || text.ends_with(':');
    if starts_plain && !is_word && !has_sign && text.trim() == text {
        text
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use sigyn_diagnostics::{SourceFile, Sources};
    use sigyn_ir::{Level, LogSource, Status};
    use sigyn_lint::{Config, Facts, Linter};

    use super::{Form, Scaffold};

    const DAY: &str = "2026-03-02";

    fn scaffold(facts: &Facts, source: &LogSource, title: &str) -> Scaffold {
        let fields = facts.fields(source);
        Form {
            title,
            id: "5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11",
            description: None,
            references: &[],
            author: "A. Author",
            date: DAY,
            tags: &["attack.execution".to_owned()],
            source,
            fields: fields.map_or(&[], |fields| &fields.all),
            redundant: fields.map_or(&[], |fields| &fields.redundant),
            file_start: facts.file_name_start(source),
            level: Level::Medium,
            status: Status::Experimental,
        }
        .write()
    }

    #[test]
    fn no_check_finds_anything_in_a_new_rule_for_any_known_log_source() {
        let facts = Facts::bundled(Some(DAY.to_owned()));
        let sources = facts.log_sources();
        assert!(sources.len() > 100, "{}", sources.len());
        for source in sources {
            let rule = scaffold(&facts, &source, "suspicious tool: does #1 thing's work.");
            let mut files = Sources::default();
            files.add(SourceFile::new(rule.file_name.clone(), rule.text.clone()));
            let outcome = Linter::new(Config::all(), facts.clone()).run(&files);
            let found: Vec<_> =
                outcome.findings.iter().map(|found| found.diagnostic.message.clone()).collect();
            assert!(found.is_empty(), "{source:?} {}: {found:?}\n{}", rule.file_name, rule.text);
        }
    }

    #[test]
    fn what_a_rule_looks_like() {
        let facts = Facts::bundled(None);
        let source = LogSource {
            product: Some("windows".to_owned()),
            category: Some("dns_query".to_owned()),
            ..LogSource::default()
        };
        let rule = scaffold(&facts, &source, "Query for a Rare Host");
        assert_eq!(rule.file_name, "dns_query_win_query_for_a_rare_host.yml");
        for part in [
            "title: Query for a Rare Host\n",
            "description: Detects query for a rare host\n",
            "status: experimental\n",
            "date: 2026-03-02\n",
            "logsource:\n    category: dns_query\n    product: windows\n",
            "QueryResults",
            "    selection:\n        Image|contains: 'REPLACE ME'\n    condition: selection\n",
        ] {
            assert!(rule.text.contains(part), "{part}\n{}", rule.text);
        }
        let long = scaffold(&facts, &source, &"Word ".repeat(40));
        assert!(long.file_name.len() <= 94 && long.file_name.ends_with("_word.yml"), "{}", long.file_name);
    }
}
