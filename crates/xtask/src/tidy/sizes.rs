//! Files stay small enough to read in one sitting.
//!
//! Counted are the lines before `#[cfg(test)]`. A file over the limit needs a line in `long-files.txt`, with
//! a ceiling it may not outgrow; a line that is no longer needed must go, so the list only shrinks.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use crate::Workspace;

/// Lines of code a file may have.
const LINES_MAX: usize = 500;
/// Lines of code no file may have, listed or not.
const LINES_HARD_MAX: usize = 1_000;
/// `path ceiling`, one a line; `#` opens a comment.
const LONG_FILES: &str = include_str!("long-files.txt");

pub(super) fn check(workspace: &Workspace) -> Result<Vec<String>> {
    let sizes = workspace
        .files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .map(|file| (file.path.as_str(), file.code().count()));
    complaints(sizes, &parse(LONG_FILES)?)
}

fn parse(list: &str) -> Result<BTreeMap<&str, usize>> {
    let mut ceilings = BTreeMap::new();
    for line in list.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let (path, ceiling) = line.split_once(' ').with_context(|| format!("long-files.txt: `{line}`"))?;
        let ceiling = ceiling.trim().parse().with_context(|| format!("long-files.txt: `{line}`"))?;
        if ceilings.insert(path, ceiling).is_some() {
            bail!("long-files.txt: {path} stands there twice");
        }
    }
    Ok(ceilings)
}

fn complaints<'a>(
    sizes: impl Iterator<Item = (&'a str, usize)>,
    ceilings: &BTreeMap<&str, usize>,
) -> Result<Vec<String>> {
    let mut unused = ceilings.clone();
    let mut complaints = Vec::new();
    for (path, lines) in sizes {
        let ceiling = unused.remove(path);
        let limit = ceiling.unwrap_or(LINES_MAX).min(LINES_HARD_MAX);
        if lines > limit {
            complaints.push(format!("{path}: {lines} lines of code, at most {limit} are allowed"));
        } else if ceiling.is_some() && lines <= LINES_MAX {
            complaints.push(format!("{path}: {lines} lines of code: take it off long-files.txt"));
        }
    }
    complaints.extend(unused.keys().map(|path| format!("long-files.txt: {path} does not exist")));
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_the_list_work_together() {
        let check = |list: &str, lines: usize, expect: &[&str]| {
            let got = complaints([("a.rs", lines)].into_iter(), &parse(list).unwrap()).unwrap();
            assert_eq!(got, expect, "{list:?} with {lines} lines");
        };
        check("", 500, &[]);
        check("", 501, &["a.rs: 501 lines of code, at most 500 are allowed"]);
        check("# why\na.rs 600\n", 600, &[]);
        check("a.rs 600", 601, &["a.rs: 601 lines of code, at most 600 are allowed"]);
        check("a.rs 600", 500, &["a.rs: 500 lines of code: take it off long-files.txt"]);
        check("a.rs 2000", 1_001, &["a.rs: 1001 lines of code, at most 1000 are allowed"]);
        check("b.rs 600", 1, &["long-files.txt: b.rs does not exist"]);
    }

    #[test]
    fn a_bad_list_is_an_error() {
        assert!(parse("a.rs").is_err() && parse("a.rs x").is_err() && parse("a.rs 1\na.rs 2").is_err());
    }
}
