//! What git says: run as a program, because it knows its repositories best.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::pattern::Pattern;

/// A file of a revision.
#[derive(Debug)]
pub(crate) struct Stored {
    /// Its path below what was asked for, or its name if that was a file.
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// What git prints for these words, run in the current folder.
///
/// # Errors
/// What git said, or that it cannot be run.
pub(crate) fn text(words: &[&str]) -> Result<String, String> {
    let output =
        Command::new("git").args(words).output().map_err(|error| format!("git cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("git {}: {}", words.join(" "), said.trim_end()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The files of a revision: `REVISION:PATH`, a folder or a file, as `git show` takes it. Links are left out.
///
/// # Errors
/// What git said, or that it cannot be run.
pub(crate) fn files(spec: &str, pattern: &Pattern) -> Result<Vec<Stored>, String> {
    files_of(&[], spec, pattern)
}

/// Gets a revision of another repository into a bare one of our own, and says which commit it is.
///
/// # Errors
/// What git said, or that it cannot be run.
pub(crate) fn fetch(own: &Path, from: &str, revision: &str) -> Result<String, String> {
    if from.starts_with('-') || revision.starts_with('-') {
        return Err(format!("`{from}` at `{revision}` is no repository"));
    }
    let folder = own.to_string_lossy();
    text(&["init", "--quiet", "--bare", &folder])?;
    let own = format!("--git-dir={folder}");
    text(&[&own, "fetch", "--quiet", "--no-tags", "--depth", "1", from, revision])?;
    Ok(text(&[&own, "rev-parse", "--verify", "FETCH_HEAD^{commit}"])?.trim_end().to_owned())
}

/// As [`files`], of a bare repository.
pub(crate) fn files_in(own: &Path, spec: &str, pattern: &Pattern) -> Result<Vec<Stored>, String> {
    files_of(&[&format!("--git-dir={}", own.display())], spec, pattern)
}

fn files_of(before: &[&str], spec: &str, pattern: &Pattern) -> Result<Vec<Stored>, String> {
    let text = |words: &[&str]| text(&[before, words].concat());
    // A revision that looks like an option would be one.
    if spec.starts_with('-') {
        return Err(format!("`{spec}` is no revision"));
    }
    let object = text(&["rev-parse", "--verify", spec])?;
    let object = object.trim_end();
    if text(&["cat-file", "-t", object])?.trim_end() == "blob" {
        let name = spec.rsplit(['/', ':']).next().unwrap_or(spec).to_owned();
        return contents(before, vec![(object.to_owned(), name)]);
    }
    let tree = text(&["ls-tree", "-r", "-z", "--full-tree", object])?;
    let wanted = tree.split('\0').filter_map(|line| {
        let (facts, path) = line.split_once('\t')?;
        let mut facts = facts.split(' ');
        let is_file = facts.next()?.starts_with("100");
        let object = facts.nth(1)?;
        (is_file && pattern.fits(Path::new(path))).then(|| (object.to_owned(), path.to_owned()))
    });
    contents(before, wanted.collect())
}

/// The contents of files by their objects, from one process for all.
fn contents(before: &[&str], files: Vec<(String, String)>) -> Result<Vec<Stored>, String> {
    let failed = |error: std::io::Error| format!("git cat-file: {error}");
    let mut child = Command::new("git")
        .args(before)
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("git cannot be run: {error}"))?;
    let asked: String = files.iter().map(|(object, _)| format!("{object}\n")).collect();
    let (stdin, mut said) = (child.stdin.take(), Vec::new());
    std::thread::scope(|scope| {
        // Asking and reading at once: git stops reading while nobody reads what it says.
        let asking = scope.spawn(move || stdin.map_or(Ok(()), |mut stdin| stdin.write_all(asked.as_bytes())));
        if let Some(stdout) = &mut child.stdout {
            stdout.read_to_end(&mut said)?;
        }
        asking.join().unwrap_or(Ok(()))
    })
    .map_err(failed)?;
    if !child.wait().map_err(failed)?.success() {
        return Err("git cat-file failed".to_owned());
    }
    let mut rest = said.as_slice();
    let mut out = Vec::with_capacity(files.len());
    for (object, path) in files {
        let bytes = next(&mut rest).ok_or_else(|| format!("git has no object {object} for `{path}`"))?;
        out.push(Stored { path, bytes });
    }
    Ok(out)
}

/// The next answer: `OBJECT KIND SIZE`, a line break, that many bytes and a line break.
fn next(said: &mut &[u8]) -> Option<Vec<u8>> {
    let end = said.iter().position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(&said[..end]).ok()?;
    let size: usize = head.split(' ').nth(2)?.parse().ok()?;
    let start = end + 1;
    let bytes = said.get(start..start + size)?.to_vec();
    *said = said.get(start + size + 1..)?;
    Some(bytes)
}
