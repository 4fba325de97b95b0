//! The options of a rule, read from its `sigyn` mapping as the evaluator needs them.
//!
//! Values that make no sense are errors here: the cases of tests are written without any.

use sigyn_ir::{Correlation, CorrelationCondition, CorrelationType, Data, Level, Meta, ThresholdOp};

use super::{Num, Time};

/// A day in nanoseconds.
pub(crate) const DAY: Time = 86_400 * SECOND;
/// A second in nanoseconds.
pub(crate) const SECOND: Time = 1_000_000_000;

/// Which inputs are together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// E15, evaluated at each input.
    Sliding,
    /// E16; also what E29 makes of other conditions.
    Buckets {
        /// The first bucket begins here, modulo T.
        offset: Time,
    },
    /// E16, in a zone whose days are not all equally long: whole days from the first of January 1970 on.
    Days {
        /// How far behind midnight they begin, by the clocks.
        offset: Time,
    },
    /// E17.
    Session {
        /// The largest gap.
        gap: Time,
    },
    /// E18.
    Pivot {
        /// The place of the rule in the list whose hits are the pivots.
        rule: usize,
        /// Whether windows lie before or behind them.
        side: Side,
    },
}

/// On which side of a pivot a window lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// [ts − T, ts].
    Before,
    /// [ts, ts + T].
    After,
}

impl Window {
    /// Whether inputs are what opens and continues episodes.
    pub fn is_at_inputs(self) -> bool {
        matches!(self, Window::Sliding | Window::Pivot { .. })
    }
}

/// Firing (E20, E21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One detection per episode.
    Episode,
    /// One per true input.
    Every,
    /// What fired counts no more.
    Reset,
    /// E32.
    Consume,
}

/// How a percentile between two values is read (E28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Percentile {
    /// By interpolation.
    Linear,
    /// The nearest rank.
    Nearest,
}

/// What a correlation says about time.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// T.
    pub span: Time,
    /// Which inputs are together.
    pub window: Window,
    /// The zone of [`Window::Days`].
    pub zone: String,
    /// When a detection is made.
    pub mode: Mode,
    /// D, if the rule suppresses.
    pub suppress: Option<Time>,
    /// Whether a missing component makes a group (E12).
    pub groups_missing: bool,
    /// Between two values.
    pub percentile: Percentile,
    /// Whether detections of children are seen at each true input (E38).
    pub each_revision: bool,
    /// K.
    pub evidence: usize,
    /// The keys of which something is expected in every bucket (E35).
    pub inventory: Vec<Vec<String>>,
}

impl Options {
    /// The options of a correlation.
    ///
    /// # Errors
    /// An option has no meaning.
    pub fn of(correlation: &Correlation) -> Result<Self, String> {
        let get = |key: &str| option(&correlation.meta, key);
        let span = Time::from(correlation.timespan.seconds) * SECOND;
        let duration = |key: &str| get(key).map(duration).transpose();
        let word = |key: &str, default: &'static str| match get(key) {
            None => Ok(default.to_owned()),
            Some(Data::Text(text)) => Ok(text.clone()),
            Some(other) => Err(format!("{key}: {other:?}")),
        };
        let window = match get("window").and_then(Data::as_str) {
            None | Some("sliding") => match is_decided_at_inputs(correlation) {
                true => Window::Sliding,
                false => Window::Buckets { offset: 0 },
            },
            Some("tumbling") => {
                let zone = word("timezone", "UTC")?;
                let offset = duration("offset")?.unwrap_or(0);
                match zone_offset(&zone) {
                    Ok(east) => Window::Buckets { offset: offset - east },
                    Err(_) if span % DAY != 0 => return Err(format!("{zone}: not of whole days")),
                    Err(_) => {
                        jiff::tz::db().get(&zone).map_err(|error| error.to_string())?;
                        Window::Days { offset: offset % span }
                    }
                }
            }
            Some(side @ ("before" | "after")) => {
                let pivot = word("pivot", "")?;
                let place = correlation.rules.iter().position(|rule| rule.text == pivot);
                let rule = place.ok_or_else(|| format!("pivot: {pivot}"))?;
                Window::Pivot { rule, side: if side == "before" { Side::Before } else { Side::After } }
            }
            Some("session") => Window::Session { gap: duration("gap")?.unwrap_or(span) },
            Some(other) => return Err(format!("window: {other}")),
        };
        Ok(Self {
            span,
            window,
            zone: word("timezone", "UTC")?,
            mode: match word("on_match", "episode")?.as_str() {
                "episode" => Mode::Episode,
                "every" => Mode::Every,
                "reset" => Mode::Reset,
                "consume" => Mode::Consume,
                other => return Err(format!("on_match: {other}")),
            },
            suppress: duration("suppress")?,
            groups_missing: word("missing", "skip")? == "group",
            percentile: match word("percentile", "linear")?.as_str() {
                "nearest" => Percentile::Nearest,
                _ => Percentile::Linear,
            },
            each_revision: word("revisions", "anchor")? == "each",
            evidence: match get("evidence") {
                Some(Data::Number(sigyn_ir::Number::Int(count))) => usize::try_from(*count).unwrap_or(32),
                _ => 32,
            },
            inventory: get("inventory").map(inventory).transpose()?.unwrap_or_default(),
        })
    }

    /// The length of the rule's cells (E19).
    pub fn cell(&self) -> Time {
        DAY.max(self.span).max(self.suppress.unwrap_or(0))
    }

    /// The start of the cell that contains an instant.
    pub fn cell_of(&self, instant: Time) -> Time {
        instant.div_euclid(self.cell()) * self.cell()
    }
}

