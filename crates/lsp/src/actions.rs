//! Quick fixes: what findings carry, suppressing them, and everything that is safe at once.

use std::ops::Range;
use std::path::Path;

use sigyn_diagnostics::{SourceId, Span};
use sigyn_lint::{Finding, Safety, apply_fixes, same_meaning};

use crate::outline::Outline;
use crate::workspace::{Checked, Workspace};

/// How often mended text is looked at anew: a fix may make room for another.
const ROUNDS_MAX: usize = 8;

/// A piece of text that takes the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// What goes.
    pub range: Range<usize>,
    /// What comes.
    pub text: String,
}

/// Something that can be done about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it does, as a command.
    pub title: String,
    /// What kind of action.
    pub kind: ActionKind,
    /// The finding, by its number among those of the file.
    pub finding: usize,
    /// The edits.
    pub edits: Vec<TextEdit>,
}

/// What an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// Mends the finding and keeps the meaning of the rule.
    SafeFix,
    /// Mends the finding; the meaning of the rule may change.
    UnsafeFix,
    /// Takes the finding out by a comment.
    Suppress,
}

/// What can be done about the findings that touch a range.
pub fn actions(workspace: &Workspace, path: &Path, checked: &Checked, range: &Range<usize>) -> Vec<Action> {
    let Some(text) = workspace.text(path) else { return Vec::new() };
    let text = text.as_str();
    let mut actions = Vec::new();
    for (at, finding) in checked.findings.iter().enumerate() {
        let span = finding.diagnostic.span.unwrap_or(Span::new(checked.source, 0, 0)).range();
        if span.start > range.end || range.start > span.end {
            continue;
        }
        actions.extend(fix(text, checked, at, finding));
        if !finding.diagnostic.is_error() {
            let edit = suppression(text, finding);
            let title = format!("Allow {} here", finding.name());
            actions.push(Action { title, kind: ActionKind::Suppress, finding: at, edits: vec![edit] });
        }
    }
    // What mends comes before what hides, and what is safe before what is not.
    actions.sort_by_key(|action| action.kind as u8);
    actions
}

fn fix(text: &str, checked: &Checked, at: usize, finding: &Finding) -> Option<Action> {
    let fix = finding.diagnostic.fix.as_ref()?;
    let mut edits = Vec::with_capacity(fix.edits.len());
    for edit in &fix.edits {
        let range = edit.span.range();
        if edit.span.source != checked.source || text.get(range.clone()).is_none() {
            return None;
        }
        edits.push(TextEdit { range, text: edit.text.clone() });
    }
    let (kind, note) = match fix.is_safe {
        true => (ActionKind::SafeFix, ""),
        false => (ActionKind::UnsafeFix, " (may change what the rule means)"),
    };
    let mut title = fix.title.clone();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Some(Action { title: format!("{title}{note}"), kind, finding: at, edits })
}

/// A comment that suppresses a finding: behind its line, or above the entry where the line goes on.
fn suppression(text: &str, finding: &Finding) -> TextEdit {
    let name = finding.name();
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let Some(start) = finding.diagnostic.span.map(|span| (span.start as usize).min(text.len())) else {
        return TextEdit { range: 0..0, text: format!("# sigyn: allow({name}){newline}") };
    };
    let outline = Outline::at(text, start);
    let entry = outline.last_before(start).map(|at| outline.entry(at));
    let goes_on = entry.filter(|entry| outline.slice(&entry.value).contains('\n'));
    if let Some(entry) = goes_on {
        let line = text[..entry.key.start].rfind('\n').map_or(0, |at| at + 1);
        let indent: String = text[line..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
        return TextEdit { range: line..line, text: format!("{indent}# sigyn: allow({name}){newline}") };
    }
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let line = text[line_start..line_end].trim_end();
    let end = line_start + line.len();
    // A comment that allows something already takes the name in.
    if let Some(open) = line.find("# sigyn: allow(")
        && let Some(close) = line[open..].find(')')
    {
        let at = line_start + open + close;
        return TextEdit { range: at..at, text: format!(", {name}") };
    }
    TextEdit { range: end..end, text: format!(" # sigyn: allow({name})") }
}

/// Everything that can be mended without changing what rules mean, as one edit; `None` if there is nothing.
pub fn fix_all(workspace: &Workspace, path: &Path) -> Option<TextEdit> {
    let before = workspace.text(path)?.as_str();
    let mut text = before.to_owned();
    for _ in 0..ROUNDS_MAX {
        let findings = workspace.check_alone(path, &text);
        let applied = apply_fixes(&text, SourceId::default(), &findings, Safety::Safe);
        // A safe fix that changes the meaning is a defect; then the text stays as it is.
        if applied.count == 0 || !same_meaning(&text, &applied.text) {
            break;
        }
        text = applied.text;
    }
    difference(before, &text)
}

/// The one edit that turns a text into another.
fn difference(before: &str, after: &str) -> Option<TextEdit> {
    if before == after {
        return None;
    }
    let start = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    let start = floor(before, start);
    let most = before.len().min(after.len()) - start;
    let same = before.bytes().rev().zip(after.bytes().rev()).take(most).take_while(|(a, b)| a == b).count();
    let mut end = same;
    while !before.is_char_boundary(before.len() - end) || !after.is_char_boundary(after.len() - end) {
        end -= 1;
    }
    Some(TextEdit { range: start..before.len() - end, text: after[start..after.len() - end].to_owned() })
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
