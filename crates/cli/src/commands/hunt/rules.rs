//! The rules of a call: loaded, chosen, rewritten by pipelines, compiled.

use std::sync::Arc;

use sigyn_convert::{load_behind, prepare};
use sigyn_diagnostics::{Diagnostic, SourceFile, SourceId, Sources, codes};
use sigyn_engine::{Inert, LogSources};
use sigyn_hunt::{Filter, RuleInfo};
use sigyn_ir::{Compat, Level, LoadOptions, LogSource, RuleSet, Status};
use sigyn_pipeline::{Context, Pipeline};
use sigyn_runtime::Program;

use super::{FilterArgs, RuleFiles, SelectionArgs};
use crate::disk::{Disk, External};
use crate::findings::Found;
use crate::setup;

/// What a call says about the rules, understood.
#[derive(Debug)]
pub(crate) struct Selection {
    filter: Filter,
    pipeline: Pipeline,
    /// The texts of the pipelines.
    sources: Sources,
    disk: Arc<Disk>,
}

/// Rules that are ready to match.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) program: Program,
    /// By the rule's place in the set.
    pub(crate) infos: Vec<RuleInfo>,
    pub(crate) inert: Vec<Inert>,
    /// Rules that are refused, and files that are not read.
    pub(crate) refused: Vec<Found>,
}

impl FilterArgs {
    /// The filter that the words ask for.
    pub(crate) fn understood(&self) -> Result<Filter, Vec<Found>> {
        let level_min =
            self.level.as_deref().map(|word| choice(word, "level", Level::parse, Level::ALL)).transpose()?;
        let statuses: Result<Vec<Status>, _> =
            self.status.iter().map(|word| choice(word, "status", Status::parse, Status::ALL)).collect();
        let logsources: Result<Vec<LogSource>, _> =
            self.logsource.iter().map(|text| log_source(text)).collect();
        Ok(Filter { level_min, statuses: statuses?, tags: self.tag.clone(), logsources: logsources? })
    }
}

impl Selection {
    pub(crate) fn new(args: &SelectionArgs) -> Result<Self, Vec<Found>> {
        let filter = args.filter.understood()?;
        let mut sources = Sources::default();
        let mut pipelines = setup::pipelines(&args.pipelines, "sigyn", &mut sources)?;
        if let Some(pipeline) = field_map(&args.field_map)? {
            pipelines.push(pipeline);
        }
        let external = if args.pipelines.allow_external { External::Allowed } else { External::Refused };
        let disk = Arc::new(Disk { external, folders: args.pipelines.template_vars_path.clone() });
        Ok(Self { filter, pipeline: Pipeline::chain(pipelines), sources, disk })
    }

    /// Loads and compiles.
    pub(crate) fn load(&self, files: &RuleFiles) -> Result<Loaded, Vec<Found>> {
        let (texts, refused) = setup::texts(&files.rules, &files.file_pattern)?;
        self.compile(texts, refused)
    }

    /// Compiles rule texts; `refused` is what is wrong with them already.
    pub(crate) fn compile(&self, texts: Vec<SourceFile>, refused: Vec<Found>) -> Result<Loaded, Vec<Found>> {
        let Chosen { set, sources, mut refused } = self.choose(texts, refused);
        let built = Program::build(set, &log_sources()?, &[]);
        refused.extend(built.refused.into_iter().map(|diagnostic| place(diagnostic, &sources)));
        let program = built.program;
        let infos = program.set.items.iter().map(|item| RuleInfo::of(item.meta())).collect();
        if program.engine.rule_count() == 0 {
            let message = "there is no rule to hunt with".to_owned();
            refused.push(Found::of("", Diagnostic::error(&codes::input::NO_RULES, message)));
            return Err(refused);
        }
        Ok(Loaded { program, infos, inert: built.inert, refused })
    }

    /// The rules of these texts that are asked for, with those that they read, as the pipelines leave them.
    pub(crate) fn choose(&self, texts: Vec<SourceFile>, mut refused: Vec<Found>) -> Chosen {
        let (sources, loaded) = load_behind(self.sources.clone(), texts, &LoadOptions::new(Compat::Spec));
        let sources = Arc::new(sources);
        let errors = loaded.diagnostics.into_iter().filter(Diagnostic::is_error);
        refused.extend(errors.map(|diagnostic| place(diagnostic, &sources)));
        let is_wanted = self.filter.choose(&loaded.set);
        let (set, _) = loaded.set.subset(&is_wanted, &[]);
        let set = self.rewrite(set, &sources, &mut refused);
        Chosen { set, sources, refused }
    }

