//! The queries of a document, for a target, while it is edited.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sigyn_backends::{Output, targets};
use sigyn_convert::load_behind;
use sigyn_diagnostics::{Diagnostic, SourceFile, SourceId, Span};
use sigyn_ir::{BacktrackingRegex, Compat, Data, LoadOptions};

use crate::workspace::Workspace;

/// What a preview is made for. A contract: the argument of the command `sigyn.convert`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Wanted {
    /// The document.
    pub uri: String,
    /// The target, as `sigyn list targets` has it.
    pub target: String,
    /// Pipelines: names, or paths of files.
    pub pipelines: Vec<String>,
    /// The format; the target's own if left out.
    pub format: Option<String>,
}

/// What came of it. A contract: the answer of `sigyn.convert`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The target's title.
    pub target: String,
    /// All queries as `sigyn convert` prints them.
    pub text: String,
    /// The queries of each rule.
    pub rules: Vec<Converted>,
    /// What could not be converted, or not be read.
    pub errors: Vec<Refused>,
}

/// A rule with its queries.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Converted {
    /// Its title.
    pub title: String,
    /// Its id, if it has one.
    pub id: Option<String>,
    /// The queries, documents as JSON.
    pub queries: Vec<String>,
    /// Fields that no pipeline mapped.
    pub unmapped: Vec<String>,
}

/// Why there is no query.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// The rule, if it is known.
    pub title: Option<String>,
    /// The code, e.g. `S5004`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The line in the document, from 1.
    pub line: Option<u32>,
}

/// A target that can be asked for. A contract: an entry of the answer of `sigyn.targets`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetChoice {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Its formats, the default one first.
    pub formats: Vec<String>,
    /// The pipelines that are made for it, or for all.
    pub pipelines: Vec<String>,
}

/// The targets that are built in.
pub fn choices() -> Vec<TargetChoice> {
    let built = targets::ALL.iter().filter_map(|target| target.build().ok());
    built
        .map(|target| {
            let dialect = target.dialect();
            let mut formats: Vec<String> = dialect.formats.iter().map(|format| format.name.clone()).collect();
            formats.sort_by_key(|format| *format != dialect.default_format);
            let fits = |allowed: &[&str]| allowed.is_empty() || allowed.contains(&dialect.name.as_str());
            let pipelines =
                sigyn_pipeline::builtin::all().iter().filter(|pipeline| fits(pipeline.allowed_backends));
            TargetChoice {
                name: dialect.name.clone(),
                title: dialect.title.clone(),
                formats,
                pipelines: pipelines.map(|pipeline| pipeline.name.to_owned()).collect(),
            }
        })
        .collect()
}

/// Converts a document, with the rules of other files that it refers to.
///
/// # Errors
/// What is wrong with what was asked for, for people. A rule that cannot be converted is no error but an answer.
pub fn preview(workspace: &Workspace, path: &Path, wanted: &Wanted) -> Result<Preview, String> {
    let text = workspace.text(path).ok_or("the document is not open, and no file of the workspace")?;
    if !workspace.is_ours(path) {
        return Err("the document is no rule, or too long to be converted while it is edited".to_owned());
    }
    let converter = workspace.host().converter(&located(workspace, wanted))?;
    let before = converter.sources().iter().count();
    let needed = workspace.index.needed(path);
    let others =
        needed.iter().filter(|near| near.as_ref() != path).filter_map(|near| workspace.index.file(near));
    let files: Vec<SourceFile> = std::iter::once(SourceFile::new(workspace.name(path), text.as_str()))
        .chain(others.map(|file| SourceFile::new(file.name.clone(), file.text.as_str())))
        .collect();
    let is_alone = files.len() == 1;
    let own = SourceId(u32::try_from(before).unwrap_or(u32::MAX));
    let options =
        LoadOptions { backtracking_regex: BacktrackingRegex::Allow, ..LoadOptions::new(Compat::Spec) };
    let (_, loaded) = load_behind(converter.sources().clone(), files, &options);
    let line = |span: Option<Span>| {
        let span = span.filter(|span| span.source == own)?;
        Some(text.position(span.start as usize).line + 1)
    };
    let refused = |title: Option<String>, found: &Diagnostic, place: Option<Span>| Refused {
        title,
        code: found.code.to_string(),
        message: found.message.clone(),
        help: found.way_out().to_owned(),
        line: line(place),
    };
    let mut preview = Preview { target: converter.target().dialect().title.clone(), ..Preview::default() };
    let own_errors = loaded
        .diagnostics
        .iter()
        .filter(|found| found.is_error() && found.span.is_some_and(|span| span.source == own));
    preview.errors.extend(own_errors.map(|found| refused(None, found, found.span)));
    let conversion = converter.convert(loaded.set);
    let mut queries: Vec<&Data> = Vec::new();
    for rule in conversion.rules.iter().filter(|rule| rule.item.span().source == own) {
        let meta = rule.item.meta();
        match &rule.queries {
            Ok(own) if rule.is_output => {
                queries.extend(own);
                preview.rules.push(Converted {
                    title: meta.title.clone(),
                    id: meta.id.clone(),
                    queries: own.iter().map(shown).collect(),
                    unmapped: rule.unmapped.clone(),
                });
            }
            Ok(_) => {}
            Err(failure) => {
                let place = failure.diagnostic.span.filter(|span| span.source == own);
                let place = place.or_else(|| Some(rule.item.span()));
                preview.errors.push(refused(Some(meta.title.clone()), &failure.diagnostic, place));
            }
        }
    }
    preview.text = match &conversion.output {
        Ok(Output::Text(text)) if is_alone => text.clone(),
        Ok(Output::List(list)) if is_alone => joined(&list.iter().collect::<Vec<_>>()),
        Err(failure) if preview.errors.is_empty() => {
            preview.errors.push(refused(None, &failure.diagnostic, failure.diagnostic.span));
            String::new()
        }
        _ => joined(&queries),
    };
    Ok(preview)
}

/// The same, with the paths of pipelines counted from the workspace.
fn located(workspace: &Workspace, wanted: &Wanted) -> Wanted {
    let located = |name: &String| match sigyn_pipeline::builtin::get(name) {
        Some(_) => name.clone(),
        None => workspace.absolute(name.into()).to_string_lossy().into_owned(),
    };
    Wanted { pipelines: wanted.pipelines.iter().map(located).collect(), ..wanted.clone() }
}

fn shown(query: &Data) -> String {
    query.as_str().map_or_else(|| query.to_json(Some(2)), str::to_owned)
}

fn joined(queries: &[&Data]) -> String {
    queries.iter().map(|query| shown(query)).collect::<Vec<_>>().join("\n\n")
}
