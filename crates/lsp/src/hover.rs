//! What stands under the cursor, explained.

mod rule_parts;

use std::ops::Range;
use std::path::Path;

use sigyn_attack::Attack;
use sigyn_ir::LogSource;
use sigyn_lint::{Finding, by_name};

use crate::condition::{Block, TokenKind};
use crate::knowledge::{Part, words};
use crate::outline::Outline;
use crate::place::{Place, Role};
use crate::words::{self, Word};
use crate::{modifiers, workspace::Workspace};

/// An explanation, in Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// What it is about.
    pub range: Range<usize>,
    /// The text.
    pub markdown: String,
}

/// Explains what stands at an offset, and the findings there.
pub fn hover(workspace: &Workspace, path: &Path, offset: usize, findings: &[Finding]) -> Option<Hover> {
    let text = workspace.text(path)?;
    let (text, offset) = (text.as_str(), text.floor(offset));
    let outline = Outline::at(text, offset);
    let place = Place::at(&outline, offset);
    let view = View { workspace, outline: &outline, place: &place, path, offset };
    let mut hover = view.hover();
    for finding in findings {
        let Some(span) = finding.diagnostic.span.filter(|span| span.range().contains(&offset)) else {
            continue;
        };
        let about = about_finding(finding);
        match &mut hover {
            Some(hover) => hover.markdown.push_str(&format!("\n\n---\n\n{about}")),
            None => hover = Some(Hover { range: span.range(), markdown: about }),
        }
    }
    hover
}

/// A document with a place in it.
pub(crate) struct View<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) outline: &'a Outline<'a>,
    pub(crate) place: &'a Place,
    pub(crate) path: &'a Path,
    pub(crate) offset: usize,
}

