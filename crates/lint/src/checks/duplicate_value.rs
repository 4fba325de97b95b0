//! A value stands there twice.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashSet};
use sigyn_ir::{Modifier, Part, Value};

use crate::text::{as_string, plain};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8413,
        name: "duplicate-value",
        summary: "A value stands there twice.",
        help: "Remove one of the two.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_field_duplicate_value", "SigmahqFieldDuplicateValueIssue")),
    why: "It is most likely that another value was meant.",
    example: Example {
        flagged: "detection:\n    selection:\n        a:\n            - b\n            - B\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a:\n            - b\n            - c\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

/// Modifiers under which upper and lower case differ.
const CASED: &[Modifier] = &[
    Modifier::Base64,
    Modifier::Base64Offset,
    Modifier::Re,
    Modifier::IgnoreCase,
    Modifier::Multiline,
    Modifier::Dotall,
    Modifier::Cased,
];

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items().filter(|(_, item)| item.field.is_some() && item.values.len() > 1) {
        let is_cased = item.modifiers.iter().any(|modifier| CASED.contains(modifier));
        if !is_cased && !may_repeat(&item.values) {
            continue;
        }
        let folded: Vec<Option<String>> = if is_cased {
            Vec::new()
        } else {
            item.values.iter().map(|value| plain(value).map(|text| text.to_lowercase())).collect()
        };
        let mut seen = HashSet::new();
        for (at, value) in item.values.iter().enumerate() {
            let is_again = if is_cased {
                item.values[..at].contains(value)
            } else {
                folded[at].as_ref().is_some_and(|text| !seen.insert(text))
            };
            if is_again {
                let place = cx.value_place(item, at);
                report.with(place, "this value stands here already", |found| {
                    found.fixed_by("remove it", cx.whole_line(place), "")
                });
            }
        }
    }
}

/// Whether two values may be the same in lower case: whether their hashes are. Lists with thousands of values, none of them
/// twice, are told apart by this in a third of the time that their texts take.
fn may_repeat(values: &[Value]) -> bool {
    let hasher = DefaultHashBuilder::default();
    let mut hashes = HashSet::with_capacity(values.len());
    let mut text = String::new();
    values.iter().any(|value| {
        let is_there = fold(value, &mut text);
        is_there && !hashes.insert(hasher.hash_one(text.as_bytes()))
    })
}

/// Puts a value into `text` as [`plain`] would, in lower case; false if it has none.
fn fold(value: &Value, text: &mut String) -> bool {
    text.clear();
    if let Some(string) = as_string(value) {
        // Looking at every byte is faster than stopping at the first: it is done for many at once.
        let is_simple = |fits: bool, byte: u8| fits & byte.is_ascii() & (byte != b'*') & (byte != b'?');
        let fits = |part: &Part| match part {
            Part::Text(text) => text.bytes().fold(true, is_simple),
            Part::Many | Part::One => true,
            Part::Placeholder(_) => false,
        };
        if string.parts().iter().all(fits) {
            for part in string.parts() {
                match part {
                    Part::Text(part) => text.push_str(part),
                    Part::Many => text.push('*'),
                    Part::One | Part::Placeholder(_) => text.push('?'),
                }
            }
            text.make_ascii_lowercase();
            return true;
        }
    }
    plain(value).is_some_and(|plain| {
        text.push_str(&plain.to_lowercase());
        true
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|contains:\n            - b\n            - c\n            - b\n            - b\n    condition: selection\n", &["b", "b"]);
        check(&super::CHECK, "detection:\n    selection:\n        a|re:\n            - b\n            - B\n    condition: selection\n", &[]);
        check(&super::CHECK, "detection:\n    selection:\n        '|contains':\n            - b\n            - b\n    condition: selection\n", &[]);
    }
}
