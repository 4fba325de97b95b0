//! The page of what pipelines are made of.

use sigyn_pipeline::{ConditionKind, Spec};

use super::cell;

const INTRODUCTION: &str = "\
# Processing pipelines: transformations, conditions and the rest

A pipeline is a YAML file with `name`, `priority` and lists of items. Each item of `transformations` has a `type` and the
parameters below; `rule_conditions`, `detection_item_conditions` and `field_name_conditions` say when it is applied. Items of
`postprocessing` rewrite the query of a rule, `finalizers` join all queries. The examples run as tests.
`sigyn pipeline show NAME` prints a built-in pipeline, `sigyn pipeline diff` shows what pipelines do to a rule.
";

pub(super) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let conditions = |kind: ConditionKind| {
        sigyn_pipeline::condition_specs()
            .filter(move |condition| condition.kind == kind)
            .map(|condition| condition.spec)
    };
    chapter(&mut page, "Transformations", sigyn_pipeline::transformation_specs());
    chapter(&mut page, "Conditions on the rule (`rule_conditions`)", conditions(ConditionKind::Rule));
    let on_items = conditions(ConditionKind::DetectionItem);
    chapter(&mut page, "Conditions on a detection item (`detection_item_conditions`)", on_items);
    let on_fields = conditions(ConditionKind::FieldName);
    chapter(&mut page, "Conditions on a field name (`field_name_conditions`)", on_fields);
    chapter(&mut page, "Post-processing", sigyn_pipeline::postprocessing_specs());
    chapter(&mut page, "Finalizers", sigyn_pipeline::finalizer_specs());
    page
}

fn chapter<'a>(page: &mut String, title: &str, specs: impl Iterator<Item = &'a Spec>) {
    page.push_str(&format!("\n## {title}\n"));
    for spec in specs {
        page.push_str(&format!("\n### {}\n\n{}\n", spec.name, spec.summary));
        if !spec.parameters.is_empty() {
            page.push_str("\n| parameter | takes | if absent | meaning |\n|---|---|---|---|\n");
        }
        for parameter in spec.parameters {
            let default = match parameter.default {
                Some("") => "nothing".to_owned(),
                Some(default) => format!("`{}`", cell(default)),
                None => "must be given".to_owned(),
            };
            let (takes, summary) = (cell(parameter.takes), cell(parameter.summary));
            page.push_str(&format!("| `{}` | {takes} | {default} | {summary} |\n", parameter.name));
        }
        for example in spec.examples {
            page.push_str(&format!("\n{}:\n\n", example.title));
            for (what, text) in [("item", example.item), ("before", example.before), ("after", example.after)]
            {
                if !text.trim().is_empty() {
                    page.push_str(&format!("```yaml\n# {what}\n{}\n```\n", text.trim_matches('\n')));
                }
            }
        }
    }
}