impl View<'_> {
    fn hover(&self) -> Option<Hover> {
        let keys = self.place.keys();
        let word = self.outline.slice(&self.place.word);
        let plain = crate::outline::unquoted(word);
        let is_key = self.place.role == Role::Key;
        let markdown = match (keys.as_slice(), is_key) {
            _ if self.place.role == Role::Comment => return self.suppression(word),
            ([], true) => about_word(words::TOP, &plain),
            (["logsource"], true) => about_word(words::LOGSOURCE, &plain),
            (["logsource", part], false) => self.log_source(Part::of(part)?, &plain),
            (["detection" | "filter", "condition"], false) => return self.token(),
            (["detection"], true) => about_word(words::DETECTION, &plain).or_else(|| self.selection(&plain)),
            (["filter"], true) => about_word(words::FILTER, &plain).or_else(|| self.selection(&plain)),
            (["filter", "rules"], false) => self.rule(&plain),
            (["detection" | "filter", ..], true) => return self.item_key(word),
            (["level"], false) => about_word(words::LEVEL, &plain),
            (["status"], false) => about_word(words::STATUS, &plain),
            (["action"], false) => about_word(words::ACTION, &plain),
            (["tags"], false) => about_tag(&plain, &self.workspace.knowledge.facts.attack),
            (["related"], true) => about_word(words::RELATED, &plain),
            (["related", "type"], false) => about_word(words::RELATED_TYPE, &plain),
            (["related", "id"] | ["correlation", "rules"], false) => self.rule(&plain),
            (["correlation"], true) => about_word(words::CORRELATION, &plain),
            (["correlation", "type"], false) => about_word(words::CORRELATION_TYPE, &plain),
            (["correlation", "condition"], true) => about_word(words::CORRELATION_CONDITION, &plain),
            (["correlation", "condition"], false) => return self.rule_in_condition(),
            (["correlation", "group-by"] | ["correlation", "condition", "field"] | ["fields"], false) => {
                Some(self.field(&plain))
            }
            (["correlation", "aliases", _], true) => self.rule(&plain),
            (["correlation", "aliases", _, _], false) => Some(self.field(&plain)),
            _ => None,
        }?;
        Some(Hover { range: self.place.word.clone(), markdown })
    }

    /// `# sigyn: allow(name)`: what is allowed.
    fn suppression(&self, comment: &str) -> Option<Hover> {
        let (_, names) = comment.split_once("sigyn: allow(")?;
        let names = names.split(')').next().unwrap_or(names);
        let at = self.offset - self.place.word.start;
        let name = names.split(',').map(str::trim).find(|name| {
            comment
                .match_indices(name)
                .any(|(start, _)| !name.is_empty() && start <= at && at <= start + name.len())
        })?;
        let check = by_name(name)?;
        let markdown = format!(
            "**{}** `{}`: {} Not reported here.\n\n{}",
            check.code.name, check.code, check.code.summary, check.why
        );
        Some(Hover { range: self.place.word.clone(), markdown })
    }

    fn log_source(&self, part: Part, value: &str) -> Option<String> {
        let source = self.source();
        let mut alone = LogSource::default();
        let slot = match part {
            Part::Category => &mut alone.category,
            Part::Product => &mut alone.product,
            Part::Service => &mut alone.service,
        };
        *slot = Some(value.to_owned());
        let knowledge = &self.workspace.knowledge;
        let recognised = knowledge.recognised(&source);
        let mut text = format!("**log source** {}", quoted(&words(&source)));
        if recognised.is_empty() {
            text.push_str(
                match knowledge.recognised(&alone).is_empty() && knowledge.facts.fields(&source).is_none() {
                    true => "\n\nSigyn knows no events of this log source.",
                    false => "\n\nSigyn does not know how events of this log source are recognised.",
                },
            );
        }
        for found in recognised {
            let ways = found.group.recognised.join("; or ");
            let events = match found.events.join("; or ") {
                events if events.is_empty() => String::new(),
                events => format!(" with {events}"),
            };
            text.push_str(&format!("\n\n- **{}**: {ways}{events}", found.group.name));
            if let Some(about) = &found.group.about {
                text.push_str(&format!("\n  {about}"));
            }
        }
        let fields = knowledge.fields(&source);
        if !fields.is_empty() {
            text.push_str(&format!("\n\nFields: {}", fields.join(", ")));
        }
        Some(text)
    }

    /// A word of a condition.
    fn token(&self) -> Option<Hover> {
        let block = Block::of(self.outline)?;
        let token = block.token_at(self.offset)?;
        let word = self.outline.slice(&token.place);
        let markdown = match &token.kind {
            TokenKind::Name(name) => self.selection(name)?,
            TokenKind::Pattern(_) | TokenKind::Them => {
                let names: Vec<&str> =
                    block.meant_by(&token.kind).iter().map(|(name, _)| name.as_str()).collect();
                match names.is_empty() {
                    true => format!("{} means no search identifier", quoted(word)),
                    false => format!("{} means {}", quoted(word), quoted(&names.join(", "))),
                }
            }
            TokenKind::Quantifier if word.bytes().all(|byte| byte.is_ascii_digit()) && word != "1" => {
                format!("At least {word} of the search identifiers hold.")
            }
            TokenKind::Quantifier => {
                about_word(words::CONDITION, &format!("{} of", word.to_ascii_lowercase()))?
            }
            _ => about_word(words::CONDITION, &word.to_ascii_lowercase())?,
        };
        Some(Hover { range: token.place.clone(), markdown })
    }

    /// The key of an item: its field, or the modifier under the cursor.
    fn item_key(&self, word: &str) -> Option<Hover> {
        let start = self.place.word.start;
        let at = self.offset.saturating_sub(start).min(word.len());
        let from = word[..at].rfind('|').map_or(0, |at| at + 1);
        let to = word[at..].find('|').map_or(word.len(), |end| at + end);
        let range = start + from..start + to;
        let part = crate::outline::unquoted(&word[from..to]);
        let markdown = if from == 0 {
            self.field(&part)
        } else {
            let modifier = modifiers::by_name(&part)?;
            let (item, matches) = modifiers::example(modifier);
            format!("**{modifier}** {}\n\n```yaml\n{item}\n```\n\nmatches {matches}", modifier.summary())
        };
        Some(Hover { range, markdown })
    }

    fn rule_in_condition(&self) -> Option<Hover> {
        let tokens = crate::condition::tokens(self.outline, &self.place.word);
        let token = tokens
            .into_iter()
            .find(|token| token.place.start <= self.offset && self.offset <= token.place.end)?;
        match &token.kind {
            TokenKind::Name(name) => Some(Hover { markdown: self.rule(name)?, range: token.place }),
            _ => {
                let word = self.outline.slice(&token.place).to_ascii_lowercase();
                Some(Hover { markdown: about_word(words::CONDITION, &word)?, range: token.place })
            }
        }
    }
}

