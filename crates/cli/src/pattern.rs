//! File name patterns as `pathlib` reads them: `*`, `?`, `[abc]`, `[!a-z]`, and `**` for any number of folders.

use std::path::Path;

/// A pattern for the last parts of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    parts: Vec<Vec<char>>,
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            parts: text
                .split('/')
                .filter(|part| !part.is_empty())
                .map(|part| part.chars().collect())
                .collect(),
        }
    }

    /// Whether it is meant for tests of rules too: one for YAML files in general is meant for rules.
    pub(crate) fn takes_tests(&self) -> bool {
        let last: String = self.parts.last().into_iter().flatten().collect();
        last.contains("test") || !(last.ends_with("yml") || last.ends_with("yaml"))
    }

    /// Whether the end of a path below some folder fits; folders before it may be anything.
    pub(crate) fn fits(&self, below: &Path) -> bool {
        let names: Vec<Vec<char>> =
            below.iter().map(|name| name.to_string_lossy().chars().collect()).collect();
        (0..names.len()).any(|from| fit_parts(&self.parts, &names[from..]))
    }
}

fn fit_parts(parts: &[Vec<char>], names: &[Vec<char>]) -> bool {
    match parts {
        [] => names.is_empty(),
        [first, rest @ ..] if first.iter().collect::<String>() == "**" => {
            (0..=names.len()).any(|skipped| fit_parts(rest, &names[skipped..]))
        }
        [first, rest @ ..] => match names {
            [name, names @ ..] => fit_name(first, name) && fit_parts(rest, names),
            [] => false,
        },
    }
}

/// Matches one name. On a mismatch only the last `*` is widened, so the price is at most quadratic.
fn fit_name(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut last_star = None;
    while seen < name.len() {
        let step = match pattern.get(at) {
            Some('*') => {
                last_star = Some((at, seen));
                at += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => fit_class(&pattern[at..], name[seen]),
            Some(&c) => (c == name[seen]).then_some(1),
            None => None,
        };
        match (step, last_star) {
            (Some(width), _) => {
                at += width;
                seen += 1;
            }
            (None, Some((star, from))) => {
                last_star = Some((star, from + 1));
                (at, seen) = (star + 1, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern[at..].iter().all(|&c| c == '*')
}

/// The width of the class that opens a pattern, if the character is in it. A `[` without its `]` is itself.
fn fit_class(pattern: &[char], c: char) -> Option<usize> {
    let negated = pattern.get(1) == Some(&'!');
    let open = if negated { 2 } else { 1 };
    // A `]` right behind the opening is a member.
    let Some(close) = pattern.iter().skip(open + 1).position(|&c| c == ']').map(|at| at + open + 1) else {
        return (c == '[').then_some(1);
    };
    let members = &pattern[open..close];
    let mut at = 0;
    let mut is_member = false;
    while at < members.len() {
        if at + 2 < members.len() && members[at + 1] == '-' {
            is_member |= (members[at]..=members[at + 2]).contains(&c);
            at += 3;
        } else {
            is_member |= members[at] == c;
            at += 1;
        }
    }
    (is_member != negated).then_some(close + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_pathlib_says() {
        let check = |pattern: &str, path: &str, expect: bool| {
            assert_eq!(Pattern::new(pattern).fits(Path::new(path)), expect, "{pattern} on {path}");
        };
        check("*.yml", "a.yml", true);
        check("*.yml", "windows/process/a.yml", true);
        check("*.yml", "a.yaml", false);
        check("*.y*ml", "a.yaml", true);
        check("proc_*_win?.yml", "proc_creation_win1.yml", true);
        check("process/*.yml", "windows/process/a.yml", true);
        check("process/*.yml", "windows/network/a.yml", false);
        check("windows/**/*.yml", "rules/windows/a/b/c.yml", true);
        check("windows/**/*.yml", "rules/windows/c.yml", true);
        check("[a-c]*.yml", "bx.yml", true);
        check("[!a-c]*.yml", "bx.yml", false);
        check("[]x]*.yml", "].yml", true);
        check("[.yml", "[.yml", true);
        check("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false);
        check("*", "regel-ä.yml", true);
    }
}
