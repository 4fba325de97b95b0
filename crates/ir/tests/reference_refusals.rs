//! Which rule files the reference implementation refuses, and which we refuse under its reading.
//!
//! The files and what the reference says about them are not part of the project; without them the test says so
//! and passes.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use sigyn_diagnostics::{SourceFile, SourceId};
use sigyn_ir::{Compat, LoadOptions, Loaded, pysigma_class, read, resolve};

/// What the reference says about one file.
#[derive(Debug)]
enum Verdict {
    Loaded,
    /// Refused, with a class, while it was parsed.
    RefusedAtParse(String),
    /// Refused later, perhaps by the backend alone.
    RefusedAtConvert(String),
}

fn shared() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {} is absent", path.display());
    None
}

fn goldens(path: &Path) -> BTreeMap<String, Verdict> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let class = || line["error"]["class"].as_str().unwrap().to_owned();
            let verdict = match line["error"]["stage"].as_str() {
                None => Verdict::Loaded,
                Some("parse") => Verdict::RefusedAtParse(class()),
                Some(_) => Verdict::RefusedAtConvert(class()),
            };
            (line["path"].as_str().unwrap().to_owned(), verdict)
        })
        .collect()
}

fn load(path: &Path, options: &LoadOptions) -> Loaded {
    let text = fs::read_to_string(path).unwrap();
    let file = SourceFile::new(path.display().to_string(), text);
    resolve(vec![read(SourceId(0), &file, options)], options)
}

#[derive(Default, Debug)]
struct Score {
    files: usize,
    refused: usize,
    same_class: usize,
    wrong: Vec<String>,
    other_class: Vec<String>,
}

fn compare(base: &Path, golden: &Path) -> Score {
    let options = LoadOptions::new(Compat::PySigma);
    let mut score = Score::default();
    for (path, verdict) in goldens(golden) {
        let loaded = load(&base.join(&path), &options);
        let error = loaded.file_error(SourceId(0));
        score.files += 1;
        match (verdict, error) {
            (Verdict::Loaded, None) | (Verdict::RefusedAtConvert(_), None) => {}
            (Verdict::RefusedAtParse(class) | Verdict::RefusedAtConvert(class), Some(error)) => {
                score.refused += 1;
                let mine = pysigma_class(error.code).unwrap_or("none");
                if mine == class {
                    score.same_class += 1;
                } else {
                    score.other_class.push(format!("{path}: {class}, not {mine} ({})", error.message));
                }
            }
            (Verdict::Loaded, Some(error)) => {
                score.wrong.push(format!("{path} is refused: {}", error.message));
            }
            (Verdict::RefusedAtParse(class), None) => {
                score.wrong.push(format!("{path} is not refused, but {class}"));
            }
        }
    }
    eprintln!(
        "{}: {} files, {} refused by both, {} with the same class",
        golden.display(),
        score.files,
        score.refused,
        score.same_class
    );
    for line in &score.other_class {
        eprintln!("  other class: {line}");
    }
    score
}

#[test]
fn refusals_are_those_of_the_reference() {
    let Some(shared) = shared() else { return };
    for (base, golden) in [
        ("data/sigmahq", "oracle/gold/lucene.default.none.ndjson.gz"),
        ("oracle", "oracle/gold-edge/splunk.default.none.ndjson.gz"),
        ("oracle", "oracle/gold-corr/splunk.default.none.ndjson.gz"),
    ] {
        let score = compare(&shared.join(base), &shared.join(golden));
        assert!(score.wrong.is_empty(), "{}", score.wrong.join("\n"));
        assert!(score.other_class.is_empty(), "{}", score.other_class.join("\n"));
        assert!(score.files > 200, "{} files", score.files);
    }
}
