//! The rules of a call: loaded, chosen, rewritten by pipelines, compiled.

use std::sync::Arc;

use sigyn_convert::{load_behind, prepare};
use sigyn_diagnostics::{Diagnostic, SourceFile, SourceId, Sources, codes};
use sigyn_engine::{Config, Engine, Inert, LogSources};
use sigyn_hunt::{Filter, RuleInfo};
use sigyn_ir::{Compat, Level, LoadOptions, LogSource, RuleItem, RuleSet, Status};
use sigyn_pipeline::{Context, Pipeline};

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
    pub(crate) engine: Engine,
    pub(crate) set: RuleSet,
    /// By the rule's place in the set.
    pub(crate) infos: Vec<RuleInfo>,
    pub(crate) inert: Vec<Inert>,
    /// Rules that are refused, and files that are not read.
    pub(crate) refused: Vec<Found>,
    /// Correlations among the rules: a hunt matches single events.
    pub(crate) correlations: usize,
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
    pub(crate) fn compile(
        &self,
        texts: Vec<SourceFile>,
        mut refused: Vec<Found>,
    ) -> Result<Loaded, Vec<Found>> {
        let (sources, loaded) = load_behind(self.sources.clone(), texts, &LoadOptions::new(Compat::Spec));
        let sources = Arc::new(sources);
        let errors = loaded.diagnostics.into_iter().filter(Diagnostic::is_error);
        refused.extend(errors.map(|diagnostic| place(diagnostic, &sources)));
        let is_correlation = |item: &&RuleItem| matches!(item, RuleItem::Correlation(_));
        let correlations = loaded.set.items.iter().filter(is_correlation).count();
        let set = self.rewrite(self.choose(loaded.set), &sources, &mut refused);
        let built_in = LogSources::built_in().map_err(|error| {
            vec![Found::of("", Diagnostic::error(&codes::input::BAD_ARGUMENT, error.to_string()))]
        })?;
        let built = Engine::build(&set, &built_in, Config::standard());
        refused.extend(built.refused.into_iter().map(|(_, diagnostic)| place(diagnostic, &sources)));
        let infos = set.items.iter().map(|item| RuleInfo::of(item.meta())).collect();
        if built.engine.rule_count() == 0 {
            let message = "there is no rule to hunt with".to_owned();
            refused.push(Found::of("", Diagnostic::error(&codes::input::NO_RULES, message)));
            return Err(refused);
        }
        Ok(Loaded { engine: built.engine, set, infos, inert: built.inert, refused, correlations })
    }

    /// The rules that are asked for. Correlations go: they read rules by place, and a hunt matches single events.
    fn choose(&self, set: RuleSet) -> RuleSet {
        let items = set
            .items
            .into_iter()
            .filter(|item| matches!(item, RuleItem::Rule(_)) && self.filter.admits(item));
        let items: Vec<RuleItem> = items.collect();
        let count = items.len();
        RuleSet { items, outputs: vec![true; count], is_referenced: vec![false; count] }
    }

    fn rewrite(&self, set: RuleSet, sources: &Arc<Sources>, refused: &mut Vec<Found>) -> RuleSet {
        if self.pipeline.is_empty() && set.items.iter().all(|item| item.meta().has_sigma_taxonomy()) {
            return set;
        }
        let context = || Context::with_files(Compat::Spec, self.disk.clone());
        let mut out = RuleSet::default();
        for prepared in prepare(&self.pipeline, set, context) {
            match prepared.failure {
                Some(failure) => refused.push(place(failure.diagnostic, sources)),
                None => {
                    out.items.push(prepared.item);
                    out.outputs.push(true);
                    out.is_referenced.push(false);
                }
            }
        }
        out
    }
}

fn place(diagnostic: Diagnostic, sources: &Arc<Sources>) -> Found {
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
fn field_map(words: &[String]) -> Result<Option<Pipeline>, Vec<Found>> {
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
