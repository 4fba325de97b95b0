//! The pipelines that come with the program: data files that a user can print, copy and edit.

use sigyn_diagnostics::{SourceFile, SourceId, Sources};

use crate::Pipeline;

mod table;

pub use table::all;

/// A built-in pipeline: what is worth knowing without reading it, and its YAML.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// What it is called by.
    pub name: &'static str,
    /// Pipelines of lower priority apply first.
    pub priority: i64,
    /// Its title.
    pub title: &'static str,
    /// Targets that it is made for; empty if it does not say.
    pub allowed_backends: &'static [&'static str],
    /// The YAML.
    pub yaml: &'static str,
}

impl Builtin {
    /// Reads the pipeline. `source` is the id that the caller gave to the text in its table of sources.
    pub fn load(&self, source: SourceId) -> Option<Pipeline> {
        let (pipeline, _) = Pipeline::from_yaml(source, self.yaml);
        pipeline.map(|pipeline| Pipeline { id: self.name.to_owned(), ..pipeline })
    }

    /// Reads the pipeline as a text of its own in a table, where findings show it as `pipeline NAME`.
    pub fn load_into(&self, sources: &mut Sources) -> Option<Pipeline> {
        let source = sources.add(SourceFile::new(format!("pipeline {}", self.name), self.yaml));
        self.load(source)
    }
}

/// The built-in pipeline of a name.
pub fn get(name: &str) -> Option<&'static Builtin> {
    all().iter().find(|builtin| builtin.name == name)
}
