//! Queries as bytes, in one file or a file per rule, laid out as sigma-cli lays them out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sigyn_backends::Output;
use sigyn_convert::Conversion;
use sigyn_diagnostics::{Code, Diagnostic, Sources, codes};
use sigyn_ir::Data;

use super::Convert;
use crate::input;
use crate::output::{self, Encoding};

/// Writes the output of a run where the call wants it.
pub(super) fn write(args: &Convert, sources: &Sources, conversion: &Conversion) -> Result<(), Diagnostic> {
    let encoding = Encoding::parse(&args.encoding).map_err(|help| {
        let message = format!("there is no encoding `{}`", args.encoding);
        Diagnostic::error(&codes::input::BAD_ARGUMENT, message).with_help(help)
    })?;
    match &args.output_dir {
        Some(folder) => per_rule(args, folder, encoding, sources, conversion),
        None => whole(args, encoding, conversion),
    }
}

fn whole(args: &Convert, encoding: Encoding, conversion: &Conversion) -> Result<(), Diagnostic> {
    let output = conversion.output.as_ref().map_err(|failure| failure.diagnostic.clone())?;
    let text = match output {
        Output::Text(text) => text.clone(),
        Output::List(queries) => join(queries, args.json_indent),
    };
    // Nothing to say is said with nothing, so that an empty output is easy to tell.
    let text = if text.is_empty() { text } else { text + "\n" };
    let bytes = encode(encoding, &text)?;
    output::write(&args.output, &bytes).map_err(|error| problem(&args.output, &error))
}

/// Texts with a blank line between them; documents one after the other.
pub(super) fn join(queries: &[Data], indent: Option<usize>) -> String {
    let are_documents = queries.iter().any(|query| !matches!(query, Data::Text(_)));
    let texts: Vec<String> = queries.iter().map(|query| text(query, indent)).collect();
    texts.join(if are_documents { "\n" } else { "\n\n" })
}

fn text(query: &Data, indent: Option<usize>) -> String {
    match query {
        Data::Text(text) => text.clone(),
        document => document.to_json(indent),
    }
}

/// A file for each rule; rules whose files have one name share it, so that none is lost.
fn per_rule(
    args: &Convert,
    folder: &Path,
    encoding: Encoding,
    sources: &Sources,
    conversion: &Conversion,
) -> Result<(), Diagnostic> {
    let base = base(&args.rules.input);
    let mut files: BTreeMap<PathBuf, Vec<Data>> = BTreeMap::new();
    for rule in conversion.rules.iter().filter(|rule| rule.is_output) {
        let Ok(queries) = &rule.queries else { continue };
        let source = sources.get(rule.item.span().source).map_or(input::STDIN, |file| file.name.as_str());
        for (at, query) in queries.iter().enumerate() {
            let index = (queries.len() > 1).then_some(at + 1);
            let template = &args.output_filename_template;
            let name = output::file_name(template, Path::new(source), &base, index).map_err(|help| {
                let message = format!("`{template}` is no file name template");
                Diagnostic::error(&codes::input::BAD_ARGUMENT, message).with_help(help)
            })?;
            files.entry(name).or_default().push(query.clone());
        }
    }
    for (name, queries) in &files {
        let bytes = encode(encoding, &join(queries, args.json_indent))?;
        output::write_below(folder, name, &bytes).map_err(|error| problem(&folder.join(name), &error))?;
    }
    crate::findings::say(
        args.report.diagnostics,
        &format!("{} file(s) written to {}", files.len(), folder.display()),
    );
    Ok(())
}

/// The folder that `{path}` counts from: the first input, or the folder it lies in.
fn base(inputs: &[PathBuf]) -> PathBuf {
    match inputs.first() {
        Some(first) if first.is_dir() => first.clone(),
        Some(first) => first.parent().map(Path::to_path_buf).unwrap_or_default(),
        None => PathBuf::new(),
    }
}

fn encode(encoding: Encoding, text: &str) -> Result<Vec<u8>, Diagnostic> {
    encoding.encode(text).map_err(|c| {
        let message = format!("the encoding has no character `{c}` (U+{:04X})", u32::from(c));
        Diagnostic::error(&codes::input::NOT_ENCODABLE, message)
    })
}

fn problem(path: &Path, error: &std::io::Error) -> Diagnostic {
    static CODE: &Code = &codes::input::UNWRITABLE;
    Diagnostic::error(CODE, format!("`{}` cannot be written: {error}", path.display()))
}