fn about_word(list: &'static [Word], name: &str) -> Option<String> {
    words::find(list, name).map(|word| format!("**{}** {}", word.name, word.about))
}

/// A tag: what its namespace is, and of ATT&CK what it names.
fn about_tag(tag: &str, attack: &Attack) -> Option<String> {
    let (namespace, name) = tag.split_once('.')?;
    if namespace == "attack" {
        return Some(about_attack(name, attack));
    }
    let known = words::NAMESPACES.iter().find(|(word, _)| word.name == namespace)?;
    Some(format!("**{namespace}** {}", known.0.about))
}

fn about_attack(name: &str, attack: &Attack) -> String {
    let (lower, upper) = (name.to_ascii_lowercase(), name.to_ascii_uppercase());
    if let Some(technique) = attack.technique(&upper) {
        let tactics = technique.tactics.join(", ");
        let (name, url) = (&technique.name, technique_url(&upper));
        return format!("**{name}** ({upper})\n\nTactics: {tactics}\n\n<{url}>");
    }
    if let Some(new) = attack.successor(&upper) {
        let name = attack.technique(new).map_or("", |found| found.name.as_str());
        let (tag, url) = (new.to_ascii_lowercase(), technique_url(new));
        return format!("**{upper}** was revoked; `attack.{tag}` ({name}) took its place\n\n<{url}>");
    }
    if let Some(id) = attack.tactic(&lower) {
        let later = match attack.parts_of(&lower) {
            [] => String::new(),
            parts => format!("\n\nLater versions of ATT&CK have {} instead.", parts.join(" and ")),
        };
        return format!("**{lower}**, a tactic ({id}){later}\n\n<https://attack.mitre.org/tactics/{id}/>");
    }
    if let Some(tactics) = attack.tactics_of(&lower) {
        let (tactics, url) = (tactics.join(", "), technique_url(&upper));
        return format!("**{upper}**, a technique of a later version\n\nTactics: {tactics}\n\n<{url}>");
    }
    if !attack.knows(&lower) {
        return format!("MITRE ATT&CK has no {} that Sigyn knows", quoted(name));
    }
    let is_number = lower.get(1..).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    match lower.as_bytes().first().filter(|_| is_number) {
        Some(b'g') => format!("**{upper}**, a group\n\n<https://attack.mitre.org/groups/{upper}/>"),
        Some(b's') => format!("**{upper}**, software\n\n<https://attack.mitre.org/software/{upper}/>"),
        _ => format!("**{lower}** of MITRE ATT&CK"),
    }
}

fn technique_url(id: &str) -> String {
    format!("https://attack.mitre.org/techniques/{}/", id.replace('.', "/"))
}

/// A finding with everything that its page says.
fn about_finding(finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let code = diagnostic.code;
    let why = finding.check.map_or("", |check| check.why);
    format!("**{}** `{code}`: {}\n\n{why}\n\n{}", code.name, code.summary, escaped(diagnostic.way_out()))
}

/// The page of a code, in Markdown; `None` if there is no such code.
pub fn page(name: &str) -> Option<String> {
    let check =
        sigyn_lint::ALL.iter().find(|check| check.code.name == name || check.code.to_string() == name);
    if let Some(check) = check {
        let code = &check.code;
        return Some(format!(
            "# {} ({code})\n\n{}\n\n## Why it matters\n\n{}\n\n## What to do\n\n{}\n\n## Flagged\n\n```yaml\n{}\n```\n\n## Not flagged\n\n```yaml\n{}\n```\n",
            code.name,
            code.summary,
            check.why,
            code.help,
            check.example.flagged.trim_end(),
            check.example.clean.trim_end()
        ));
    }
    let code = sigyn_diagnostics::codes::all().find(|code| code.name == name || code.to_string() == name)?;
    Some(format!("# {} ({code})\n\n{}\n\n## What to do\n\n{}\n", code.name, code.summary, code.help))
}

/// A text of a rule as code, whatever it holds.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", short(text).replace('`', "'"))
}

/// A text of a rule among our own words: nothing in it is markup.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in short(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '!' | '|' | '&') {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

/// At most so many characters of a rule's text are shown.
fn short(text: &str) -> String {
    const CHARS_MAX: usize = 400;
    let mut short: String = text.chars().take(CHARS_MAX).map(|c| if c == '\n' { ' ' } else { c }).collect();
    if short.len() < text.len() && text.chars().nth(CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}
