//! Correlations and chains: why they fired, or how far they came.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::{Value, json};
use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_hunt::record::write_detected_json;
use sigyn_hunt::{Detected, Events, Origin, Piece, RuleInfo, Settings};
use sigyn_ir::{
    Correlation, CorrelationCondition, ItemId, OnMatch, RuleItem, RuleSet, ThresholdOp, WindowKind,
};
use sigyn_runtime::{Course, Courses, Observed};

use super::super::hunt::{
    RuleFiles, Selection, inputs, log_sources, not_stored, now, second, shown, thread_count, watched,
};
use super::{Explain, Format};
use crate::findings::Found;
use crate::progress::Progress;
use crate::screen::{counted, grouped};
use crate::{Exit, output, setup, store};

/// Detections of one rule that are shown in full.
const FIRED_MAX: usize = 10;
/// Groups of one rule that came near.
const NEAR_MAX: usize = 3;
/// Pieces of evidence below one detection.
const PIECES_MAX: usize = 60;

pub(super) fn explain(args: &Explain, selection: &Selection, files: &RuleFiles) -> Result<Exit, Vec<Found>> {
    let (texts, refused) = setup::texts(&files.rules, &files.file_pattern)?;
    let observed = Observed::build(selection.choose(texts, refused).set, &log_sources()?);
    let set = &observed.built.program.set;
    let inputs = inputs(&args.logs)?;
    let progress = Progress::bytes("reading", inputs.iter().map(|input| input.bytes).sum());
    let settings =
        Settings { threads: thread_count(None), events: Events::LeftOut, from: None, to: None, now: now() };
    let mut courses = None;
    watched(&progress, |control| {
        courses = Some(observed.courses(inputs, settings, control, &mut store::file));
    });
    progress.finish();
    let Some(courses) = courses.transpose().map_err(|failure| not_stored(&failure))? else {
        return Ok(Exit::Clean);
    };
    let told = Told::new(set, &courses);
    let roots = match &args.only {
        Some(name) => vec![named(set, name)?],
        None => told.roots(),
    };
    let text = match args.format {
        Format::Text => told.text(&roots),
        Format::Ndjson => told.lines(&roots),
    };
    output::write(Path::new("-"), text.as_bytes()).map_err(|error| {
        vec![Found::of("-", Diagnostic::error(&codes::input::UNWRITABLE, error.to_string()))]
    })?;
    let has_fired = roots.iter().any(|root| courses.rules.get(*root).is_some_and(|it| it.matches > 0));
    Ok(if has_fired { Exit::Findings } else { Exit::Clean })
}

/// The rule of an id, a name or a title.
pub(super) fn named(set: &RuleSet, name: &str) -> Result<usize, Vec<Found>> {
    let is_it = |item: &RuleItem| {
        let meta = item.meta();
        meta.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(name))
            || meta.name.as_deref() == Some(name)
            || meta.title == name
    };
    set.items.iter().position(is_it).ok_or_else(|| {
        let message = format!("there is no rule `{name}` among these");
        vec![Found::of("", Diagnostic::error(&codes::input::BAD_ARGUMENT, message))]
    })
}

/// Courses in words.
struct Told<'t> {
    set: &'t RuleSet,
    infos: Vec<RuleInfo>,
    courses: &'t Courses,
    /// Every detection by its id.
    by_id: HashMap<&'t str, &'t Detected>,
    /// What each rule reads.
    reads: Vec<Vec<usize>>,
}

impl<'t> Told<'t> {
    fn new(set: &'t RuleSet, courses: &'t Courses) -> Self {
        let fired = courses.rules.iter().flat_map(|course| &course.fired);
        let mut reads: Vec<Vec<usize>> = set
            .items
            .iter()
            .take(courses.rules.len())
            .map(|item| match item {
                RuleItem::Correlation(correlation) => correlation.reads().map(|id| id.0 as usize).collect(),
                RuleItem::Rule(_) => Vec::new(),
            })
            .collect();
        for (reader, read) in &courses.selected {
            if let Some(list) = reads.get_mut(reader.0 as usize) {
                list.push(read.0 as usize);
            }
        }
        Self {
            set,
            infos: set.items.iter().map(|item| RuleInfo::of(item.meta())).collect(),
            courses,
            by_id: fired.map(|one| (one.id.as_str(), one)).collect(),
            reads,
        }
    }

