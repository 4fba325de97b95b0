//! `sigyn coverage`: which techniques of ATT&CK rules tell of.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::Value;
use sigyn_convert::load_behind;
use sigyn_coverage::{
    Catalogue, Colours, Coverage as Counts, Gap, Levels, State, TechniqueId, Wanted, document, gaps, layer,
    page, source_gaps,
};
use sigyn_diagnostics::{Diagnostic, Sources, codes};
use sigyn_ir::{BacktrackingRegex, Compat, LoadOptions};

use crate::args::{Diagnostics, Rules};
use crate::findings::{self, Found};
use crate::screen::Screen;
use crate::table::{Form, Table};
use crate::{Exit, output, setup};

/// The words of the command.
#[derive(Debug, Args)]
pub(crate) struct Coverage {
    #[command(flatten)]
    rules: Rules,
    /// How the coverage is printed
    #[arg(long, value_enum, default_value_t = Format::Table, value_name = "FORM")]
    format: Format,
    /// What a line of the table stands for
    #[arg(long, value_enum, default_value_t = By::Technique, value_name = "WHAT")]
    by: By,
    /// Find gaps: a file that names the techniques that are wanted (a list, a table, a report, a Navigator layer), or a
    /// folder of other rules; the table then shows what is not covered
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,
    /// What the colours of the layer tell
    #[arg(long, value_enum, default_value_t = Colour::Score, value_name = "WHAT")]
    colour: Colour,
    /// Also write a heat map as one HTML page that opens offline
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Where the coverage is written; `-` is standard output
    #[arg(short, long, default_value = "-", value_name = "FILE")]
    output: PathBuf,
    /// MITRE ATT&CK as a STIX bundle, instead of the names that are built in
    #[arg(long, value_name = "FILE")]
    attack_data: Option<PathBuf>,
}

/// How the coverage is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns.
    Table,
    /// One JSON document with everything.
    Json,
    /// The table as comma-separated values.
    Csv,
    /// A layer for ATT&CK Navigator, format 4.5.
    Navigator,
}

/// What a line of the table stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// A technique or sub-technique.
    Technique,
    /// A tactic.
    Tactic,
    /// A log source.
    Logsource,
}

/// What colours tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// How many rules there are.
    Score,
    /// The severest level of the rules.
    Level,
}

pub(crate) fn run(coverage: &Coverage) -> Exit {
    coverage.run().unwrap_or_else(|found| {
        findings::print(&found, Diagnostics::Text);
        Exit::BadInput
    })
}

/// What there is to print.
struct Outcome {
    counts: Counts,
    catalogue: Catalogue,
    wanted: Option<Wanted>,
    gaps: Vec<Gap>,
}

impl Coverage {
    fn run(&self) -> Result<Exit, Vec<Found>> {
        let catalogue = self.catalogue().map_err(|found| vec![found])?;
        let (counts, mut exit) = counts(&self.rules.input, &self.rules.file_pattern)?;
        let wanted = match &self.against {
            Some(path) if path.is_dir() => {
                let (others, of_others) = self::counts(std::slice::from_ref(path), &self.rules.file_pattern)?;
                exit = if of_others == Exit::Clean { exit } else { of_others };
                Some(Wanted::Rules(Box::new(others)))
            }
            Some(path) => Some(wanted(path).map_err(|found| vec![found])?),
            None => None,
        };
        let gaps = wanted.as_ref().map_or_else(Vec::new, |wanted| gaps(&counts, wanted));
        let result = Outcome { counts, catalogue, wanted, gaps };
        if let Some(path) = &self.html {
            let gaps = result.wanted.is_some().then_some(result.gaps.as_slice());
            let html = page(&self.name(), &result.counts, &result.catalogue, gaps);
            write(path, &html)?;
        }
        write(&self.output, &self.text(&result))?;
        if self.format == Format::Table {
            findings::say(Diagnostics::Text, &result.summary());
        }
        Ok(exit)
    }

