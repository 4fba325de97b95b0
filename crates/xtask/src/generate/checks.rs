//! The pages of the checks: one for each, and one that lists them.

use sigyn_attack::Attack;
use sigyn_diagnostics::Severity;
use sigyn_lint::{ALL, Check, Default, Home, REPEATS};

use super::cell;

const INTRODUCTION: &str = "\
# Checks of rules

`sigyn check RULES` runs every check on every rule. Errors are rules that cannot be used; warnings and notes come from the
checks below. The ones that sigma-cli has too find what it finds, finding for finding, and its names are accepted wherever
a check is named. `sigyn list checks` prints this table.

## Leaving findings out

* In a rule: `# sigyn: allow(NAME) reason` behind a line holds for the line, on a line of its own for the entry below it, and
  before everything else in a document for the whole document. Several names stand between commas.
* In a configuration file (`-c FILE`), which is sigma-cli's with one more key, `checks`:

```yaml
validators:            # which checks run; without this key every one
    - all
    - -tlpv1_tag       # but not this one
exclusions:            # rules that a check leaves alone, by id
    5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11: [escaped_wildcard]
config:                # options, by the names on the pages of the checks
    sigmahq_title_length:
        max_length: 100
checks:                # ours: off, note, warning or error
    covered-value: off
    unknown-field: error
```

* For all that is known already: `--write-baseline FILE` once, then `--baseline FILE`.

## Facts

Some checks rely on facts about the world, which stand as tables in `crates/lint/data/`: log sources with their fields and file
names (from the tables that SigmaHQ publishes for its validators) and D3FEND. Each table says its version in its first
line. To update one, take the new publication, write its rows in the same form and raise the version; the tests in
`crates/lint/src/facts.rs` count the rows.

MITRE ATT&CK @VERSION@ is bundled in `crates/attack/data/`. `cargo xtask attack enterprise-attack.json` writes it
from what MITRE publishes (github.com/mitre-attack/attack-stix-data). sigma-cli loads the newest version from the network at
each run; for the same findings give both the same file: `--attack-data enterprise-attack.json`, which the checks of ATT&CK
tags, `sigyn convert` and `sigyn coverage` take.

## All checks

| check | code | severity | validator of sigma-cli | what is wrong |
|---|---|---|---|---|
";

pub(super) fn index() -> String {
    let version = Attack::bundled().version().unwrap_or_default();
    let mut page = INTRODUCTION.replace("@VERSION@", version);
    for check in ALL {
        let (name, severity) = (check.code.name, severity(check));
        let validator = check.like.map_or(String::new(), |like| format!("`{}`", like.validator));
        let summary = cell(check.code.summary);
        page.push_str(&format!(
            "| [{name}]({name}.md) | {} | {severity} | {validator} | {summary} |\n",
            check.code
        ));
    }
    page.push_str(DUPLICATES);
    for code in REPEATS {
        let (summary, help) = (cell(code.summary), cell(code.help));
        page.push_str(&format!("| `{}` | {code} | {summary} | {help} |\n", code.name));
    }
    page
}

const DUPLICATES: &str = "
## Rules that repeat each other

`sigyn check --duplicates RULES` compares what rules mean, whatever words and order they are written in, and shows what differs.
As SARIF, GitHub annotations and JUnit its pairs are findings at the first rule.

| name | code | what it says | what to do |
|---|---|---|---|
";

/// The path and text of each check's page.
pub(super) fn pages() -> impl Iterator<Item = (String, String)> {
    ALL.iter().map(|check| (format!("docs/checks/{}.md", check.code.name), page(check)))
}

fn page(check: &Check) -> String {
    let code = &check.code;
    let mut page = format!("# {} ({code})\n\n{}\n\n", code.name, code.summary);
    page.push_str(&format!("Severity: {}. ", severity(check)));
    match check.like {
        Some(like) => {
            let home = match like.home {
                Home::Core => "pySigma",
                Home::SigmaHq => "SigmaHQ's validators",
            };
            page.push_str(&format!("Finds what `{}` of {home} finds (`{}`).\n", like.validator, like.issue));
        }
        None => page.push_str("A check of Sigyn's own.\n"),
    }
    page.push_str(&format!("\n## Why it matters\n\n{}\n\n## What to do\n\n{}\n", check.why, code.help));
    for (title, text) in [("Flagged", check.example.flagged), ("Not flagged", check.example.clean)] {
        page.push_str(&format!("\n## {title}\n\n```yaml\n{}\n```\n", text.trim_end()));
    }
    if !check.options.is_empty() {
        page.push_str("\n## Options\n\n| option | if not set | meaning |\n|---|---|---|\n");
    }
    for option in check.options {
        let default = match option.default {
            Default::Int(number) => number.to_string(),
            Default::Texts(texts) => texts.join(", "),
        };
        page.push_str(&format!("| `{}` | {} | {} |\n", option.name, cell(&default), cell(option.summary)));
    }
    page
}

fn severity(check: &Check) -> &'static str {
    match check.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
