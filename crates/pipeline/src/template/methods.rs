//! Values of templates as Python has them: how they print, and their usual methods.

use minijinja::{
    Error, ErrorKind,
    value::{Value, ValueKind},
};
use sigyn_ir::{Data, Number};

use crate::values::python_str;

/// A template's value as plain data; what is neither number, list nor map is what it prints as.
pub(crate) fn to_data(value: &Value) -> Data {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Data::Null,
        ValueKind::Bool => Data::Bool(value.is_true()),
        ValueKind::Number => match i128::try_from(value.clone()) {
            Ok(number) if value.is_integer() => Data::Number(Number::Int(number)),
            _ => f64::try_from(value.clone())
                .map_or_else(|_| Data::Text(value.to_string()), |number| Data::Number(Number::Float(number))),
        },
        ValueKind::Seq | ValueKind::Iterable => Data::List(
            value.try_iter().map(|items| items.map(|item| to_data(&item)).collect()).unwrap_or_default(),
        ),
        ValueKind::Map => Data::Map(
            pairs(value).into_iter().map(|(key, value)| (python_text(&key), to_data(&value))).collect(),
        ),
        _ => Data::Text(value.to_string()),
    }
}

/// A value as Python's `str()` prints it.
pub(crate) fn python_text(value: &Value) -> String {
    python_str(&to_data(value))
}

/// A value as Python's `repr()` prints it.
pub(crate) fn python_repr_text(value: &Value) -> String {
    to_data(value).to_python_repr()
}

fn pairs(value: &Value) -> Vec<(Value, Value)> {
    let keys = value.try_iter().map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    keys.into_iter()
        .map(|key| {
            let inner = value.get_item(&key).unwrap_or_default();
            (key, inner)
        })
        .collect()
}

/// Calls a method of Python's texts, lists and maps.
pub(super) fn call(value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            of_text(text, name, args)
        }
        ValueKind::Map => of_map(value, name, args),
        ValueKind::Seq | ValueKind::Iterable => of_list(value, name, args),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> Error {
    Error::new(ErrorKind::UnknownMethod, format!("there is no method `{name}` here"))
}

fn text_of<'a>(args: &'a [Value], at: usize, name: &str) -> Result<&'a str, Error> {
    args.get(at).and_then(Value::as_str).ok_or_else(|| {
        Error::new(ErrorKind::MissingArgument, format!("`{name}` needs a text as argument {}", at + 1))
    })
}

fn of_text(text: &str, name: &str, args: &[Value]) -> Result<Value, Error> {
    let arg = |at| text_of(args, at, name);
    let chars = || -> Vec<char> {
        args.first()
            .and_then(Value::as_str)
            .map_or_else(|| " \t\n\r\u{b}\u{c}".chars().collect(), |set| set.chars().collect())
    };
    Ok(match name {
        "upper" => Value::from(text.to_uppercase()),
        "lower" | "casefold" => Value::from(text.to_lowercase()),
        "capitalize" => Value::from(capitalized(text)),
        "title" => Value::from(titled(text)),
        "strip" => Value::from(text.trim_matches(chars().as_slice())),
        "lstrip" => Value::from(text.trim_start_matches(chars().as_slice())),
        "rstrip" => Value::from(text.trim_end_matches(chars().as_slice())),
        "startswith" => Value::from(text.starts_with(arg(0)?)),
        "endswith" => Value::from(text.ends_with(arg(0)?)),
        "removeprefix" => Value::from(text.strip_prefix(arg(0)?).unwrap_or(text)),
        "removesuffix" => Value::from(text.strip_suffix(arg(0)?).unwrap_or(text)),
        "replace" => match args.get(2).and_then(Value::as_usize) {
            Some(count) => Value::from(text.replacen(arg(0)?, arg(1)?, count)),
            None => Value::from(text.replace(arg(0)?, arg(1)?)),
        },
        "split" => match args.first().and_then(Value::as_str) {
            None => text.split_whitespace().map(Value::from).collect(),
            Some(separator) => match args.get(1).and_then(Value::as_usize) {
                Some(max) => text.splitn(max + 1, separator).map(Value::from).collect(),
                None => text.split(separator).map(Value::from).collect(),
            },
        },
        "splitlines" => text.lines().map(Value::from).collect(),
        "find" => Value::from(
            text.find(arg(0)?).map_or(-1, |at| i64::try_from(text[..at].chars().count()).unwrap_or(-1)),
        ),
        "count" => Value::from(text.matches(arg(0)?).count() as u64),
        "isdigit" | "isnumeric" => Value::from(!text.is_empty() && text.chars().all(char::is_numeric)),
        "join" => {
            let items = args.first().and_then(|items| items.try_iter().ok());
            let items = items.ok_or_else(|| Error::new(ErrorKind::MissingArgument, "`join` needs a list"))?;
            Value::from(items.map(|item| python_text(&item)).collect::<Vec<_>>().join(text))
        }
        "format" => {
            let names = args.iter().enumerate().map(|(at, value)| (at.to_string(), value.clone()));
            let names: Vec<_> = names.collect();
            let formatted = crate::pyformat::format(text, &names);
            Value::from(formatted.map_err(|reason| Error::new(ErrorKind::InvalidOperation, reason))?)
        }
        _ => return Err(unknown(name)),
    })
}

fn of_map(value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    Ok(match name {
        "keys" => pairs(value).into_iter().map(|(key, _)| key).collect(),
        "values" => pairs(value).into_iter().map(|(_, value)| value).collect(),
        "items" => pairs(value).into_iter().map(|(key, value)| Value::from(vec![key, value])).collect(),
        "get" => {
            let key =
                args.first().ok_or_else(|| Error::new(ErrorKind::MissingArgument, "`get` needs a key"))?;
            match value.get_item(key) {
                Ok(found) if !found.is_undefined() => found,
                _ => args.get(1).cloned().unwrap_or_else(|| Value::from(())),
            }
        }
        _ => return Err(unknown(name)),
    })
}

fn of_list(value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    let items: Vec<Value> = value.try_iter()?.collect();
    let wanted =
        args.first().ok_or_else(|| Error::new(ErrorKind::MissingArgument, format!("`{name}` needs a value")));
    Ok(match name {
        "count" => {
            let wanted = wanted?;
            Value::from(items.iter().filter(|item| *item == wanted).count() as u64)
        }
        "index" => {
            let wanted = wanted?;
            let at = items.iter().position(|item| item == wanted);
            Value::from(
                at.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "the value is not in the list"))?
                    as u64,
            )
        }
        _ => return Err(unknown(name)),
    })
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect()
    })
}

fn titled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    for c in text.chars() {
        if in_word {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        in_word = c.is_alphabetic();
    }
    out
}

/// A date, written as year, month, day, in another form; directives that a date has no answer to stay.
pub(super) fn strftime(date: &str, format: &str) -> String {
    let mut parts = date.split('-');
    let (year, month, day) =
        (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('Y') => out.push_str(year),
            Some('y') => out.push_str(year.get(2..).unwrap_or(year)),
            Some('m') => out.push_str(month),
            Some('d') => out.push_str(day),
            Some('F') => out.push_str(date),
            Some('H' | 'M' | 'S') => out.push_str("00"),
            Some('%') => out.push('%'),
            Some(other) => {
                out.push('%');
                out.push(other);
            }
            None => out.push('%'),
        }
    }
    out
}
