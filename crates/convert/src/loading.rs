//! Many texts read at once, as one collection.

use rayon::prelude::*;
use sigyn_diagnostics::{SourceFile, SourceId, Sources};
use sigyn_ir::{LoadOptions, Loaded, ParsedFile};

/// Reads texts in parallel and puts them together as one collection: references and filters reach across files.
/// Rules come in the order of the texts, except that referenced ones come first.
pub fn load(files: impl IntoIterator<Item = SourceFile>, options: &LoadOptions) -> (Sources, Loaded) {
    load_behind(Sources::default(), files, options)
}

/// As [`load`], with the texts put behind others in one table: findings may then point into both, as those about
/// a rule and the item of a pipeline that refused it do.
pub fn load_behind(
    mut sources: Sources,
    files: impl IntoIterator<Item = SourceFile>,
    options: &LoadOptions,
) -> (Sources, Loaded) {
    let before = sources.iter().count();
    for file in files {
        sources.add(file);
    }
    let list: Vec<(SourceId, &SourceFile)> = sources.iter().skip(before).collect();
    let parsed: Vec<ParsedFile> =
        list.into_par_iter().map(|(id, file)| sigyn_ir::read(id, file, options)).collect();
    let loaded = sigyn_ir::resolve(parsed, options);
    (sources, loaded)
}