    /// Rules above events that no other reads.
    fn roots(&self) -> Vec<usize> {
        let read: HashSet<usize> = self.reads.iter().flatten().copied().collect();
        (0..self.reads.len()).filter(|at| !self.reads[*at].is_empty() && !read.contains(at)).collect()
    }

    fn title(&self, rule: usize) -> String {
        shown(self.infos.get(rule).map_or("", |info| &info.title))
    }

    fn course(&self, rule: usize) -> Option<&'t Course> {
        self.courses.rules.get(rule)
    }

    fn text(&self, roots: &[usize]) -> String {
        let mut out = String::new();
        for root in roots {
            if !out.is_empty() {
                out.push('\n');
            }
            self.rule(*root, 0, &mut HashSet::new(), &mut out);
        }
        for (count, what) in [
            (self.courses.untimed, "without a time, in logs in which nothing has one before"),
            (self.courses.copies, "on records that stand in several files"),
        ] {
            if count > 0 {
                out.push_str(&format!("\nLeft out: {} {what}\n", counted(count, "match")));
            }
        }
        out
    }

    /// A rule above events: what it asks for, what fired, what came near, what it reads.
    fn rule(&self, rule: usize, depth: usize, seen: &mut HashSet<usize>, out: &mut String) {
        let (Some(course), Some(item)) = (self.course(rule), self.set.items.get(rule)) else { return };
        seen.insert(rule);
        let pad = "    ".repeat(depth);
        out.push_str(&format!("{pad}{} {}\n", self.title(rule), fired_text(course.matches)));
        if let RuleItem::Correlation(correlation) = item {
            out.push_str(&format!("{pad}  asks for {}\n", self.asked(correlation)));
        }
        for one in course.fired.iter().take(FIRED_MAX) {
            out.push_str(&format!("{pad}  fired: {}\n", detection(one)));
            let mut left = PIECES_MAX;
            self.tree(&one.evidence, depth * 2 + 2, &mut left, out);
            if one.is_truncated || left == 0 {
                out.push_str(&format!("{pad}    and more\n"));
            }
        }
        if course.fired.len() > FIRED_MAX {
            let rest = grouped((course.fired.len() - FIRED_MAX) as u64);
            out.push_str(&format!("{pad}  and {rest} more; --format ndjson has all\n"));
        }
        if let RuleItem::Correlation(correlation) = item {
            self.near(correlation, course, depth, out);
        }
        self.below(rule, depth, seen, out);
    }

    /// Groups in which a correlation did not fire.
    fn near(&self, correlation: &Correlation, course: &Course, depth: usize, out: &mut String) {
        let pad = "    ".repeat(depth);
        let reads: u64 =
            correlation.reads().filter_map(|id| self.course(id.0 as usize)).map(|it| it.matches).sum();
        if course.groups == 0 && course.fired.is_empty() && reads > 0 {
            let why = match correlation.group_by.as_deref() {
                Some(fields) if !fields.is_empty() => {
                    format!("none of what it reads has all of {}", fields.join(", "))
                }
                _ => "none of what it reads has the field that it measures".to_owned(),
            };
            out.push_str(&format!("{pad}  did not begin: {}\n", shown(&why)));
        }
        for one in course.near.iter().take(NEAR_MAX) {
            let group = match one.group_text() {
                group if group.is_empty() => "came to".to_owned(),
                group => format!("{} came to", shown(&group)),
            };
            let value = one.value.as_deref().unwrap_or("0");
            out.push_str(&format!(
                "{pad}  {group} {value}, {}{}\n",
                span(one),
                self.missing(correlation, one)
            ));
            let mut left = PIECES_MAX / NEAR_MAX;
            self.tree(&one.evidence, depth * 2 + 2, &mut left, out);
            if one.is_truncated || left == 0 {
                out.push_str(&format!("{pad}    and more\n"));
            }
        }
        if course.groups > course.near.len().min(NEAR_MAX) {
            let rest = counted((course.groups - course.near.len().min(NEAR_MAX)) as u64, "group");
            out.push_str(&format!("{pad}  and {rest} more did not come nearer\n"));
        }
    }

    /// The rules of a `temporal` correlation that a window lacks.
    fn missing(&self, correlation: &Correlation, near: &Detected) -> String {
        if !correlation.kind.as_str().starts_with("temporal") {
            return String::new();
        }
        let seen: HashSet<usize> = near.evidence.iter().map(|piece| piece.rule).collect();
        let lacking = correlation.reads().map(|id| id.0 as usize).filter(|rule| !seen.contains(rule));
        let lacking: Vec<String> = lacking.map(|rule| format!("`{}`", self.title(rule))).collect();
        match lacking.is_empty() {
            true => String::new(),
            false => format!(", without {}", lacking.join(", ")),
        }
    }

    /// What a rule reads, and of what never fired, how far that came.
    fn below(&self, rule: usize, depth: usize, seen: &mut HashSet<usize>, out: &mut String) {
        let Some(reads) = self.reads.get(rule) else { return };
        let pad = "    ".repeat(depth);
        for child in reads {
            let Some(course) = self.course(*child) else { continue };
            let title = self.title(*child);
            if !self.reads.get(*child).is_none_or(Vec::is_empty) {
                if seen.contains(child) {
                    continue;
                }
                // What it told stands in the evidence above, or in the windows that came near.
                if course.matches > 0 {
                    out.push_str(&format!("{pad}  reads {title}, which {}\n", fired_text(course.matches)));
                    continue;
                }
                out.push_str(&format!("{pad}  reads\n"));
                self.rule(*child, depth + 1, seen, out);
                continue;
            }
            let first = match &course.first {
                Some((path, record)) => format!(", first {} record {}", shown(path), grouped(*record)),
                None => ": `--record` says why not of one record".to_owned(),
            };
            out.push_str(&format!("{pad}  reads {title}, which {}{first}\n", matched_text(course.matches)));
        }
    }

    fn tree(&self, pieces: &[Piece], depth: usize, left: &mut usize, out: &mut String) {
        let pad = "  ".repeat(depth);
        for piece in pieces {
            if *left == 0 {
                return;
            }
            *left -= 1;
            let title = self.title(piece.rule);
            match &piece.of {
                Origin::Record { path, record } => {
                    let record = grouped(*record);
                    out.push_str(&format!(
                        "{pad}- {} {title}: {} record {record}\n",
                        second(piece.time),
                        shown(path)
                    ));
                }
                Origin::Detection { id, evidence, is_truncated } => {
                    let one = self.by_id.get(id.as_str());
                    let of = match one.filter(|one| one.rule != piece.rule) {
                        Some(one) => format!(", on {}", self.title(one.rule)),
                        None => String::new(),
                    };
                    let facts = one.map_or(String::new(), |one| facts(one));
                    out.push_str(&format!("{pad}- {} {title}{of}{facts}\n", second(piece.time)));
                    self.tree(evidence, depth + 1, left, out);
                    if *is_truncated {
                        out.push_str(&format!("{pad}  and more\n"));
                    }
                }
            }
        }
    }

    /// What a correlation asks for, in words.
    fn asked(&self, correlation: &Correlation) -> String {
        let rules: Vec<String> =
            correlation.reads().map(|id: ItemId| format!("`{}`", self.title(id.0 as usize))).collect();
        let mut parts = vec![correlation.kind.as_str().to_owned()];
        match &correlation.condition {
            CorrelationCondition::Thresholds { thresholds, fields, .. } => {
                if !fields.is_empty() {
                    parts.push(format!("of {}", fields.join(", ")));
                }
                let bounds: Vec<String> =
                    thresholds.iter().map(|it| format!("{} {}", operator(it.op), it.number)).collect();
                parts.push(bounds.join(" and "));
            }
            CorrelationCondition::Extended { text, .. } => parts.push(format!("`{text}`")),
        }
        parts.push(format!("of {}", rules.join(", ")));
        parts.push(format!("within {}", correlation.timespan.text));
        if let Some(fields) = correlation.group_by.as_deref().filter(|fields| !fields.is_empty()) {
            parts.push(format!("by {}", fields.join(", ")));
        }
        let options = &correlation.options;
        if options.window != WindowKind::Sliding {
            parts.push(format!("(window: {})", options.window));
        }
        if options.on_match != OnMatch::Episode {
            parts.push(format!("(on_match: {})", options.on_match));
        }
        shown(&parts.join(" "))
    }

    /// One object per rule and line, from the top down.
    fn lines(&self, roots: &[usize]) -> String {
        let mut out = String::new();
        let (mut waiting, mut seen) = (roots.to_vec(), HashSet::new());
        waiting.reverse();
        while let Some(rule) = waiting.pop() {
            let Some(course) = self.course(rule).filter(|_| seen.insert(rule)) else { continue };
            let reads = self.reads.get(rule).map_or(&[][..], Vec::as_slice);
            waiting.extend(reads.iter().rev());
            let name = |at: usize| {
                let info = self.infos.get(at);
                json!({ "id": info.and_then(|info| info.id.as_deref()), "title": info.map(|info| &info.title) })
            };
            let detections = |list: &[Detected]| -> Vec<Value> {
                let one = |detected: &Detected| {
                    let mut text = String::new();
                    write_detected_json(&mut text, detected, &self.infos);
                    serde_json::from_str(&text).unwrap_or(Value::Null)
                };
                list.iter().map(one).collect()
            };
            let first =
                course.first.as_ref().map(|(path, record)| json!({ "path": **path, "record": record }));
            let object = json!({
                "rule": name(rule),
                "matches": course.matches,
                "first": first,
                "fired": detections(&course.fired),
                "nearest": detections(&course.near),
                "groups_not_fired": course.groups,
                "reads": reads.iter().map(|at| name(*at)).collect::<Vec<_>>(),
            });
            out.push_str(&format!("{object}\n"));
        }
        out
    }
}

