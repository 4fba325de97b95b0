//! From the words of a call to a target and its pipelines, for every command that needs them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sigyn_attack::Attack;
use sigyn_backends::{CustomTarget, Dialect, Env, Options, Target, dialect, targets};
use sigyn_convert::{Converter, Settings, Strictness};
use sigyn_diagnostics::{Diagnostic, SourceFile, Sources, codes};
use sigyn_ir::{Compat, Data, Number};
use sigyn_pipeline::{Pipeline, builtin};

use crate::args::{Aim, Pipelines};
use crate::disk::{Disk, External};
use crate::findings::Found;
use crate::input::{self, Unread};
use crate::progress::Progress;

/// What a call says about the target and the way to it.
pub(crate) struct Wanted<'a> {
    pub(crate) aim: &'a Aim,
    pub(crate) pipelines: &'a Pipelines,
    pub(crate) env: Env,
    pub(crate) strictness: Strictness,
    pub(crate) pipeline_need: PipelineNeed,
}

/// Whether a target that asks for a pipeline gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PipelineNeed {
    /// Without one the call is wrong.
    Held,
    /// The user knows better.
    Waived,
}

/// The converter of a call.
pub(crate) fn converter(wanted: Wanted<'_>) -> Result<Converter, Vec<Found>> {
    let target = target(wanted.aim).map_err(|found| vec![found])?;
    let dialect = target.dialect();
    let mut sources = Sources::default();
    let pipelines = pipelines(wanted.pipelines, &dialect.name, &mut sources)?;
    if dialect.requires_pipeline
        && wanted.pipelines.pipeline.is_empty()
        && wanted.pipeline_need == PipelineNeed::Held
    {
        let message = format!("the target `{}` needs a processing pipeline", dialect.name);
        let help = format!(
            "choose one of `sigyn list pipelines {}` with -p, or say --without-pipeline",
            dialect.name
        );
        return Err(call(Diagnostic::error(&codes::pipeline::REQUIRED, message).with_help(help)));
    }
    check_options(dialect, &wanted.env.options).map_err(call)?;
    let external = if wanted.pipelines.allow_external { External::Allowed } else { External::Refused };
    let files = Disk { external, folders: wanted.pipelines.template_vars_path.clone() };
    Converter::new(Settings {
        target,
        pipelines,
        env: wanted.env,
        files: Arc::new(files),
        strictness: wanted.strictness,
        sources,
    })
    .map_err(call)
}

fn call(diagnostic: Diagnostic) -> Vec<Found> {
    vec![Found::of("", diagnostic)]
}

/// The target of a name, or of a dialect file.
fn target(aim: &Aim) -> Result<Box<dyn Target>, Found> {
    let name = aim.target.as_deref();
    if let Some(path) = &aim.dialect {
        let dialect = dialect_of(path)?;
        return check_name(dialect, name).map_err(|diagnostic| Found::of(input::name(path), diagnostic));
    }
    let name = name.unwrap_or_default();
    let known = targets::find(name).ok_or_else(|| {
        let message = format!("there is no target `{name}`");
        Found::of("", Diagnostic::error(&codes::backend::UNKNOWN_TARGET, message))
    })?;
    known.build().map_err(|diagnostic| Found::of("", diagnostic))
}

/// The dialect of a file.
pub(crate) fn dialect_of(path: &Path) -> Result<Dialect, Found> {
    let (file, mut sources) = (read(path)?, Sources::default());
    let source = sources.add(file);
    let text = sources.get(source).map_or("", |file| file.text.as_str());
    dialect::load(source, text).map_err(|diagnostic| Found {
        diagnostic,
        sources: Arc::new(sources),
        origin: input::name(path),
    })
}

fn check_name(dialect: Dialect, name: Option<&str>) -> Result<Box<dyn Target>, Diagnostic> {
    match name {
        Some(name) if name != dialect.name && !dialect.aliases.iter().any(|alias| alias == name) => {
            let message = format!("the dialect file describes `{}`, not `{name}`", dialect.name);
            let help = format!("say `-t {}`, or leave -t out", dialect.name);
            Err(Diagnostic::error(&codes::backend::UNKNOWN_TARGET, message).with_help(help))
        }
        _ => Ok(Box::new(CustomTarget::new(dialect))),
    }
}

