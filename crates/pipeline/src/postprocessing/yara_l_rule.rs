//! `yara_l_rule`: the query as a YARA-L 2.0 rule.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Compat, RuleItem};

use crate::{
    context::Context,
    params::{Example, Params, Spec},
    pipeline::Pipeline,
    postprocessing::Postprocess,
};

pub(crate) static SPEC: Spec = Spec {
    name: "yara_l_rule",
    summary: "Makes a YARA-L 2.0 rule of the query, with what the Sigma rule says about itself.",
    parameters: &[],
    examples: &[Example {
        title: "a rule",
        item: "",
        before: "$event1.a = 1",
        after: "\nrule example {\n  meta:\n    title = \"example\"\n    tags = \"attack.t1059\"\n    severity = \"high\"\n    falsepositives = \"Unknown\"\n\n  events:\n    $event1.a = 1\n\n  condition:\n    $event1\n}\n",
    }],
};

#[derive(Debug)]
struct YaraLRule;

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(_: &Params<'_>) -> Option<Box<dyn Postprocess>> {
    Some(Box::new(YaraLRule))
}

/// The lines of `meta`, absent ones as none.
fn meta(rule: &RuleItem) -> Vec<(&'static str, Option<String>)> {
    let meta = rule.meta();
    let joined = |texts: Vec<String>| (!texts.is_empty()).then(|| texts.join(", "));
    let falsepositives = joined(meta.falsepositives.clone()).unwrap_or_else(|| "Unknown".to_owned());
    vec![
        ("id", meta.id.clone()),
        ("title", Some(meta.title.clone())),
        ("description", meta.description.clone()),
        ("author", meta.author.clone()),
        ("reference", joined(meta.references.clone())),
        ("date", meta.date.clone()),
        ("tags", joined(meta.tags.iter().map(ToString::to_string).collect())),
        ("severity", meta.level.map(|level| level.as_str().to_owned())),
        ("falsepositives", Some(falsepositives)),
    ]
}

/// The query's lines, indented.
fn events(query: &str) -> String {
    let lines: Vec<_> = query.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n    ")
}

/// The rule as the reference writes it: absent attributes as Python prints nothing, quotes without escapes, a name
/// with whatever the title has, and a section that YARA-L calls `condition`.
fn reference(query: &str, rule: &RuleItem) -> String {
    let lines: String = meta(rule)
        .into_iter()
        .map(|(name, value)| {
            let default = if matches!(name, "reference" | "tags") { "" } else { "None" };
            format!("    {name} = \"{}\"\n", value.as_deref().unwrap_or(default))
        })
        .collect();
    format!(
        "\nrule {} {{\n  meta:\n{lines}\n  events:\n    {}\n\n  conditions:\n    $event1\n}}\n    ",
        rule.meta().title.to_lowercase().replace(' ', "_"),
        events(query),
    )
}

/// A title as the name of a rule: ASCII letters, digits and `_`, no digit first.
fn name(title: &str) -> String {
    let clean: String =
        title.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    match clean.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("_{clean}"),
        _ => clean,
    }
}

fn exact(query: &str, rule: &RuleItem) -> String {
    let escaped = |text: String| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let lines: String = meta(rule)
        .into_iter()
        .filter_map(|(name, value)| Some(format!("    {name} = \"{}\"\n", escaped(value?))))
        .collect();
    format!(
        "\nrule {} {{\n  meta:\n{lines}\n  events:\n    {}\n\n  condition:\n    $event1\n}}\n",
        name(&rule.meta().title),
        events(query),
    )
}

impl Postprocess for YaraLRule {
    fn apply(
        &self,
        query: String,
        rule: &RuleItem,
        _: &Pipeline,
        cx: &mut Context,
    ) -> Result<String, Diagnostic> {
        Ok(match cx.reading {
            Compat::PySigma => reference(&query, rule),
            Compat::Spec => exact(&query, rule),
        })
    }
}