/// Whether a rule has no signal of its own.
pub(crate) fn is_silent(meta: &Meta) -> bool {
    option(meta, "silent").and_then(Data::as_bool).unwrap_or(false)
}

/// The risk of a rule's detections: what it says, else what its level stands for (D21).
pub(crate) fn risk(meta: &Meta) -> i64 {
    if let Some(Data::Number(sigyn_ir::Number::Int(risk))) = option(meta, "risk") {
        return i64::try_from(*risk).unwrap_or(0);
    }
    match meta.level {
        None | Some(Level::Informational) => 0,
        Some(Level::Low) => 20,
        Some(Level::Medium) => 40,
        Some(Level::High) => 70,
        Some(Level::Critical) => 90,
    }
}

/// Names, functions and fields of the outcomes that a rule declares.
pub(crate) fn outcomes(meta: &Meta) -> Vec<(&str, &str, Option<&str>)> {
    let pairs = option(meta, "outcomes").and_then(Data::as_map).unwrap_or(&[]);
    pairs
        .iter()
        .filter_map(|(name, value)| {
            let (function, field) = value.as_map()?.first()?;
            Some((name.as_str(), function.as_str(), field.as_str()))
        })
        .collect()
}

fn option<'m>(meta: &'m Meta, key: &str) -> Option<&'m Data> {
    meta.custom("sigyn")?.get(key)
}

/// E29: counts and sums that more inputs can only raise, compared with a lower bound; extended conditions are decided
/// at inputs or at deadlines that follow from them (E33).
fn is_decided_at_inputs(correlation: &Correlation) -> bool {
    let is_raised = matches!(
        correlation.kind,
        CorrelationType::EventCount
            | CorrelationType::ValueCount
            | CorrelationType::Temporal
            | CorrelationType::TemporalOrdered
            | CorrelationType::ValueSum
    );
    match &correlation.condition {
        CorrelationCondition::Extended { .. } => true,
        CorrelationCondition::Thresholds { thresholds, .. } => {
            is_raised
                && thresholds
                    .iter()
                    .all(|threshold| matches!(threshold.op, ThresholdOp::Gt | ThresholdOp::Gte))
        }
    }
}

/// A number with `s`, `m`, `h`, `d` or `w`, in nanoseconds.
fn duration(value: &Data) -> Result<Time, String> {
    let text = value.as_str().ok_or_else(|| format!("no duration: {value:?}"))?;
    let wrong = || format!("no duration: {text}");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds: Time = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return Err(wrong()),
    };
    let count: Time = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(count * seconds * SECOND)
}

/// `UTC` or `+hh:mm`, in nanoseconds east of Greenwich.
fn zone_offset(zone: &str) -> Result<Time, String> {
    if zone == "UTC" || zone == "Z" {
        return Ok(0);
    }
    let wrong = || format!("no fixed time zone: {zone}");
    let sign = match zone.chars().next() {
        Some('+') => 1,
        Some('-') => -1,
        _ => return Err(wrong()),
    };
    let (hours, minutes) = zone[1..].split_once(':').ok_or_else(wrong)?;
    let part = |text: &str| text.parse::<Time>().map_err(|_| wrong());
    Ok(sign * (part(hours)? * 3_600 + part(minutes)? * 60) * SECOND)
}

fn inventory(value: &Data) -> Result<Vec<Vec<String>>, String> {
    let text = |value: &Data| match value {
        Data::Text(text) => Ok(text.clone()),
        Data::Number(number) => Ok(Num::of_rule(*number).to_string()),
        Data::Bool(value) => Ok(value.to_string()),
        other => Err(format!("inventory: {other:?}")),
    };
    let keys = value.as_list().ok_or("inventory: no list")?;
    keys.iter()
        .map(|key| match key {
            Data::List(components) => components.iter().map(text).collect(),
            alone => Ok(vec![text(alone)?]),
        })
        .collect()
}
