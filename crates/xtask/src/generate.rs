//! Pages that are written from the code's own tables, so that they cannot say anything else.

mod cli;
mod diagnostics;
mod logsources;
mod transformations;

use anyhow::{Context, Result};

use crate::Workspace;

/// A page: its path from the root and the function that writes it.
type Page = (&'static str, fn() -> String);

/// Every generated page.
const PAGES: &[Page] = &[
    ("docs/cli.md", cli::page),
    ("docs/diagnostics.md", diagnostics::page),
    ("docs/logsources.md", logsources::page),
    ("docs/transformations.md", transformations::page),
];

/// What stands at the top of each page.
const NOTICE: &str = "<!-- Written by `cargo xtask gen`; edit the code that it describes instead. -->\n\n";

/// Writes every page.
///
/// # Errors
/// If a page cannot be written.
pub fn write(workspace: &Workspace) -> Result<()> {
    for (path, page) in PAGES {
        let target = workspace.root.join(path);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        std::fs::write(&target, text(*page)).with_context(|| target.display().to_string())?;
    }
    Ok(())
}

/// The pages that differ from what would be written.
///
/// # Errors
/// None today; a page that is absent is stale.
pub fn stale(workspace: &Workspace) -> Result<Vec<String>> {
    let is_stale = |(path, page): &&Page| {
        let file = workspace.files.iter().find(|file| file.path == *path);
        file.is_none_or(|file| file.text != text(*page))
    };
    let stale = PAGES.iter().filter(is_stale);
    Ok(stale.map(|(path, _)| format!("{path} is stale: run `cargo xtask gen`")).collect())
}

fn text(page: fn() -> String) -> String {
    format!("{NOTICE}{}", page())
}

/// A text as a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
