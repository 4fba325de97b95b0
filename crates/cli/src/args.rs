//! The words of the command line. Names, short forms and defaults follow sigma-cli where it has the option, so
//! that its users change the program's name and nothing else; what is ours stands under a heading of its own.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

/// A detection engine that speaks Sigma: hunts with, converts, lists and analyzes detection rules.
#[derive(Debug, Parser)]
#[command(name = "sigyn", version, propagate_version = true, max_term_width = 110)]
#[command(
    after_help = "Examples:\n  sigyn demo\n  sigyn hunt -r examples/rules examples/logs\n  sigyn convert -t splunk -p splunk_windows examples/rules\n  sigyn list targets"
)]
pub(crate) struct Sigyn {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Every command; each is one module under `commands`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find what rules match in logs
    #[command(after_help = "Example:\n  sigyn hunt -r examples/rules examples/logs")]
    Hunt(Box<commands::hunt::Hunt>),
    /// Say why a rule matches an event, or does not
    #[command(
        after_help = "Example:\n  sigyn explain examples/rules/web_path_traversal.yml examples/logs/access.log --record 6"
    )]
    Explain(commands::explain::Explain),
    /// Run the tests of rules: what must fire on which events, and what must not
    ///
    /// PATHS are folders of rules, rule files or test files. Tests stand beside rules as `NAME.test.yml`; docs/testing.md
    /// describes them. Rules that name SigmaHQ's regression data (`regression_tests_path`) are tested with it. Exit code 1
    /// means that a test failed, 2 that one could not be run.
    #[command(
        after_help = "Examples:\n  sigyn test rules\n  sigyn test rules --require-tests --format junit"
    )]
    Test(commands::test::Test),
    /// Run rules over recorded logs and hold what they find against what is declared, or against an earlier run
    ///
    /// Exit code 1 means that a count is not as declared or not as before; docs/testing.md describes the files.
    #[command(
        after_help = "Examples:\n  sigyn backtest examples/rules examples/logs --list\n  sigyn backtest examples/rules examples/logs --save before.json\n  sigyn backtest examples/rules examples/logs --compare before.json"
    )]
    Backtest(Box<commands::backtest::Backtest>),
    /// Convert rules into the queries of a target
    ///
    /// INPUT can be files and folders; folders are searched for rule files. A rule that the target cannot express is
    /// refused with its reason and never costs another rule its query.
    #[command(
        after_help = "Examples:\n  sigyn convert -t splunk -p splunk_windows examples/rules\n  sigyn convert -t esql --without-pipeline -s -o queries.txt examples/rules"
    )]
    Convert(Box<commands::convert::Convert>),
    /// Say what is wrong with rules, where, why it matters and how to mend it
    ///
    /// INPUT can be files and folders; folders are searched for rule files. Exit code 1 means that something was found:
    /// an error, or a warning. Notes do not count. A comment `# sigyn: allow(NAME) reason` in a rule suppresses a check
    /// for its line, for the entry below it, or at the top for the whole document.
    #[command(
        after_help = "Examples:\n  sigyn check examples/rules\n  sigyn check --fix examples/rules\n  sigyn check --format sarif examples/rules"
    )]
    Check(Box<commands::check::Check>),
    /// Say which techniques of MITRE ATT&CK rules tell of, and which are missing
    ///
    /// A rule counts once for each technique that its tags name, and for nothing else. Exit code 1 means that a rule could
    /// not be read; gaps are no failure.
    #[command(
        after_help = "Examples:\n  sigyn coverage examples/rules\n  sigyn coverage --format navigator -o layer.json examples/rules\n  sigyn coverage --by logsource --html coverage.html examples/rules"
    )]
    Coverage(commands::coverage::Coverage),
    /// Care for a folder of rules: what an update changes, which rules there are, a new rule
    #[command(
        after_help = "Examples:\n  sigyn rules list examples/rules\n  sigyn rules diff examples/rules examples/rules"
    )]
    Rules(Box<commands::rules::Rules>),
    /// Detect live: take events in, match, correlate and keep signals, with a page to work them
    ///
    /// Prints where it listens and, at the first start, a token that makes the first admin. Events come over HTTP (NDJSON, or
    /// what shippers send to Elasticsearch's _bulk), as syslog and from files; docs/serve.md describes it.
    #[command(
        after_help = "Example:\n  sigyn serve -r rules --tail /var/log/nginx/access.log --syslog 127.0.0.1:5514"
    )]
    Serve(commands::serve::Serve),
    /// Serve an editor while rules are written, over standard input and output
    ///
    /// A language server: findings of `sigyn check` as you type, explanations, completion, references, renaming, quick fixes
    /// and a preview of queries. Editors start it; docs/editor.md says how.
    #[command(after_help = "Example:\n  sigyn lsp --validation-config checks.yml")]
    Lsp(commands::lsp::Lsp),
    /// List what there is to choose from: targets, formats, pipelines, modifiers and more
    #[command(after_help = "Examples:\n  sigyn list targets\n  sigyn list formats splunk --format json")]
    List(commands::list::List),
    /// Say which fields and log sources a rule set needs
    #[command(after_help = "Example:\n  sigyn analyze fields -t splunk -p splunk_windows examples/rules")]
    Analyze(commands::analyze::Analyze),
    /// Look into processing pipelines: print one, or see what it does to rules
    #[command(after_help = "Example:\n  sigyn pipeline show splunk_windows")]
    Pipeline(commands::pipeline::Pipeline),
    /// Serve the page with a made-up day of a web shop and attacks on it; a first look that needs no files
    #[command(
        after_help = "Examples:\n  sigyn demo\n  sigyn demo --no-wait --hours 1\n  sigyn demo hunt\n  sigyn demo convert\n  sigyn demo save samples"
    )]
    Demo(commands::demo::Demo),
}

