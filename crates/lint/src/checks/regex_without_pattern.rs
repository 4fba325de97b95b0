//! A regular expression is a plain text.

use sigyn_ir::Value;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8422,
        name: "regex-without-pattern",
        summary: "A regular expression has nothing in it that plain text has not.",
        help: "Use `contains`, with `cased` if the case matters.",
    },
    severity: Severity::Note,
    like: None,
    why: "Text is many times cheaper to search for, and every target has it.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|re: 'mimikatz'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|re: 'mimi.?katz'\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        for (at, value) in item.values.iter().enumerate() {
            let Value::Regex(regex) = value else { continue };
            let Some(text) = literal(&regex.pattern.to_raw()) else { continue };
            let modifiers = if regex.flags.ignore_case || !has_case(&text) { "contains" } else { "contains|cased" };
            report.with(cx.value_place(item, at), "this pattern is plain text", |found| {
                found.with_help(format!("use `{modifiers}` with `{text}`"))
            });
        }
    }
}

/// The text that a pattern searches for, if it is nothing else.
fn literal(pattern: &str) -> Option<String> {
    // Without the escapes that a text needs in a pattern nothing is searched for but itself.
    let mut text = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next().filter(char::is_ascii_punctuation)?),
            '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => return None,
            c => text.push(c),
        }
    }
    (!text.is_empty()).then_some(text)
}

fn has_case(text: &str) -> bool {
    text.chars().any(|c| c.is_lowercase() || c.is_uppercase())
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|re:\n            - 'a\\.b'\n            - 'a.b'\n            - '\\d'\n    condition: selection\n", &["'a\\.b'"]);
    }
}
