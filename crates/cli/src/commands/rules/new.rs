//! `sigyn rules new`: a rule to fill in.

use std::path::{Path, PathBuf};

use clap::Args;
use sigyn_diagnostics::{SourceFile, Sources};
use sigyn_ir::{Level, LogSource, Status};
use sigyn_lint::{Config, Facts, Linter};
use sigyn_ruleset::{Form, Scaffold};

use super::{bad, print, write};
use crate::args::Diagnostics;
use crate::commands::hunt::{choice, log_source, now};
use crate::findings::{self, Found};
use crate::{Exit, git};

/// The words of the command.
#[derive(Debug, Args)]
pub(super) struct New {
    /// The title, e.g. `Certutil Used To Fetch A File`
    #[arg(long)]
    title: String,
    /// The log source; fields that its events have are listed in the rule
    #[arg(long, value_name = "KEY=VALUE,…")]
    logsource: String,
    /// What the rule detects; made from the title if left out
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The author; as git names you if left out
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// Severity
    #[arg(long, default_value = "medium")]
    level: String,
    /// Maturity
    #[arg(long, default_value = "experimental")]
    status: String,
    /// A tag, e.g. `attack.execution`; may be repeated
    #[arg(long)]
    tag: Vec<String>,
    /// A link to where the technique is described; may be repeated
    #[arg(long, value_name = "URL")]
    reference: Vec<String>,
    /// A folder, in which the rule gets the file name of SigmaHQ's convention, a file, or `-` for standard output
    #[arg(short, long, default_value = ".", value_name = "PATH")]
    output: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

impl New {
    pub(super) fn run(&self) -> Result<Exit, Vec<Found>> {
        if self.title.trim().is_empty() {
            return Err(bad("the title is empty"));
        }
        let today: String = now()
            .map(|now| now.to_string().chars().take(10).collect())
            .ok_or_else(|| bad("the clock is wrong"))?;
        let facts = Facts::bundled(Some(today.clone()));
        let source = log_source(&self.logsource)?;
        let rule = self.scaffold(&facts, &source, &today)?;
        if self.output == Path::new("-") {
            print(&rule.text)?;
        } else {
            let path =
                if self.output.is_dir() { self.output.join(&rule.file_name) } else { self.output.clone() };
            if path.exists() && !self.force {
                return Err(bad(format!("`{}` is there already; --force writes over it", path.display())));
            }
            write(&path, &rule.text)?;
            findings::say(Diagnostics::Text, &format!("wrote {}", path.display()));
        }
        if facts.fields(&source).is_none() {
            let line = "SigmaHQ's rules do not use this log source, so that no fields are offered.";
            findings::say(Diagnostics::Text, line);
        }
        tell(rule, facts);
        Ok(Exit::Clean)
    }

    fn scaffold(&self, facts: &Facts, source: &LogSource, today: &str) -> Result<Scaffold, Vec<Found>> {
        let author = match &self.author {
            Some(author) => author.clone(),
            None => git::text(&["config", "user.name"])
                .map(|name| name.trim().to_owned())
                .map_err(|_| bad("git does not know your name: say it with --author"))?,
        };
        let fields = facts.fields(source);
        let form = Form {
            title: &self.title,
            id: &uuid::Uuid::new_v4().to_string(),
            description: self.description.as_deref(),
            references: &self.reference,
            author: &author,
            date: today,
            tags: &self.tag,
            source,
            fields: fields.map_or(&[], |fields| &fields.all),
            redundant: fields.map_or(&[], |fields| &fields.redundant),
            file_start: facts.file_name_start(source),
            level: choice(&self.level, "level", Level::parse, Level::ALL)?,
            status: choice(&self.status, "status", Status::parse, Status::ALL)?,
        };
        Ok(form.write())
    }
}

/// Tells what the checks say about the words of the call, a tag that does not exist for example.
fn tell(rule: Scaffold, facts: Facts) {
    let mut sources = Sources::default();
    sources.add(SourceFile::new(rule.file_name, rule.text));
    let outcome = Linter::new(Config::all(), facts).run(&sources);
    let sources = std::sync::Arc::new(sources);
    let found = outcome.findings.into_iter().map(|found| Found::within(&sources, found.diagnostic));
    findings::print(&found.collect::<Vec<_>>(), Diagnostics::Text);
}
