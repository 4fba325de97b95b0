//! Which values, items and conditions follow from others. Sound, not complete: what is said to follow does.

use sigyn_ir::{
    ConditionExpr, Detection, DetectionEntry, DetectionItem, Linking, Part, Rule, SigmaString, Value,
};

/// Largest number of search identifiers for which every combination of truth values is tried.
const IDENTIFIERS_MAX: usize = 12;

/// Longest list in which values are compared with each other, and most pairs of values compared for two items. Lists of
/// thousands of hashes exist, and what grows with their square must not be paid for them.
const VALUES_MAX: usize = 256;
const PAIRS_MAX: usize = 4_096;

/// The values of a list that another value covers and more, each with that other one.
pub(crate) fn covered(values: &[Value]) -> Vec<(usize, usize)> {
    if !(2..=VALUES_MAX).contains(&values.len()) {
        return Vec::new();
    }
    let shapes: Vec<Option<Vec<Token<'_>>>> = values
        .iter()
        .map(|value| match value {
            Value::Str(text) => Some(tokens(text, true)),
            Value::Cased(text) => Some(tokens(text, false)),
            _ => None,
        })
        .collect();
    // Modifiers hold for all values of a list, so all are cased or none is. Only a wildcard takes more in.
    let covers = |wide: usize, at: usize| match (&shapes[wide], &shapes[at]) {
        (Some(wide), Some(narrow)) => wide.contains(&Token::Many) && covers_text(wide, narrow),
        _ => false,
    };
    let others =
        |at: usize| (0..values.len()).find(|wide| *wide != at && covers(*wide, at) && !covers(at, *wide));
    (0..values.len()).filter_map(|at| Some((at, others(at)?))).collect()
}

/// Whether every text that `special` matches is matched by `general` too.
pub(crate) fn covers(general: &Value, special: &Value) -> bool {
    match (general, special) {
        (Value::Str(general), Value::Str(special) | Value::Cased(special)) => {
            covers_text(&tokens(general, true), &tokens(special, true))
        }
        (Value::Cased(general), Value::Cased(special)) => {
            covers_text(&tokens(general, false), &tokens(special, false))
        }
        (Value::Cidr(general), Value::Cidr(special)) => general.network.contains(&special.network),
        (general, special) => general == special,
    }
}

/// A character or wildcard of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'a> {
    Char(char),
    One,
    Many,
    Placeholder(&'a str),
}

fn tokens(text: &SigmaString, is_folded: bool) -> Vec<Token<'_>> {
    let mut tokens = Vec::with_capacity(text.len());
    for part in text.parts() {
        match part {
            Part::Text(text) if is_folded => {
                tokens.extend(text.chars().flat_map(char::to_lowercase).map(Token::Char));
            }
            Part::Text(text) => tokens.extend(text.chars().map(Token::Char)),
            Part::One => tokens.push(Token::One),
            Part::Many => tokens.push(Token::Many),
            Part::Placeholder(name) => tokens.push(Token::Placeholder(name)),
        }
    }
    tokens
}

/// Matches the tokens of one string against another's, whose wildcards only a wildcard takes in. On a mismatch only
/// the last `*` is widened, so the price is at most quadratic.
fn covers_text(general: &[Token<'_>], special: &[Token<'_>]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut last_many = None;
    while seen < special.len() {
        let fits = match general.get(at) {
            Some(Token::Many) => {
                last_many = Some((at, seen));
                at += 1;
                continue;
            }
            Some(Token::One) => matches!(special[seen], Token::Char(_) | Token::One),
            Some(other) => *other == special[seen],
            None => false,
        };
        match (fits, last_many) {
            (true, _) => {
                at += 1;
                seen += 1;
            }
            (false, Some((many, from))) => {
                last_many = Some((many, from + 1));
                (at, seen) = (many + 1, from + 1);
            }
            (false, None) => return false,
        }
    }
    general[at..].iter().all(|token| *token == Token::Many)
}

/// Whether an event that `special` matches is always matched by `general`.
fn item_follows(special: &DetectionItem, general: &DetectionItem) -> bool {
    if special.field != general.field || special.is_negated != general.is_negated {
        return false;
    }
    if special.values == general.values && special.linking == general.linking {
        return true;
    }
    // What holds for values turns round under a negation, and keywords without a field match anywhere.
    if special.is_negated
        || special.values.is_empty()
        || general.values.is_empty()
        || special.values.len() * general.values.len() > PAIRS_MAX
    {
        return false;
    }
    let is_covered = |value: &Value| match general.linking {
        Linking::Or => general.values.iter().any(|wide| covers(wide, value)),
        Linking::And => general.values.iter().all(|wide| covers(wide, value)),
    };
    match special.linking {
        Linking::Or => special.values.iter().all(is_covered),
        Linking::And => match general.linking {
            Linking::Or => special.values.iter().any(is_covered),
            Linking::And => {
                general.values.iter().all(|wide| special.values.iter().any(|value| covers(wide, value)))
            }
        },
    }
}