    /// What the rules are called.
    fn name(&self) -> String {
        let last = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = |path: &PathBuf| last(path).unwrap_or_else(|| crate::input::name(path));
        self.rules.input.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    fn catalogue(&self) -> Result<Catalogue, Found> {
        match &self.attack_data {
            Some(path) => setup::attack(path).map(Catalogue::of),
            None => Ok(Catalogue::bundled()),
        }
    }

    fn text(&self, result: &Outcome) -> String {
        let Outcome { counts, catalogue, wanted, gaps } = result;
        let colours = match self.colour {
            Colour::Score => Colours::Score,
            Colour::Level => Colours::Level,
        };
        let form = match self.format {
            Format::Json => {
                return format!("{:#}\n", document(counts, catalogue, wanted.as_ref(), gaps));
            }
            Format::Navigator => return format!("{:#}\n", layer(&self.name(), counts, gaps, colours)),
            Format::Table => Form::Table,
            Format::Csv => Form::Csv,
        };
        let table = match (self.by, wanted) {
            (By::Technique, Some(_)) => result.gap_table(),
            (By::Technique, None) => result.technique_table(),
            (By::Tactic, _) => result.tactic_table(),
            (By::Logsource, Some(Wanted::Rules(others))) => result.source_gap_table(others),
            (By::Logsource, _) => result.source_table(),
        };
        let width = if self.output == Path::new("-") { Screen::stdout().width } else { None };
        table.render(form, width)
    }
}

/// The rules of paths, counted, with what is wrong with them already printed.
fn counts(input: &[PathBuf], pattern: &str) -> Result<(Counts, Exit), Vec<Found>> {
    let (texts, mut found) = setup::texts(input, pattern)?;
    let options =
        LoadOptions { backtracking_regex: BacktrackingRegex::Allow, ..LoadOptions::new(Compat::Spec) };
    let (sources, loaded) = load_behind(Sources::default(), texts, &options);
    let sources = Arc::new(sources);
    let errors = loaded.diagnostics.into_iter().filter(Diagnostic::is_error);
    found.extend(errors.map(|diagnostic| Found::within(&sources, diagnostic)));
    findings::print(&found, Diagnostics::Text);
    let exit = if found.is_empty() { Exit::Clean } else { Exit::Findings };
    Ok((Counts::of(&loaded.set.items), exit))
}

/// The techniques that a file names.
fn wanted(path: &Path) -> Result<Wanted, Found> {
    let file = setup::read(path)?;
    let wanted = Wanted::in_text(&file.text);
    if wanted.techniques().is_empty() {
        let message = format!("`{}` names no technique of ATT&CK", file.name);
        let found = Diagnostic::error(&codes::input::BAD_ARGUMENT, message);
        return Err(Found::of(file.name, found.with_help("write ids as T1059 or T1059.001")));
    }
    Ok(wanted)
}

fn write(path: &Path, text: &str) -> Result<(), Vec<Found>> {
    output::write(path, text.as_bytes()).map_err(|error| {
        let message = format!("`{}` cannot be written: {error}", path.display());
        vec![Found::of("", Diagnostic::error(&codes::input::UNWRITABLE, message))]
    })
}

/// Column names of levels.
fn with_levels(before: &[&'static str], after: &[&'static str]) -> Table {
    Table::new(&[before, &Levels::NAMES, after].concat())
}

fn numbers(levels: Levels) -> impl Iterator<Item = Value> {
    levels.counts().map(|(_, count)| count.into())
}

fn list<'a>(ids: impl IntoIterator<Item = &'a TechniqueId>) -> Value {
    ids.into_iter().map(TechniqueId::as_str).collect::<Vec<_>>().join(" ").into()
}

impl Outcome {
    /// A technique's name and tactics.
    fn about(&self, id: &TechniqueId) -> [Value; 2] {
        let name = match (self.catalogue.name(id), self.catalogue.successor(id)) {
            (Some(name), _) => name.to_owned(),
            (None, Some(successor)) => format!("(revoked; now {successor})"),
            (None, None) => String::new(),
        };
        [name.into(), self.catalogue.tactics(id).join(", ").into()]
    }

    fn technique_table(&self) -> Table {
        let mut table = with_levels(&["technique", "rules"], &["name", "tactics"]);
        for (id, levels) in self.counts.techniques() {
            let before = [Value::from(id.as_str()), levels.total().into()];
            table.row(before.into_iter().chain(numbers(levels)).chain(self.about(id)));
        }
        table
    }

    fn tactic_table(&self) -> Table {
        let mut table = with_levels(&["tactic", "techniques", "known", "rules"], &[]);
        for line in self.counts.tactics(&self.catalogue) {
            let name = if line.name.is_empty() { "(not known)" } else { &line.name };
            let before = [name.into(), line.covered.into(), line.known.into(), line.levels.total().into()];
            table.row::<Value>(before.into_iter().chain(numbers(line.levels)));
        }
        table
    }

    fn source_table(&self) -> Table {
        let mut table =
            with_levels(&["logsource", "techniques", "rules"], &["technique_ids"]).with_details(1);
        for (name, line) in self.counts.sources() {
            let before = [name.into(), line.techniques.len().into(), line.levels.total().into()];
            table
                .row::<Value>(before.into_iter().chain(numbers(line.levels)).chain([list(&line.techniques)]));
        }
        table
    }

    fn source_gap_table(&self, others: &Counts) -> Table {
        let mut table = Table::new(&["logsource", "rules", "others", "techniques", "missing", "missing_ids"]);
        let (own, theirs) = (self.counts.sources(), others.sources());
        for (name, missing) in source_gaps(&self.counts, others) {
            let total =
                |line: Option<&sigyn_coverage::SourceLine>| line.map_or(0, |line| line.levels.total());
            let techniques = own.get(name).map_or(0, |line| line.techniques.len());
            table.row([
                Value::from(name),
                total(own.get(name)).into(),
                total(theirs.get(name)).into(),
                techniques.into(),
                missing.len().into(),
                list(&missing),
            ]);
        }
        table
    }

    fn gap_table(&self) -> Table {
        let has_others = matches!(self.wanted, Some(Wanted::Rules(_)));
        let mut table = if has_others {
            Table::new(&["technique", "state", "others", "name", "tactics"])
        } else {
            Table::new(&["technique", "state", "name", "tactics"])
        };
        for gap in self.gaps.iter().filter(|gap| gap.state != State::Covered) {
            let before = [gap.id.as_str().into(), gap.state.as_str().into()];
            let others = gap.others.map(Value::from);
            table.row::<Value>(before.into_iter().chain(others).chain(self.about(&gap.id)));
        }
        table
    }

    /// One line for people.
    fn summary(&self) -> String {
        let mut text = format!(
            "{} rules, {} without a technique; {} techniques and sub-techniques",
            self.counts.rules().len(),
            self.counts.untagged(),
            self.counts.techniques().count()
        );
        if self.wanted.is_some() {
            let covered = self.gaps.iter().filter(|gap| gap.state == State::Covered).count();
            text += &format!("; {covered} of {} that are wanted are covered", self.gaps.len());
        }
        text
    }
}