fn operator(op: ThresholdOp) -> &'static str {
    match op {
        ThresholdOp::Lt => "<",
        ThresholdOp::Lte => "<=",
        ThresholdOp::Gt => ">",
        ThresholdOp::Gte => ">=",
        ThresholdOp::Eq => "=",
        ThresholdOp::Neq => "!=",
    }
}

fn fired_text(count: u64) -> String {
    match count {
        0 => "did not fire".to_owned(),
        1 => "fired once".to_owned(),
        count => format!("fired {} times", grouped(count)),
    }
}

fn matched_text(count: u64) -> String {
    match count {
        0 => "matched no record".to_owned(),
        count => format!("matched {}", counted(count, "record")),
    }
}

/// A detection in one line: when, which group, how much, from when to when.
fn detection(one: &Detected) -> String {
    let mut text = second(one.time);
    text.push_str(&facts(one));
    for (name, values) in &one.outcomes {
        text.push_str(&format!(", {}: {}", shown(name), shown(&values.join(", "))));
    }
    if one.is_open {
        text.push_str(", goes on where the logs end");
    }
    text
}

/// The group, the value and the window of a detection; nothing of a rule on detections, which has none.
fn facts(one: &Detected) -> String {
    let Some(value) = &one.value else { return String::new() };
    let group = match one.group_text() {
        group if group.is_empty() => String::new(),
        group => format!(" {}", shown(&group)),
    };
    format!("{group}: {value}, {}", span(one))
}

fn span(one: &Detected) -> String {
    let events = counted(one.total, "event");
    match one.first == one.last {
        true => format!("{events} at {}", second(one.first)),
        false => format!("{events} from {} to {}", second(one.first), second(one.last)),
    }
}
