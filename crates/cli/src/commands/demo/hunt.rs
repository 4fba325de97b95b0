//! `sigyn demo`: a hunt in the bundled logs, told so that one who has never seen Sigyn can read it.

use std::io::BufRead;

use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_engine::{Explanation, Step};
use sigyn_event::Timestamp;
use sigyn_hunt::{Control, Detected, Events, Hit, Input, Report, Settings, Summary};
use sigyn_ir::{Rule, RuleItem};

use super::samples::{self, Sample};
use crate::args::Pipelines;
use crate::commands::explain::on_record;
use crate::commands::hunt::{Loaded, Selection, SelectionArgs, correlated, counts, second, shown};
use crate::findings::Found;
use crate::grid::Fit;
use crate::screen::{Color, Screen, Tint, counted, cut, wrap};
use crate::store;

/// The rule of which a match is explained, by its title.
const EXPLAINED: &str = "Certutil Used To Fetch A File From The Web";
/// Columns of a paragraph where no terminal says otherwise.
const TEXT_WIDTH: usize = 100;
/// Column at which the right half of a list begins.
const MARGIN: usize = 14;

/// What the demonstration prints.
pub(super) fn text() -> Result<String, Vec<Found>> {
    let selection = Selection::new(&SelectionArgs::of(&Pipelines::default()))?;
    let loaded = selection.compile(samples::rules(), Vec::new())?;
    let found = run(&loaded);
    let mut page = Page::new(Screen::stdout());
    page.paragraph(&format!(
        "Sigyn looks through {} with {}. Both are part of the program and tell a made-up story: the morning on \
         which a shop's web server and its office network are broken into, with the work of the day around it.",
        counted(samples::LOGS.len() as u64, "log"),
        counted(loaded.program.rule_count() as u64, "detection rule"),
    ));
    read(&mut page, &found);
    matched(&mut page, &found, &loaded);
    explained(&mut page, &found, &loaded)?;
    next(&mut page);
    Ok(page.text)
}

/// What the hunt found.
#[derive(Default)]
struct Findings {
    summary: Summary,
    hits: Vec<Hit<'static>>,
    detected: Vec<Detected>,
    /// Path, shape and records of each log.
    logs: Vec<(String, &'static str, u64)>,
}

fn run(loaded: &Loaded) -> Findings {
    let inputs = samples::LOGS.iter().map(|(path, bytes)| Input {
        path: (*path).to_owned(),
        bytes: bytes.len() as u64,
        open: Box::new(|| Ok(Box::new(*bytes) as Box<dyn BufRead + Send>)),
    });
    let settings = Settings { threads: 1, events: Events::LeftOut, from: None, to: None, now: None };
    let mut found = Findings::default();
    let report = &mut |report: Report<'_>| {
        found.summary.add(&report);
        match report {
            Report::Hit(hit) => found.hits.push(hit.into_owned()),
            Report::Read { path, shape, outcome, .. } => {
                match found.logs.iter_mut().find(|log| log.0 == path) {
                    Some(log) => log.2 += outcome.records,
                    None => found.logs.push((path, shape, outcome.records)),
                }
            }
            Report::Unread(_) | Report::Fields(_) => {}
        }
        true
    };
    let inputs = inputs.collect();
    let correlated =
        sigyn_runtime::hunt(&loaded.program, inputs, settings, &Control::default(), &mut store::file, report);
    correlated.detected.iter().for_each(|detected| found.summary.add_detected(detected));
    found.detected = correlated.detected;
    found
}

fn read(page: &mut Page, found: &Findings) {
    page.heading("What was read");
    let width = found.logs.iter().map(|(path, ..)| path.len()).max().unwrap_or(0);
    for (path, shape, records) in &found.logs {
        page.line(&format!("  {path:<width$}  {:>10}  {shape}", counted(*records, "record")));
    }
    page.paragraph("Nothing had to be configured: what a log is, is told by its content.");
}

fn matched(page: &mut Page, found: &Findings, loaded: &Loaded) {
    page.heading("What was found");
    page.text.push_str(&counts(&found.summary, &loaded.infos, page.screen, Fit::Screen));
    page.text.push_str(&correlated(&found.detected, &loaded.infos, page.screen, Fit::Screen));
    page.paragraph(&format!(
        "{} matched {} in {}. The level is the rule's: how bad it is if it is what it looks like. Times are UTC.",
        counted(found.summary.rules.len() as u64, "rule"),
        counted(found.summary.hits, "time"),
        counted(found.summary.records(), "record"),
    ));
}

/// Why one of the matches is one.
fn explained(page: &mut Page, found: &Findings, loaded: &Loaded) -> Result<(), Vec<Found>> {
    let defect =
        || vec![Found::of("", Diagnostic::error(&codes::input::BAD_ARGUMENT, "the samples are incomplete"))];
    let is_it = |hit: &&Hit<'_>| loaded.infos.get(hit.rule).is_some_and(|info| info.title == EXPLAINED);
    let hit = found.hits.iter().find(is_it).ok_or_else(defect)?;
    let RuleItem::Rule(rule) = loaded.program.set.items.get(hit.rule).ok_or_else(defect)? else {
        return Err(defect());
    };
    let path = hit.member.path.as_str();
    let (_, bytes): &Sample = samples::LOGS.iter().find(|(name, _)| *name == path).ok_or_else(defect)?;
    let explanations = on_record(loaded, path, Box::new(*bytes), hit.record)?;
    let (_, explanation) = explanations.iter().find(|(at, _)| *at == hit.rule).ok_or_else(defect)?;

    page.heading("One match explained");
    page.item("rule", &rule.meta.title);
    page.item("which says", rule.meta.description.as_deref().unwrap_or(""));
    page.item("matched", &format!("record {} of {path}, {}", hit.record, who(hit)));
    let condition = rule.conditions.first().map_or("", |condition| condition.text.as_str());
    page.item("because", &format!("its condition holds: {condition}"));
    reasons(page, rule, explanation);
    Ok(())
}

