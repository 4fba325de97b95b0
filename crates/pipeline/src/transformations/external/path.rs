//! The part of jq that selects values: `.key`, `."key"`, `.[0]`, `.[]`, `?`, and pipes of these.

use sigyn_ir::{Data, Number};

/// A path to values.
#[derive(Debug, PartialEq)]
pub(super) struct Path(Vec<(Step, bool)>);

#[derive(Debug, PartialEq)]
enum Step {
    Key(String),
    Index(i64),
    Each,
}

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        for stage in text.split('|') {
            parse_stage(stage.trim(), &mut steps)?;
        }
        Ok(Self(steps))
    }

    /// Every value that the path leads to. A missing key leads to null.
    pub(super) fn select(&self, root: &Data) -> Result<Vec<Data>, String> {
        let mut found = vec![root.clone()];
        for (step, is_lenient) in &self.0 {
            let mut next = Vec::new();
            for data in found {
                match take(step, data) {
                    Ok(values) => next.extend(values),
                    Err(_) if *is_lenient => {}
                    Err(reason) => return Err(reason),
                }
            }
            found = next;
        }
        Ok(found)
    }
}

fn parse_stage(stage: &str, steps: &mut Vec<(Step, bool)>) -> Result<(), String> {
    let mut rest = stage.strip_prefix('.').ok_or("a stage begins with a dot")?;
    while !rest.is_empty() {
        let step;
        if let Some(inner) = rest.strip_prefix('[') {
            let (index, after) = inner.split_once(']').ok_or("a bracket is not closed")?;
            let index = index.trim();
            step = if index.is_empty() {
                Step::Each
            } else if let Some(key) = index.strip_prefix('"').and_then(|key| key.strip_suffix('"')) {
                Step::Key(key.to_owned())
            } else {
                Step::Index(index.parse().map_err(|_| format!("`{index}` is no place in a list"))?)
            };
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('"') {
            let (key, after) = inner.split_once('"').ok_or("a quote is not closed")?;
            step = Step::Key(key.to_owned());
            rest = after;
        } else {
            let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            if len == 0 {
                return Err(format!("`{rest}` is no step of a path"));
            }
            step = Step::Key(rest[..len].to_owned());
            rest = &rest[len..];
        }
        let is_lenient = rest.starts_with('?');
        rest = rest.trim_start_matches('?');
        steps.push((step, is_lenient));
        if let Some(after) = rest.strip_prefix('.') {
            if after.is_empty() {
                return Err("it ends in a dot".to_owned());
            }
            rest = after;
        } else if !rest.is_empty() && !rest.starts_with('[') {
            return Err(format!("`{rest}` is no step of a path"));
        }
    }
    Ok(())
}

fn take(step: &Step, data: Data) -> Result<Vec<Data>, String> {
    match (step, data) {
        (Step::Key(key), Data::Map(pairs)) => {
            let value = pairs.into_iter().find(|(name, _)| name == key).map(|(_, value)| value);
            Ok(vec![value.unwrap_or_default()])
        }
        (Step::Key(_) | Step::Index(_), Data::Null) => Ok(vec![Data::Null]),
        (Step::Index(index), Data::List(items)) => {
            let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let at = if *index < 0 { index + len } else { *index };
            let value = usize::try_from(at).ok().and_then(|at| items.into_iter().nth(at));
            Ok(vec![value.unwrap_or_default()])
        }
        (Step::Each, Data::List(items)) => Ok(items),
        (Step::Each, Data::Map(pairs)) => Ok(pairs.into_iter().map(|(_, value)| value).collect()),
        (step, data) => Err(format!("the path does not fit the source: {} of {}", step.name(), kind(&data))),
    }
}

impl Step {
    fn name(&self) -> String {
        match self {
            Step::Key(key) => format!("`.{key}`"),
            Step::Index(index) => format!("`[{index}]`"),
            Step::Each => "`[]`".to_owned(),
        }
    }
}

fn kind(data: &Data) -> &'static str {
    match data {
        Data::Null => "null",
        Data::Bool(_) => "a boolean",
        Data::Number(Number::Int(_) | Number::Float(_)) => "a number",
        Data::Text(_) => "a text",
        Data::List(_) => "a list",
        Data::Map(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_select() {
        let data = Data::map([(
            "items",
            Data::List(vec![Data::map([("n", "a".into())]), Data::map([("n", "b".into())])]),
        )]);
        for (path, expected) in [
            (".items[].n", Ok(vec!["a", "b"])),
            (".items[1].n", Ok(vec!["b"])),
            (".items[-1] | .n", Ok(vec!["b"])),
            (".\"items\"[]?.n", Ok(vec!["a", "b"])),
            (".items[].n[]?", Ok(vec![])),
            (".items[].n[]", Err(())),
        ] {
            let expected = expected.map(|texts| texts.into_iter().map(Data::from).collect::<Vec<_>>());
            assert_eq!(Path::parse(path).unwrap().select(&data).map_err(|_| ()), expected, "{path}");
        }
        for path in ["items", ".a.", ".[x]", "map(.a)", ".a b", ".a[0"] {
            assert!(Path::parse(path).is_err(), "{path}");
        }
    }
}