fn entry_follows(special: &DetectionEntry, general: &DetectionEntry) -> bool {
    match (special, general) {
        (DetectionEntry::Item(special), DetectionEntry::Item(general)) => item_follows(special, general),
        (DetectionEntry::Group(special), _) => {
            let mut entries = special.entries.iter();
            match special.linking {
                Linking::Or => !special.entries.is_empty() && entries.all(|one| entry_follows(one, general)),
                Linking::And => entries.any(|one| entry_follows(one, general)),
            }
        }
        (special, DetectionEntry::Group(general)) => {
            let mut entries = general.entries.iter();
            match general.linking {
                Linking::Or => entries.any(|one| entry_follows(special, one)),
                Linking::And => !general.entries.is_empty() && entries.all(|one| entry_follows(special, one)),
            }
        }
    }
}

/// Whether an event that `special` matches is always matched by `general`.
pub(crate) fn detection_follows(special: &Detection, general: &Detection) -> bool {
    let each = |wide: &DetectionEntry| match special.linking {
        Linking::And => special.entries.iter().any(|entry| entry_follows(entry, wide)),
        Linking::Or => special.entries.iter().all(|entry| entry_follows(entry, wide)),
    };
    if special.entries.is_empty() || general.entries.is_empty() {
        return false;
    }
    match (general.linking, special.linking) {
        (Linking::And, _) => general.entries.iter().all(each),
        (Linking::Or, Linking::And) => general.entries.iter().any(each),
        (Linking::Or, Linking::Or) => {
            special.entries.iter().all(|entry| general.entries.iter().any(|wide| entry_follows(entry, wide)))
        }
    }
}

/// Whether an event for which `special` holds is always one for which `general` does.
pub(crate) fn expr_follows(rule: &Rule, special: &ConditionExpr, general: &ConditionExpr) -> bool {
    match (special, general) {
        (ConditionExpr::Detection(special), ConditionExpr::Detection(general)) => {
            special == general
                || matches!(
                    (rule.detection(*special), rule.detection(*general)),
                    (Some((_, special)), Some((_, general))) if detection_follows(special, general)
                )
        }
        (ConditionExpr::Or(args), _) => args.iter().all(|arg| expr_follows(rule, arg, general)),
        (_, ConditionExpr::And(args)) => args.iter().all(|arg| expr_follows(rule, special, arg)),
        (ConditionExpr::And(args), _) => args.iter().any(|arg| expr_follows(rule, arg, general)),
        (_, ConditionExpr::Or(args)) => args.iter().any(|arg| expr_follows(rule, special, arg)),
        _ => special == general,
    }
}

/// What a condition can be, if search identifiers may be true or false in any combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    /// It is never true.
    Never,
    /// It is always true.
    Always,
    /// It depends, or there are too many identifiers to tell.
    Depends,
}

/// Tries every combination.
pub(crate) fn truth(expr: &ConditionExpr) -> Truth {
    let mut ids = Vec::new();
    collect(expr, &mut ids);
    if ids.len() > IDENTIFIERS_MAX {
        return Truth::Depends;
    }
    let (mut is_ever, mut is_never) = (false, false);
    for values in 0..1_u32 << ids.len() {
        let is_true = holds(expr, &|id| {
            ids.iter().position(|known| *known == id).is_some_and(|at| values >> at & 1 == 1)
        });
        is_ever |= is_true;
        is_never |= !is_true;
        if is_ever && is_never {
            return Truth::Depends;
        }
    }
    if is_ever { Truth::Always } else { Truth::Never }
}

fn collect(expr: &ConditionExpr, ids: &mut Vec<u32>) {
    match expr {
        ConditionExpr::Or(args) | ConditionExpr::And(args) | ConditionExpr::AtLeast { of: args, .. } => {
            args.iter().for_each(|arg| collect(arg, ids));
        }
        ConditionExpr::Not(arg) => collect(arg, ids),
        ConditionExpr::Detection(id) if !ids.contains(&id.0) => ids.push(id.0),
        ConditionExpr::Detection(_) | ConditionExpr::False | ConditionExpr::Nothing => {}
    }
}

fn holds(expr: &ConditionExpr, value: &impl Fn(u32) -> bool) -> bool {
    match expr {
        ConditionExpr::Or(args) => args.iter().any(|arg| holds(arg, value)),
        ConditionExpr::And(args) => args.iter().all(|arg| holds(arg, value)),
        ConditionExpr::AtLeast { count, of } => {
            of.iter().filter(|arg| holds(arg, value)).count() >= *count as usize
        }
        ConditionExpr::Not(arg) => !holds(arg, value),
        ConditionExpr::Detection(id) => value(id.0),
        ConditionExpr::False | ConditionExpr::Nothing => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_strings_cover_narrow_ones() {
        let check = |general: &str, special: &str, expect: bool| {
            let value = |text: &str| Value::Str(SigmaString::parse(text));
            assert_eq!(covers(&value(general), &value(special)), expect, "{general} over {special}");
        };
        check("*a*", "*xAx*", true);
        check("*.exe", "*\\\\cmd.exe", true);
        check("*cmd.exe", "*.exe", false);
        check("a?c", "abc", true);
        check("a?c", "a*c", false);
        check("a*c", "a?c", true);
        check("*ab*c", "ab*abc", true);
        check("abc", "abc", true);
        check("", "a", false);
        check("*", "", true);
    }

    #[test]
    fn case_counts_where_both_regard_it() {
        let text = |text: &str| SigmaString::parse(text);
        assert!(covers(&Value::Str(text("A*")), &Value::Cased(text("ab"))));
        assert!(!covers(&Value::Cased(text("A*")), &Value::Cased(text("ab"))));
        assert!(!covers(&Value::Cased(text("a*")), &Value::Str(text("ab"))));
    }
}
