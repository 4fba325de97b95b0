//! The page of all codes.

use sigyn_diagnostics::{Group, codes};

use super::cell;

const INTRODUCTION: &str = "\
# Diagnostics

Every finding has a code, which never changes its meaning and is never given to another finding. The name says
what is wrong; the last column says what to do about it. What checks of rules find (S8101 and above) stands in [checks](checks/README.md). `--diagnostics json` and `--diagnostics sarif` print
findings for programs.
";

/// The groups with their titles, in the order of their numbers.
const GROUPS: &[(Group, &str)] = &[
    (Group::Yaml, "1000–1999: text that is not the YAML we read"),
    (Group::Rule, "2000–2999: rules, correlations, filters and collections"),
    (Group::Condition, "3000–3999: conditions"),
    (Group::Pipeline, "4000–4999: processing pipelines"),
    (Group::Backend, "5000–5999: targets and dialect files"),
    (Group::Input, "6000–6999: files, arguments and other input"),
    (Group::Engine, "7000–7999: the matching engine"),
    (Group::Lint, "8000–8999: checks of rules"),
];

pub(super) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (group, title) in GROUPS {
        page.push_str(&format!(
            "\n## {title}\n\n| code | name | what is wrong | what to do |\n|---|---|---|---|\n"
        ));
        for code in codes::all().filter(|code| code.group() == *group) {
            let (summary, help) = (cell(code.summary), cell(code.help));
            page.push_str(&format!("| {code} | `{}` | {summary} | {help} |\n", code.name));
        }
    }
    page
}
