//! Runs the conversion corpus through every target.

use std::fs;
use std::path::Path;

use sigyn_testkit::conversion::Case;

#[test]
fn every_case_is_printed_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/convert");
    let mut paths: Vec<_> =
        fs::read_dir(&folder).expect("the corpus").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort_unstable();
    assert!(!paths.is_empty(), "an empty corpus tests nothing");
    let mut wrong = Vec::new();
    for path in &paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let recorded = fs::read_to_string(path).expect("a case");
        let case = Case::parse(&recorded).unwrap_or_else(|error| panic!("{name}: {error}"));
        let printed = case.render().unwrap_or_else(|error| panic!("{name}: {}", error.message));
        if printed == recorded {
            continue;
        }
        if std::env::var_os("SIGYN_UPDATE").is_some() {
            fs::write(path, &printed).expect("written");
        } else {
            let line = recorded.lines().zip(printed.lines()).find(|(old, new)| old != new);
            wrong.push(format!("{name}: {line:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "printed otherwise than recorded (SIGYN_UPDATE=1 records anew):\n{}",
        wrong.join("\n")
    );
}
