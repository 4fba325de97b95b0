//! A hash is none of the form that Sysmon writes.

use sigyn_ir::Part;

use crate::text::as_string;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8309,
        name: "invalid-hash",
        summary: "A hash is none of the form that Sysmon writes.",
        help: "Write `MD5=`, `SHA1=`, `SHA256=` or `IMPHASH=` and all hexadecimal digits of the hash.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_invalid_hash_kv", "SigmahqInvalidHashKvIssue")),
    why: "The rule never matches: Sysmon writes all hashes in one field, each behind its name.",
    example: Example {
        flagged: "detection:\n    selection:\n        Hashes|contains: 0d55c7c1d3a0ca35f5b06f9e0ea8ca6a\n    condition: selection\n",
        clean: "detection:\n    selection:\n        Hashes|contains: MD5=0d55c7c1d3a0ca35f5b06f9e0ea8ca6a\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

/// Hashes with the number of their digits.
const HASHES: &[(&str, usize)] = &[("MD5", 32), ("SHA1", 40), ("SHA256", 64), ("IMPHASH", 32)];

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let is_hash = |field: &String| field == "Hashes" || field == "Hash";
    for (_, item) in cx.items().filter(|(_, item)| item.field.as_ref().is_some_and(is_hash)) {
        for (at, value) in item.values.iter().enumerate() {
            let Some(text) = as_string(value) else {
                report.at(cx.value_place(item, at), "a hash is a text");
                continue;
            };
            for part in text.parts() {
                let Part::Text(part) = part else { continue };
                if let Some(problem) = problem(part) {
                    report.at(cx.value_place(item, at), problem);
                }
            }
        }
    }
}

fn problem(text: &str) -> Option<String> {
    if is_hash(text) {
        return None;
    }
    let (name, digits) = match text.split_once('=') {
        Some((name, digits)) if !digits.contains('=') => (name, digits),
        _ => return Some(format!("`{text}` is not of the form NAME=HASH")),
    };
    let Some((_, count)) = HASHES.iter().find(|(hash, _)| *hash == name) else {
        return Some(format!("`{name}` is no hash that Sysmon knows"));
    };
    let digits = digits.strip_suffix('\n').unwrap_or(digits);
    let fits = digits.len() == *count && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!fits).then(|| format!("`{digits}` does not have the {count} digits of {name}"))
}

/// Whether nothing is wrong: the answer for nearly all values of lists with thousands of them.
fn is_hash(text: &str) -> bool {
    let is_digit = |fits, byte: &u8| fits & byte.is_ascii_hexdigit();
    HASHES.iter().any(|(name, count)| {
        let digits = text.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
        // Looking at every byte is faster than stopping at the first: it is done for many at once.
        digits.is_some_and(|digits| digits.len() == *count && digits.as_bytes().iter().fold(true, is_digit))
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        Hashes:\n            - MD5=abc\n            - FOO=1\n            - 5\n    condition: selection\n", &["MD5=abc", "FOO=1", "5"]);
        check(&super::CHECK, "detection:\n    selection:\n        Image: MD5=x\n    condition: selection\n", &[]);
    }
}
