//! A reference is a GitHub link that may change.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8124,
        name: "branch-link",
        summary: "A reference is a link to a file in a branch on GitHub.",
        help: "Open the file, press `y`, and take the address with the commit in it.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_github_link", "SigmahqGithubLinkIssue")),
    why: "Branches move: what the link shows next year is not what the rule was written from.",
    example: Example {
        flagged: "references:\n    - https://github.com/a/b/blob/main/c.md",
        clean: "references:\n    - https://github.com/a/b/blob/bd2a4c37efde5f69f87040173e990f1f6ff9e234/c.md",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, link) in cx.meta().references.iter().enumerate() {
        if is_file(link) && !has_commit(link) {
            report.at(cx.entry_place("references", at), "the link follows a branch");
        }
    }
}

/// A link whose last dot has one to three letters or digits behind it.
fn is_file(link: &str) -> bool {
    let Some(path) = link.strip_prefix("https://github.com/") else { return false };
    let ending = path.strip_suffix('\n').unwrap_or(path).rsplit_once('.').map_or("", |(_, ending)| ending);
    (1..=3).contains(&ending.chars().count()) && ending.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn has_commit(link: &str) -> bool {
    let is_commit = |part: &str| {
        part.len() == 40 && part.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
    };
    let mut parts = link.split('/').skip(1).collect::<Vec<_>>();
    parts.pop();
    parts.into_iter().any(is_commit)
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "references:\n    - https://x.org\n    - https://github.com/a/b/blob/main/c.py", &["https://github.com/a/b/blob/main/c.py"]);
        check(&super::CHECK, "references:\n    - https://github.com/a/b\n    - https://github.com/a/b.html5", &[]);
    }
}