/// All pipelines that a call names: built-in names, files, and folders with `*.yml` files. Their texts go into the
/// table, so that findings can point into them.
pub(crate) fn pipelines(
    args: &Pipelines,
    target: &str,
    sources: &mut Sources,
) -> Result<Vec<Pipeline>, Vec<Found>> {
    let mut pipelines = Vec::new();
    let mut problems = Vec::new();
    for spec in args.pipeline.iter().flat_map(|spec| expand(spec)) {
        match pipeline(&spec, sources) {
            Ok(pipeline) if args.disable_pipeline_check || pipeline.allows(target) => {
                pipelines.push(pipeline)
            }
            Ok(pipeline) => {
                let made_for = pipeline.allowed_backends.join(", ");
                let message = format!("the pipeline `{spec}` is made for {made_for}, not for {target}");
                problems.push(Found::of(spec, Diagnostic::error(&codes::pipeline::NOT_ALLOWED, message)));
            }
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(pipelines) } else { Err(problems) }
}

/// A folder stands for the pipelines in it.
fn expand(spec: &str) -> Vec<String> {
    let folder = PathBuf::from(spec.trim_end_matches(['/', '*']));
    if !folder.is_dir() || builtin::get(spec).is_some() {
        return vec![spec.to_owned()];
    }
    let (files, _) = input::collect(&[folder], "*.yml");
    files.iter().map(|file| input::name(file)).collect()
}

/// The pipeline of a name or file. Its id, by which pipelines of one priority are ordered, is the word that the
/// call used, as in sigma-cli.
fn pipeline(spec: &str, sources: &mut Sources) -> Result<Pipeline, Vec<Found>> {
    let known = builtin::get(spec).and_then(|builtin| builtin.load_into(sources));
    let mut pipeline = match known {
        Some(pipeline) => pipeline,
        None => from_file(spec, sources)?,
    };
    spec.clone_into(&mut pipeline.id);
    Ok(pipeline)
}

fn from_file(spec: &str, sources: &mut Sources) -> Result<Pipeline, Vec<Found>> {
    if !Path::new(spec).exists() {
        let message = format!("there is no pipeline and no file `{spec}`");
        return Err(call(Diagnostic::error(&codes::pipeline::UNKNOWN_PIPELINE, message)));
    }
    let file = read(Path::new(spec)).map_err(|found| vec![found])?;
    let source = sources.add(file);
    let text = sources.get(source).map_or("", |file| file.text.as_str());
    let (pipeline, found) = Pipeline::from_yaml(source, text);
    let sources = Arc::new(sources.clone());
    pipeline.ok_or_else(|| found.into_iter().map(|found| Found::within(&sources, found)).collect())
}

/// A text file that the call names.
pub(crate) fn read(path: &Path) -> Result<SourceFile, Found> {
    input::read_one(path).map_err(found)
}

/// The version of ATT&CK in a STIX bundle that the call names.
pub(crate) fn attack(path: &Path) -> Result<Attack, Found> {
    let file = read(path)?;
    Attack::from_stix(&file.text).map_err(|error| {
        let message = format!("`{}` has no names of ATT&CK: {error}", file.name);
        Found::of(file.name, Diagnostic::error(&codes::input::NOT_JSON, message))
    })
}

/// What could not be read, as a finding.
pub(crate) fn found(unread: Unread) -> Found {
    Found { diagnostic: unread.diagnostic, sources: Arc::new(unread.sources), origin: unread.name }
}

/// All texts of a call. A path that does not exist, or no file at all, makes the call wrong; a file that cannot
/// be read is a finding.
pub(crate) fn texts(paths: &[PathBuf], pattern: &str) -> Result<(Vec<SourceFile>, Vec<Found>), Vec<Found>> {
    let (files, missing) = input::collect(paths, pattern);
    if missing.iter().any(|missing| missing.diagnostic.code.number == codes::input::NOT_FOUND.number) {
        return Err(missing.into_iter().map(found).collect());
    }
    if files.is_empty() && missing.is_empty() {
        let message = format!("no file of the input fits `{pattern}`");
        return Err(call(Diagnostic::error(&codes::input::NO_RULES, message)));
    }
    let progress = Progress::new("reading", files.len());
    let (texts, unread) = input::read(&files, &progress);
    progress.finish();
    let problems = missing.into_iter().chain(unread).map(found).collect();
    Ok((texts, problems))
}

/// Backend options from `key=value` words: numbers as numbers, a key that comes twice as a list.
pub(crate) fn options(words: &[String]) -> Result<Options, Vec<Found>> {
    let mut options: Vec<(String, Data)> = Vec::new();
    for word in words {
        let Some((key, value)) = word.split_once('=') else {
            let message = format!("`{word}` is not of the form key=value");
            return Err(call(Diagnostic::error(&codes::backend::BAD_OPTION, message)));
        };
        let value = value.parse().map_or_else(|_| value.into(), |number| Data::Number(Number::Int(number)));
        match options.iter_mut().find(|(known, _)| known == key) {
            Some((_, Data::List(values))) => values.push(value),
            Some((_, first)) => *first = Data::List(vec![std::mem::take(first), value]),
            None => options.push((key.to_owned(), value)),
        }
    }
    Ok(Options::new(options))
}

fn check_options(dialect: &Dialect, options: &Options) -> Result<(), Diagnostic> {
    for (name, _) in options.iter() {
        if !dialect.options.iter().any(|option| option.name == name) {
            let known: Vec<&str> = dialect.options.iter().map(|option| option.name.as_str()).collect();
            let message = format!("the target `{}` has no option `{name}`", dialect.name);
            let help = if known.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", known.join(", "))
            };
            return Err(Diagnostic::error(&codes::backend::BAD_OPTION, message).with_help(help));
        }
    }
    Ok(())
}

/// The reading that a call asks for.
pub(crate) fn compat(wanted: Option<crate::args::Compat>) -> Compat {
    match wanted {
        Some(crate::args::Compat::Pysigma) => Compat::PySigma,
        None => Compat::Spec,
    }
}
