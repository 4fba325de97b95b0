//! `sigyn demo convert`: the bundled example rules in the languages of three targets.

use sigyn_backends::Env;
use sigyn_convert::{Converter, Strictness, load};
use sigyn_ir::{Compat, Data, LoadOptions};

use super::samples;
use crate::args::{Aim, Pipelines};
use crate::findings::Found;
use crate::setup::{self, PipelineNeed, Wanted};

/// The targets, chosen for how different they look.
const TARGETS: &[&str] = &["splunk", "esql", "kusto"];

/// What the demonstration prints.
pub(super) fn text() -> Result<String, Vec<Found>> {
    let mut out = String::new();
    for target in TARGETS {
        let converter = setup::converter(Wanted {
            aim: &Aim { target: Some((*target).to_owned()), dialect: None },
            pipelines: &Pipelines::default(),
            env: Env::default(),
            strictness: Strictness::Report,
            pipeline_need: PipelineNeed::Waived,
        })?;
        out.push_str(&chapter(&converter));
    }
    let program = super::program();
    out.push_str(&format!(
        "Next: {program} convert -t splunk -p splunk_windows RULES, {program} list targets, {program} help\n"
    ));
    Ok(out)
}

/// The queries of all rules for one target, each under the rule's title; refusals with their reason.
fn chapter(converter: &Converter) -> String {
    let (_, loaded) = load(samples::rules(), &LoadOptions::new(Compat::Spec));
    let conversion = converter.convert(loaded.set);
    let dialect = converter.target().dialect();
    let mut out = format!("== {} ({})\n\n", dialect.title, dialect.name);
    for rule in conversion.rules.iter().filter(|rule| rule.is_output) {
        out.push_str(&format!("-- {}\n", rule.item.meta().title));
        match &rule.queries {
            Ok(queries) => queries.iter().for_each(|query| out.push_str(&format!("{}\n", written(query)))),
            Err(failure) => {
                let diagnostic = &failure.diagnostic;
                out.push_str(&format!("refused, {}: {}\n", diagnostic.code, diagnostic.message));
            }
        }
        out.push('\n');
    }
    out
}

fn written(query: &Data) -> String {
    query.as_str().map_or_else(|| query.to_json(None), str::to_owned)
}