/// Which rules.
#[derive(Debug, Args)]
pub(crate) struct Rules {
    /// Rule files or folders; `-` reads standard input
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) input: Vec<PathBuf>,
    /// Which files of a folder are read
    #[arg(short = 'P', long, default_value = "*.yml", value_name = "PATTERN")]
    pub(crate) file_pattern: String,
}

/// Which target.
#[derive(Debug, Args)]
pub(crate) struct Aim {
    /// The target (`sigyn list targets`)
    #[arg(short, long, required_unless_present = "dialect")]
    pub(crate) target: Option<String>,
    /// A target of your own: a dialect file (docs/dialects.md); -t may then be left out
    #[arg(long, value_name = "FILE", help_heading = "Beyond sigma-cli")]
    pub(crate) dialect: Option<PathBuf>,
}

/// Which pipelines.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Pipelines {
    /// A processing pipeline: a name from `sigyn list pipelines`, a YAML file or a folder of them; may be repeated
    #[arg(short, long, value_name = "PIPELINE")]
    pub(crate) pipeline: Vec<String>,
    /// Refuse pipelines that are meant for another target (the default)
    #[arg(long, overrides_with = "disable_pipeline_check")]
    pub(crate) pipeline_check: bool,
    /// Take pipelines that are meant for another target
    #[arg(long, overrides_with = "pipeline_check")]
    pub(crate) disable_pipeline_check: bool,
    /// Accepted for sigma-cli's sake: template variables as Python code are not run
    #[arg(long, hide = true)]
    pub(crate) enable_template_vars: bool,
    /// Let pipelines take placeholder values from files, HTTP addresses and commands
    ///
    /// Such a pipeline may then read any file that you may read (unless --template-vars-path names folders), ask any
    /// address that this machine reaches, those of internal networks included, and run any program as you. Allow it
    /// for pipelines that you trust only.
    #[arg(long)]
    pub(crate) allow_external: bool,
    /// A folder that pipelines may read from, instead of any; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) template_vars_path: Vec<PathBuf>,
}

/// How findings are printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Findings")]
pub(crate) struct Report {
    /// How findings are printed on standard error
    #[arg(long, value_enum, default_value_t = Diagnostics::Text, value_name = "FORM")]
    pub(crate) diagnostics: Diagnostics,
}

/// A form of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Diagnostics {
    /// For people: the line underlined, help below
    Text,
    /// One JSON object per line
    Json,
    /// One SARIF 2.1.0 document
    Sarif,
}

/// Whose reading of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compat {
    /// pySigma 1.5.1, byte for byte, its mistakes included
    Pysigma,
}

/// The two options of sigma-cli that have one dash and two letters, spelled out: clap has no such form.
pub(crate) fn spell_out(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    const SPELLED: &[(&str, &str)] = &[("-od", "--output-dir"), ("-ot", "--output-filename-template")];
    let mut is_option = true;
    args.into_iter()
        .map(|arg| {
            is_option &= arg != "--";
            let Some(text) = arg.to_str().filter(|_| is_option) else { return arg };
            let (name, value) =
                text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
            match (SPELLED.iter().find(|(short, _)| *short == name), value) {
                (Some((_, long)), Some(value)) => format!("{long}={value}").into(),
                (Some((_, long)), None) => (*long).into(),
                (None, _) => arg,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn definitions_are_sound() {
        Sigyn::command().debug_assert();
    }

    #[test]
    fn options_of_two_letters_are_spelled_out() {
        let check = |args: &str, expect: &str| {
            let got = spell_out(args.split(' ').map(OsString::from));
            assert_eq!(got.join(&OsString::from(" ")).to_str(), Some(expect));
        };
        check(
            "sigyn convert -od out -ot={stem}",
            "sigyn convert --output-dir out --output-filename-template={stem}",
        );
        check("sigyn convert -o d -- -od", "sigyn convert -o d -- -od");
    }
}
