//! The rule lacks the tag of its folder.

use crate::check::{Default, OptionSpec};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8214,
        name: "missing-detection-tag",
        summary: "The rule stands in a folder of its kind and lacks the tag for it.",
        help: "Add the tag, e.g. `detection.threat-hunting` in `rules-threat-hunting`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_tags_detection", "SigmahqTagsDetectionIssue")),
    why: "Rule packages are put together by these tags; without it the rule is left out.",
    example: Example {
        flagged: "# path: rules-threat-hunting/windows/proc_creation_win_tool.yml",
        clean: "# path: rules-threat-hunting/windows/proc_creation_win_tool.yml\ntags:\n    - detection.threat-hunting",
    },
    options: &[OptionSpec { name: "Folder_tag", default: Default::Texts(&["dfir", "emerging-threats", "threat-hunting"]), summary: "What follows `rules-` in the names of folders, which is also the name of the tag." }],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let folders = report.texts("Folder_tag");
    let tags = &cx.meta().tags;
    let is_tagged = |name: &str| tags.iter().any(|tag| tag.namespace == "detection" && tag.name == name);
    let missing =
        folders.iter().find(|name| cx.path.contains(&format!("rules-{name}")) && !is_tagged(name));
    if let Some(name) = missing {
        report.at(cx.place("tags"), format!("the folder asks for the tag `detection.{name}`"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "# path: rules-dfir/x.yml\ntags:\n    - a.b", &["- a.b"]);
        check(&super::CHECK, "# path: rules/windows/x.yml", &[]);
    }
}
