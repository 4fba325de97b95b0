//! Every crate that is linked in carries a licence that lets us ship the binary.

use crate::Workspace;

/// Licences that ask for no more than a notice, or (MPL-2.0) bind only their own files.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

pub(super) fn check(workspace: &Workspace) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in &workspace.metadata.packages {
        match &package.license {
            Some(expression) if is_allowed(expression) => {}
            Some(expression) => complaints.push(format!("{}: licence {expression}", package.name)),
            None => complaints.push(format!("{}: no licence named in its manifest", package.name)),
        }
    }
    complaints
}

/// Whether an SPDX expression can be satisfied with allowed licences alone. The old form `A/B` means `OR`.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let verdict = any(&mut words);
    words.is_empty() && verdict
}

/// `all (OR all)*`; the words are a stack, so the next one is the last.
fn any(words: &mut Vec<&str>) -> bool {
    let mut verdict = all(words);
    while words.pop_if(|word| *word == "OR").is_some() {
        verdict |= all(words);
    }
    verdict
}

fn all(words: &mut Vec<&str>) -> bool {
    let mut verdict = one(words);
    while words.pop_if(|word| *word == "AND").is_some() {
        verdict &= one(words);
    }
    verdict
}

fn one(words: &mut Vec<&str>) -> bool {
    match words.pop() {
        Some("(") => {
            let verdict = any(words);
            words.pop() == Some(")") && verdict
        }
        Some(licence) if words.pop_if(|word| *word == "WITH").is_some() => {
            let exception = words.pop().unwrap_or_default();
            ALLOWED.contains(&format!("{licence} WITH {exception}").as_str())
        }
        Some(licence) => ALLOWED.contains(&licence),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        let check = |expression, expect| assert_eq!(is_allowed(expression), expect, "{expression}");
        check("MIT", true);
        check("MIT/Apache-2.0", true);
        check("GPL-3.0-only", false);
        check("GPL-3.0-only OR MIT", true);
        check("GPL-3.0-only AND MIT", false);
        check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
        check("(MIT OR Apache-2.0) AND GPL-2.0", false);
        check("MIT OR GPL-2.0 AND Zlib", true);
        check("Apache-2.0 WITH LLVM-exception OR GPL-2.0", true);
        check("GPL-2.0 WITH Classpath-exception-2.0", false);
        check("(MIT", false);
        check("", false);
    }
}
