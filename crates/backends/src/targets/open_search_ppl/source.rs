//! What is searched, and in which time.
//!
//! A rule may say both itself, in its custom attribute `custom`.

use sigyn_ir::{Data, LogSource, Meta, Rule};

use crate::{Env, Error};

/// The value of a rule's own setting. In the reference a `custom` that is no map ends in a crash.
fn setting<'m>(env: &Env, meta: &'m Meta, name: &str) -> Result<Option<&'m Data>, Error> {
    match meta.custom("custom") {
        None => Ok(None),
        Some(custom @ Data::Map(_)) => Ok(custom.get(name)),
        Some(Data::Text(text)) if env.is_reference() && !text.contains(name) => Ok(None),
        Some(Data::List(items)) if env.is_reference() && !items.contains(&name.into()) => Ok(None),
        Some(_) if env.is_reference() => Err(Error::value("`custom` is no map").as_reference("TypeError")),
        Some(_) => Ok(None),
    }
}

/// A setting as text; none if it is empty.
fn text(data: Option<&Data>) -> Option<String> {
    match data? {
        Data::Null => None,
        Data::Text(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        other => Some(other.to_json(None)),
    }
}

/// The indices of a rule: its own, those of the option, or those of its log source.
pub(super) fn indices(env: &Env, rule: &Rule) -> Result<String, Error> {
    if let Some(own) = setting(env, &rule.meta, "opensearch_ppl_index")? {
        return Ok(text(Some(own)).unwrap_or_else(|| "None".to_owned()));
    }
    let option = text(env.options.get("custom_logsource"));
    Ok(option.unwrap_or_else(|| of_logsource(&rule.logsource)))
}

fn of_logsource(logsource: &LogSource) -> String {
    let parts = [&logsource.product, &logsource.category, &logsource.service];
    let parts: Vec<_> =
        parts.into_iter().flatten().map(String::as_str).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "*".to_owned() } else { format!("{}-*", parts.join("-")) }
}

/// The field that holds an event's time.
pub(super) fn time_field(env: &Env, meta: &Meta) -> Result<String, Error> {
    let own = setting(env, meta, "opensearch_ppl_time_field")?;
    Ok(text(own).unwrap_or_else(|| "@timestamp".to_owned()))
}

/// The time that is searched.
pub(super) struct Times {
    earliest: Option<String>,
    latest: Option<String>,
}

impl Times {
    /// The times of a rule: its own, else those of the options.
    pub(super) fn of(env: &Env, meta: &Meta) -> Result<Self, Error> {
        let time = |name: &str, option: &str| {
            let own = setting(env, meta, name)?;
            Ok::<_, Error>(if own.is_some() { text(own) } else { text(env.options.get(option)) })
        };
        Ok(Self {
            earliest: time("opensearch_ppl_min_time", "min_time")?,
            latest: time("opensearch_ppl_max_time", "max_time")?,
        })
    }

    /// These times, and another's where there are none.
    pub(super) fn or(self, other: &Times) -> Self {
        Self {
            earliest: self.earliest.or_else(|| other.earliest.clone()),
            latest: self.latest.or_else(|| other.latest.clone()),
        }
    }

    /// The beginning of a search: nothing where no time is given.
    pub(super) fn search(&self) -> String {
        let bounds = [("earliest", &self.earliest), ("latest", &self.latest)];
        let bounds: Vec<_> = bounds
            .iter()
            .filter_map(|(name, time)| time.as_ref().map(|time| format!("{name}={}", modifier(time))))
            .collect();
        if bounds.is_empty() { String::new() } else { format!("search {} ", bounds.join(" ")) }
    }
}

/// A time as the search command reads it: bare if it is relative, with a blank for the `T` if it is absolute.
fn modifier(time: &str) -> String {
    if time.eq_ignore_ascii_case("now") {
        "now".to_owned()
    } else if time.contains('@') {
        format!("'{time}'")
    } else if time.starts_with(['-', '+']) {
        time.to_owned()
    } else {
        format!("'{}'", time.replace('T', " "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_search_command_reads_them() {
        for (time, expect) in [
            ("NOW", "now"),
            ("-30d", "-30d"),
            ("-1month@month", "'-1month@month'"),
            ("2026-01-01T00:00:00", "'2026-01-01 00:00:00'"),
        ] {
            assert_eq!(modifier(time), expect);
        }
    }

    #[test]
    fn absent_parts_of_a_log_source_leave_no_gap() {
        let logsource = LogSource {
            product: Some("windows".into()),
            service: Some("dns".into()),
            ..LogSource::default()
        };
        assert_eq!(of_logsource(&logsource), "windows-dns-*");
        assert_eq!(of_logsource(&LogSource::default()), "*");
    }
}