    fn rewrite(&self, set: RuleSet, sources: &Arc<Sources>, refused: &mut Vec<Found>) -> RuleSet {
        if self.pipeline.is_empty() && set.items.iter().all(|item| item.meta().has_sigma_taxonomy()) {
            return set;
        }
        let context = || Context::with_files(Compat::Spec, self.disk.clone());
        let RuleSet { outputs, is_referenced, .. } = set.clone();
        let mut is_gone = Vec::with_capacity(set.items.len());
        let mut items = Vec::with_capacity(set.items.len());
        for prepared in prepare(&self.pipeline, set, context) {
            is_gone.push(prepared.failure.is_some());
            refused.extend(prepared.failure.map(|failure| place(failure.diagnostic, sources)));
            items.push(prepared.item);
        }
        let set = RuleSet { items, outputs, is_referenced };
        let is_wanted: Vec<bool> = is_gone.iter().map(|is_gone| !is_gone).collect();
        let (rest, lost) = set.subset(&is_wanted, &is_gone);
        refused.extend(lost.iter().map(|lost| place(set.lost(*lost), sources)));
        rest
    }
}

/// Rules of a call before they are compiled.
pub(crate) struct Chosen {
    pub(crate) set: RuleSet,
    pub(crate) sources: Arc<Sources>,
    /// Rules that are refused, and files that are not read.
    pub(crate) refused: Vec<Found>,
}

/// What events of each log source look like.
pub(crate) fn log_sources() -> Result<LogSources, Vec<Found>> {
    LogSources::built_in().map_err(|error| {
        vec![Found::of("", Diagnostic::error(&codes::input::BAD_ARGUMENT, error.to_string()))]
    })
}

pub(crate) fn place(diagnostic: Diagnostic, sources: &Arc<Sources>) -> Found {
    Found { diagnostic, sources: sources.clone(), origin: String::new() }
}

fn bad(message: String, help: String) -> Vec<Found> {
    vec![Found::of("", Diagnostic::error(&codes::input::BAD_ARGUMENT, message).with_help(help))]
}

/// One of several words.
pub(crate) fn choice<T: Copy + std::fmt::Display>(
    word: &str,
    what: &str,
    parse: fn(&str) -> Option<T>,
    all: &[T],
) -> Result<T, Vec<Found>> {
    parse(word).ok_or_else(|| {
        let known: Vec<String> = all.iter().map(ToString::to_string).collect();
        bad(format!("there is no {what} `{word}`"), format!("use one of {}", known.join(", ")))
    })
}

/// A log source from `product=windows,category=process_creation`.
pub(crate) fn log_source(text: &str) -> Result<LogSource, Vec<Found>> {
    let mut source = LogSource::default();
    for pair in text.split(',') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let slot = match key.trim() {
            "product" => &mut source.product,
            "category" => &mut source.category,
            "service" => &mut source.service,
            _ => {
                return Err(bad(
                    format!("`{pair}` names no log source"),
                    "use product=…, category=…, service=…".to_owned(),
                ));
            }
        };
        *slot = Some(value.trim().to_owned());
    }
    Ok(source)
}

/// A pipeline that renames fields, from `FIELD=NAME` words.
pub(crate) fn field_map(words: &[String]) -> Result<Option<Pipeline>, Vec<Found>> {
    if words.is_empty() {
        return Ok(None);
    }
    let mut mapping = serde_json::Map::new();
    for word in words {
        let Some((field, name)) =
            word.split_once('=').filter(|(field, name)| !field.is_empty() && !name.is_empty())
        else {
            return Err(bad(
                format!("`{word}` is no field mapping"),
                "write --field-map Image=process_path".to_owned(),
            ));
        };
        mapping.insert(field.to_owned(), name.into());
    }
    // JSON is YAML.
    let text = serde_json::json!({
        "name": "field map of the call",
        "priority": 100,
        "transformations": [{ "id": "field_map", "type": "field_name_mapping", "mapping": mapping }],
    });
    match Pipeline::from_yaml(SourceId::default(), &text.to_string()) {
        (Some(pipeline), _) => Ok(Some(pipeline)),
        (None, found) => {
            Err(found.into_iter().map(|diagnostic| Found::of("--field-map", diagnostic)).collect())
        }
    }
}
