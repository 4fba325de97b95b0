//! `--fix`: mends what can be mended, file by file, until nothing is left.

use std::path::Path;

use sigyn_diagnostics::{Diagnostic, SourceFile, Sources, codes};
use sigyn_lint::{Linter, Safety, apply_fixes, same_meaning};

use super::changed::Changed;
use crate::findings::Found;
use crate::input::STDIN;

/// How often the findings of mended files are looked for anew: a fix may make room for another.
const ROUNDS_MAX: usize = 8;

/// What was mended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mended {
    pub(crate) fixes: usize,
    pub(crate) files: usize,
}

/// Mends the texts and writes the files that changed. A text whose meaning would change under safe fixes is left as
/// it was: such a fix is a defect, and the finding stays.
pub(crate) fn mend(
    linter: &Linter,
    texts: &mut [SourceFile],
    is_unsafe: bool,
    only: Option<&Changed>,
) -> Result<Mended, Found> {
    let safety = if is_unsafe { Safety::Unsafe } else { Safety::Safe };
    let mut changed = vec![false; texts.len()];
    let mut mended = Mended::default();
    for _ in 0..ROUNDS_MAX {
        let mut sources = Sources::default();
        for text in texts.iter() {
            sources.add(SourceFile::new(text.name.clone(), text.text.clone()));
        }
        let outcome = linter.run(&sources);
        let before = mended.fixes;
        for ((source, file), at) in sources.iter().zip(0..) {
            if file.name == STDIN || only.is_some_and(|only| !only.has(&file.name)) {
                continue;
            }
            let start = outcome.findings.partition_point(|finding| finding.source < source);
            let end = outcome.findings.partition_point(|finding| finding.source <= source);
            let applied = apply_fixes(&file.text, source, &outcome.findings[start..end], safety);
            let is_sound = is_unsafe || same_meaning(&file.text, &applied.text);
            if applied.count > 0 && is_sound {
                texts[at] = SourceFile::new(file.name.clone(), applied.text);
                changed[at] = true;
                mended.fixes += applied.count;
            }
        }
        if mended.fixes == before {
            break;
        }
    }
    for (text, _) in texts.iter().zip(&changed).filter(|(_, changed)| **changed) {
        std::fs::write(Path::new(&text.name), &text.text).map_err(|error| {
            let message = format!("cannot be written: {error}");
            Found::of(text.name.clone(), Diagnostic::error(&codes::input::UNWRITABLE, message))
        })?;
        mended.files += 1;
    }
    Ok(mended)
}
