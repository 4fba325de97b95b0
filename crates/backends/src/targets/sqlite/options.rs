//! Options of the SQLite target.

use sigyn_ir::{Data, Number};

use super::correlation::sql::numeric;
use super::{Sqlite, text};
use crate::{Env, Error, Options, Template};

/// What correlations are compiled with.
pub(super) struct Settings {
    /// The column with the time, as written.
    pub(super) timestamp_field: String,
    /// The column that tells events apart.
    pub(super) event_id_field: String,
    /// The time of an event in Unix seconds.
    pub(super) seconds: String,
    /// The Unix time up to which events are complete.
    pub(super) observation_end: Option<Number>,
}

impl Settings {
    pub(super) fn read(target: &Sqlite, env: &Env) -> Result<Self, Error> {
        let options = &env.options;
        let timestamp_field = options.text("timestamp_field", "timestamp");
        let format = options.text("timestamp_format", "iso");
        let divisor = match format.as_str() {
            "iso" => None,
            "unix" => Some(1),
            "unix_ms" => Some(1_000),
            "unix_us" => Some(1_000_000),
            other => {
                let message =
                    format!("the option timestamp_format is `{other}`, not iso, unix, unix_ms or unix_us");
                return Err(invalid(message));
            }
        };
        let template = match (options.text("timestamp_seconds_expression", ""), divisor) {
            (written, _) if !written.is_empty() => written,
            // Days since 1970-01-01, rounded to milliseconds: a Julian day has no more digits to give.
            (_, None) => "ROUND((julianday({field}) - 2440587.5) * 86400000) / 1000.0".to_owned(),
            (_, Some(divisor)) => format!("({}) / {divisor}.0", numeric("{field}")),
        };
        let template = Template::parse(&template).map_err(invalid)?;
        let seconds = template.fill(&[("field", &text::field_name(&target.dialect, &timestamp_field))]);
        let observation_end = match options.get("observation_end") {
            None | Some(Data::Null) => None,
            Some(Data::Number(number)) => Some(Number::Float(number.as_f64())),
            Some(other) => {
                let number = other.as_str().and_then(|text| text.parse::<f64>().ok());
                let number = number.filter(|number| number.is_finite());
                Some(Number::Float(
                    number.ok_or_else(|| invalid("the option observation_end is no finite Unix time"))?,
                ))
            }
        };
        Ok(Self {
            timestamp_field,
            event_id_field: options.text("event_id_field", "rowid"),
            seconds,
            observation_end,
        })
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::value(message).as_reference("ValueError")
}

/// An option that is true or false.
pub(super) fn flag(options: &Options, name: &str, default: bool) -> Result<bool, Error> {
    match options.get(name) {
        None => Ok(default),
        Some(Data::Bool(value)) => Ok(*value),
        Some(other) => match other.as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            _ => Err(invalid(format!("the option {name} is neither true nor false"))),
        },
    }
}

/// How long a chain of operands may be without inner parentheses.
pub(super) fn flat_operands_max(options: &Options) -> usize {
    options.text("max_flat_operands", "100").parse().ok().filter(|&count| count >= 2).unwrap_or(100)
}
