//! Regular expressions: whether they are valid, and `contains` on them.

use sigyn_diagnostics::codes;
use sigyn_syntax::Compat;

use super::modify::Problem;
use super::{BacktrackingRegex, LoadOptions, python_regex};
use crate::{Modifier, Part, Regex, RegexFlags, SigmaString};

/// Reads a pattern. Nothing is compiled: automata are the engine's business and cost a thousand times more.
pub(crate) fn read(text: &str, options: &LoadOptions) -> Result<Regex, Problem> {
    match options.compat {
        Compat::PySigma => check_python(text)?,
        Compat::Spec => check_linear(text, options.backtracking_regex)?,
    }
    Ok(Regex { pattern: SigmaString::parse_unescaped(text), flags: RegexFlags::default() })
}

fn check_python(text: &str) -> Result<(), Problem> {
    python_regex::check(text).map_err(|message| {
        Problem::new(&codes::rule::BAD_REGEX, format!("the regular expression is not valid: {message}"))
    })
}

fn check_linear(text: &str, backtracking: BacktrackingRegex) -> Result<(), Problem> {
    let error = match regex_syntax::ast::parse::Parser::new().parse(text) {
        // Names of Unicode classes are looked up only in the second stage, which is slow where it expands them.
        Ok(_) if !text.contains("\\p") && !text.contains("\\P") => return Ok(()),
        Ok(_) => match regex_syntax::parse(text) {
            Ok(_) => return Ok(()),
            Err(error) => error.to_string(),
        },
        Err(error) => error.kind().to_string(),
    };
    if fancy_regex::Expr::parse_tree(text).is_err() {
        let message = format!("the regular expression is not valid: {error}");
        return Err(Problem::new(&codes::rule::BAD_REGEX, message));
    }
    match backtracking {
        BacktrackingRegex::Allow => Ok(()),
        BacktrackingRegex::Refuse => Err(Problem::new(
            &codes::rule::UNSUPPORTED_REGEX,
            format!("the pattern needs backtracking: {error}"),
        )),
    }
}

/// `contains`, `startswith`, `endswith` on a pattern: `.*` where it is not already open or anchored. An
/// unanchored search finds the same with it; targets that anchor need it.
pub(crate) fn widen(regex: Regex, modifier: Modifier, compat: Compat) -> Result<Regex, Problem> {
    let text = regex.pattern.to_plain();
    if text.is_empty() {
        return match compat {
            Compat::Spec => Ok(regex),
            Compat::PySigma => {
                let message = format!("`{modifier}` cannot be applied to an empty regular expression");
                Err(Problem::new(&codes::rule::EMPTY_REGEX, message))
            }
        };
    }
    let Regex { mut pattern, flags } = regex;
    if modifier != Modifier::Startswith && !text.starts_with(".*") && !text.starts_with('^') {
        pattern.prepend(Part::Many);
        pattern.prepend(Part::Text(".".to_owned()));
    }
    if modifier != Modifier::Endswith && !text.ends_with(".*") && !text.ends_with('$') {
        pattern.push(Part::Text(".".to_owned()));
        pattern.push(Part::Many);
    }
    if compat.is_pysigma() {
        check_python(&pattern.to_raw())?;
    }
    Ok(Regex { pattern, flags })
}