fn who(hit: &Hit<'_>) -> String {
    let time = hit.time.map(|time: Timestamp| format!("at {}", second(time)));
    let host = hit.host.as_deref().map(|host| format!("on {}", shown(host)));
    let user = hit.user.as_deref().map(|user| format!("by {}", shown(user)));
    [time, host, user].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Each selection of the condition with what it looks for and what it saw.
fn reasons(page: &mut Page, rule: &Rule, explanation: &Explanation) {
    let mut selections = Vec::new();
    explanation.conditions.iter().for_each(|step| collect(step, rule, &mut selections));
    for (name, step) in selections {
        let mut fields = Vec::new();
        facts(step, &mut fields);
        for (at, field) in fields.iter().enumerate() {
            let mark = match (at, step.holds) {
                (0, true) => "yes",
                (0, false) => "no ",
                _ => "   ",
            };
            let name = if at == 0 { name } else { "" };
            let wanted = field.parts.iter().find(|part| part.holds == field.holds);
            let wanted = wanted.map_or("", |part| part.label.as_str());
            page.line(&format!(
                "  {name:<MARGIN$}{mark} {} {}",
                spoken(&field.label),
                wanted.trim_matches('*')
            ));
            let seen = format!("{:MARGIN$}      here: {}", "", shown(&field.seen.join(", ")));
            page.dim(&cut(&seen, page.width()));
        }
    }
}

/// The selections below a part of the condition.
fn collect<'a>(step: &'a Step, rule: &Rule, out: &mut Vec<(&'a str, &'a Step)>) {
    if rule.detections.iter().any(|(name, _)| *name == step.label) {
        out.push((&step.label, step));
    } else {
        step.parts.iter().for_each(|part| collect(part, rule, out));
    }
}

/// The fields that decide about a selection; of alternatives the first.
fn facts<'a>(step: &'a Step, out: &mut Vec<&'a Step>) {
    if !step.seen.is_empty() {
        out.push(step);
        return;
    }
    let mut deciding = step.parts.iter().filter(|part| part.holds == step.holds);
    if step.label == "one of" && step.holds {
        deciding.next().into_iter().for_each(|part| facts(part, out));
    } else {
        deciding.for_each(|part| facts(part, out));
    }
}

/// `Image|endswith` in words.
fn spoken(label: &str) -> String {
    let mut words = label.split('|');
    let field = words.next().unwrap_or("");
    let verb = words.find_map(|modifier| match modifier {
        "contains" => Some("contains"),
        "startswith" => Some("starts with"),
        "endswith" => Some("ends with"),
        "re" => Some("fits"),
        "cidr" => Some("is in"),
        _ => None,
    });
    format!("{field} {}", verb.unwrap_or("is"))
}

fn next(page: &mut Page) {
    let program = super::program();
    page.heading("What to type next");
    for (what, command) in [
        ("your logs", "hunt -r RULES LOGS"),
        ("one page", "hunt -r RULES LOGS --html report.html"),
        ("why", "explain RULE LOG --record NUMBER"),
        ("your SIEM", "convert -t splunk -p splunk_windows RULES"),
        ("these files", "demo save FOLDER"),
        ("everything", "help"),
    ] {
        page.item(what, &format!("{program} {command}"));
    }
    page.paragraph(
        "RULES are Sigma rules: a file or a folder. Thousands are at https://github.com/SigmaHQ/sigma.",
    );
}

/// Text as it grows.
struct Page {
    screen: Screen,
    text: String,
}

impl Page {
    fn new(screen: Screen) -> Self {
        Self { screen, text: String::new() }
    }

    fn width(&self) -> usize {
        self.screen.width.map_or(TEXT_WIDTH, |width| width.min(TEXT_WIDTH))
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn dim(&mut self, line: &str) {
        let line = self.screen.color.paint(Tint::Dim, line);
        self.line(&line);
    }

    fn heading(&mut self, heading: &str) {
        let heading = match self.screen.color {
            Color::Ansi => self.screen.color.paint(Tint::Bold, heading),
            Color::Plain => heading.to_uppercase(),
        };
        self.line("");
        self.line(&heading);
    }

    fn paragraph(&mut self, text: &str) {
        for line in wrap(text, self.width()) {
            self.line(&line);
        }
    }

    /// A word and what belongs to it.
    fn item(&mut self, word: &str, text: &str) {
        for (at, line) in wrap(text, self.width().saturating_sub(MARGIN + 2)).iter().enumerate() {
            let word = if at == 0 { word } else { "" };
            self.line(&format!("  {word:<MARGIN$}{line}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::spoken;

    #[test]
    fn comparisons_are_spoken() {
        for (label, expect) in [
            ("Image|endswith", "Image ends with"),
            ("CommandLine|contains|windash", "CommandLine contains"),
            ("EventID", "EventID is"),
        ] {
            assert_eq!(spoken(label), expect);
        }
    }
}
