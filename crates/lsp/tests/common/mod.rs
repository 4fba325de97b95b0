//! A machine that has only what a test gives it.

#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use sigyn_backends::{Env, targets};
use sigyn_convert::{Converter, Settings, Strictness};
use sigyn_diagnostics::Sources;
use sigyn_ir::{Compat, LoadOptions};
use sigyn_lint::Facts;
use sigyn_lsp::preview::Wanted;
use sigyn_lsp::text::Encoding;
use sigyn_lsp::{Host, Workspace};
use sigyn_pipeline::{NoFiles, builtin};

/// Files in memory.
#[derive(Debug, Default)]
pub struct Memory {
    pub files: Mutex<BTreeMap<PathBuf, String>>,
}

impl Memory {
    pub fn new(files: &[(&str, &str)]) -> Arc<Self> {
        let files = files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
        Arc::new(Self { files: Mutex::new(files.collect()) })
    }

    pub fn write(&self, path: &str, text: &str) {
        self.files.lock().unwrap().insert(path.into(), text.to_owned());
    }
}

impl Host for Memory {
    fn facts(&self) -> Facts {
        Facts::bundled(self.today())
    }

    fn today(&self) -> Option<String> {
        Some("2026-03-02".to_owned())
    }

    fn rule_files(&self, folder: &Path) -> Vec<PathBuf> {
        self.files.lock().unwrap().keys().filter(|path| path.starts_with(folder)).cloned().collect()
    }

    fn read(&self, path: &Path) -> Result<String, String> {
        self.files.lock().unwrap().get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }

    fn converter(&self, wanted: &Wanted) -> Result<Converter, String> {
        let target =
            targets::find(&wanted.target).ok_or_else(|| format!("there is no target `{}`", wanted.target))?;
        let mut sources = Sources::default();
        let pipelines = wanted.pipelines.iter();
        let pipelines = pipelines.filter_map(|name| builtin::get(name)?.load_into(&mut sources)).collect();
        let env = Env { format: wanted.format.clone().unwrap_or_default(), ..Env::default() };
        let _ = LoadOptions::new(Compat::Spec);
        Converter::new(Settings {
            target: target.build().map_err(|error| error.message)?,
            pipelines,
            env,
            files: Arc::new(NoFiles),
            strictness: Strictness::Report,
            sources,
        })
        .map_err(|error| error.message)
    }
}

/// A workspace over files, all of them read.
pub fn workspace(files: &[(&str, &str)]) -> Workspace {
    workspace_on(Memory::new(files))
}

pub fn workspace_on(host: Arc<dyn Host>) -> Workspace {
    let mut workspace = Workspace::new(host, Encoding::Utf16);
    workspace.add_folder("/rules".into());
    while workspace.step(8) {}
    workspace
}

/// A text with its cursor, which is written `¦`.
pub fn cursor(text: &str) -> (String, usize) {
    let offset = text.find('¦').expect("a cursor");
    (text.replace('¦', ""), offset)
}

/// A sound rule with these top-level keys in the place of its own.
pub const RULE: &str = "title: Certutil Fetches A File
id: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11
name: certutil
status: experimental
description: Detects certutil when it fetches a file from the web
references:
    - https://example.com/certutil
author: Somebody
date: 2026-01-02
tags:
    - attack.command-and-control
    - attack.t1105
logsource:
    category: process_creation
    product: windows
detection:
    selection_img:
        Image|endswith: '\\certutil.exe'
    selection_cli:
        CommandLine|contains: 'urlcache'
    filter_main_x:
        User: 'x'
    condition: all of selection_* and not filter_main_x
falsepositives:
    - Unknown
level: high
";
