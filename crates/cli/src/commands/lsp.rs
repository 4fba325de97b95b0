//! `sigyn lsp`: the language server, with this machine's files behind it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use sigyn_attack::Attack;
use sigyn_backends::{Env, Options as TargetOptions};
use sigyn_convert::{Converter, Strictness};
use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_ir::Compat;
use sigyn_lint::Facts;
use sigyn_lsp::preview::Wanted;
use sigyn_lsp::server::{Ending, Options, serve_stdio};
use sigyn_lsp::{Host, TEXT_BYTES_MAX};

use crate::args::{Aim, Diagnostics, Pipelines};
use crate::findings::{self, Found};
use crate::setup::{self, PipelineNeed};
use crate::{Exit, commands, input};

/// Folders of other programs, which hold no rules but many files.
const FOREIGN: &[&str] = &["node_modules", "target"];

/// The words of the command.
#[derive(Debug, Args)]
pub(crate) struct Lsp {
    /// A configuration file of checks, as for `sigyn check`; an editor may name another
    #[arg(short = 'c', long, visible_alias = "config", value_name = "FILE")]
    validation_config: Option<PathBuf>,
    /// MITRE ATT&CK as a STIX bundle, instead of what is built in
    #[arg(long, value_name = "FILE")]
    attack_data: Option<PathBuf>,
    /// Accepted because editors say it: there is no other way to talk
    #[arg(long, hide = true)]
    stdio: bool,
}

pub(crate) fn run(lsp: &Lsp) -> Exit {
    let host = match Machine::new(lsp) {
        Ok(host) => host,
        Err(found) => {
            findings::print(&[found], Diagnostics::Text);
            return Exit::BadInput;
        }
    };
    // The path is that of the call; the server counts from the workspace.
    let config =
        lsp.validation_config.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
    let options = Options {
        validation_config: config.map(|path| path.to_string_lossy().into_owned()),
        ..Options::default()
    };
    match serve_stdio(Arc::new(host), options) {
        Ok(Ending::Orderly) => Exit::Clean,
        // The protocol asks for this code.
        Ok(Ending::Abandoned) => Exit::Findings,
        Err(why) => {
            let message = format!("standard input is no language client: {why}");
            findings::print(
                &[Found::of("", Diagnostic::error(&codes::input::BAD_ARGUMENT, message))],
                Diagnostics::Text,
            );
            Exit::BadInput
        }
    }
}

/// This machine, as the server sees it.
struct Machine {
    attack: Option<Attack>,
}

impl Machine {
    fn new(lsp: &Lsp) -> Result<Self, Found> {
        let Some(path) = &lsp.attack_data else { return Ok(Self { attack: None }) };
        Ok(Self { attack: Some(setup::attack(path)?) })
    }
}

impl Host for Machine {
    fn facts(&self) -> Facts {
        let mut facts = Facts::bundled(self.today());
        if let Some(attack) = &self.attack {
            facts.attack = Cow::Owned(attack.clone());
        }
        facts
    }

    fn today(&self) -> Option<String> {
        commands::hunt::now().map(|now| now.to_string().chars().take(10).collect())
    }

    fn rule_files(&self, folder: &Path) -> Vec<PathBuf> {
        let folders = [folder.to_path_buf()];
        let is_ours = |path: &PathBuf| {
            let below = path.strip_prefix(folder).unwrap_or(path);
            !below.iter().any(|part| {
                let part = part.to_string_lossy();
                part.starts_with('.') || FOREIGN.contains(&part.as_ref())
            })
        };
        let files = ["*.yml", "*.yaml"].iter().flat_map(|pattern| input::collect(&folders, pattern).0);
        files.filter(is_ours).collect()
    }

    fn read(&self, path: &Path) -> Result<String, String> {
        let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
        if length > TEXT_BYTES_MAX as u64 {
            return Err(format!("`{}` is larger than {} KiB", path.display(), TEXT_BYTES_MAX / 1024));
        }
        input::read_one(path).map(|file| file.text).map_err(|unread| unread.diagnostic.message)
    }

    fn converter(&self, wanted: &Wanted) -> Result<Converter, String> {
        let aim = Aim { target: Some(wanted.target.clone()), dialect: None };
        let pipelines = Pipelines { pipeline: wanted.pipelines.clone(), ..Pipelines::default() };
        let format = wanted.format.clone().filter(|format| format != "default").unwrap_or_default();
        let env = Env {
            compat: Compat::Spec,
            format,
            method: None,
            options: TargetOptions::default(),
            attack: None,
        };
        setup::converter(setup::Wanted {
            aim: &aim,
            pipelines: &pipelines,
            env,
            strictness: Strictness::Report,
            pipeline_need: PipelineNeed::Waived,
        })
        .map_err(|found| {
            found.into_iter().map(|found| found.diagnostic.message).collect::<Vec<_>>().join("; ")
        })
    }
}
