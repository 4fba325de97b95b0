//! What the editor can do, what it wants, and what we offer.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::text::Encoding;
use crate::uri;

/// What can be set, on the command line or by the editor. A contract: the keys of `initializationOptions` and of the
/// section `sigyn` of the editor's settings, in camel case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// A configuration file of checks, as for `sigyn check -c`; counted from the first workspace folder.
    pub validation_config: Option<String>,
    /// Where the pages of `docs/` are, for links from findings; ends with `/`.
    pub docs: Option<String>,
}

impl Options {
    /// Takes over what the editor says; what it does not say stays.
    pub(super) fn take(&mut self, settings: &Value) {
        let text = |key: &str| settings.get(key).and_then(Value::as_str).map(str::to_owned);
        if let Some(config) = text("validationConfig") {
            self.validation_config = Some(config).filter(|config| !config.is_empty());
        }
        if let Some(docs) = text("docs") {
            let ended = if docs.ends_with('/') { docs } else { docs + "/" };
            self.docs = Some(ended).filter(|docs| docs != "/");
        }
    }
}

/// What the editor can do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    pub(super) encoding: Encoding,
    pub(super) has_markdown: bool,
    pub(super) has_progress: bool,
    pub(super) has_settings: bool,
    pub(super) can_watch: bool,
}

impl Client {
    /// Reads what `initialize` says; whatever it leaves out is taken for absent.
    pub(super) fn read(params: &Value) -> Self {
        let capability = |path: &str| params.pointer(&format!("/capabilities/{path}"));
        let is_set = |path: &str| capability(path).and_then(Value::as_bool).unwrap_or(false);
        let lists = |path: &str, word: &str| {
            capability(path)
                .and_then(Value::as_array)
                .is_some_and(|list| list.iter().any(|item| item == word))
        };
        Self {
            // The order is ours: bytes cost nothing, and every editor can do the second.
            encoding: match lists("general/positionEncodings", "utf-8") {
                true => Encoding::Utf8,
                false => Encoding::Utf16,
            },
            has_markdown: lists("textDocument/hover/contentFormat", "markdown"),
            has_progress: is_set("window/workDoneProgress"),
            has_settings: is_set("workspace/configuration"),
            can_watch: is_set("workspace/didChangeWatchedFiles/dynamicRegistration"),
        }
    }
}

/// The folders of the workspace.
pub(super) fn folders(params: &Value) -> Vec<PathBuf> {
    let listed = params.get("workspaceFolders").and_then(Value::as_array);
    let listed = listed.into_iter().flatten().filter_map(|folder| folder.get("uri"));
    let uris: Vec<&Value> = listed.collect();
    let uris = if uris.is_empty() { params.get("rootUri").into_iter().collect() } else { uris };
    uris.into_iter().filter_map(Value::as_str).filter_map(uri::to_path).collect()
}

/// The commands of `workspace/executeCommand`. A contract.
pub(super) const COMMANDS: &[&str] = &["sigyn.convert", "sigyn.targets", "sigyn.explain", "sigyn.fixAll"];

/// The kind of the action that mends everything.
pub(super) const FIX_ALL: &str = "source.fixAll.sigyn";

/// What we offer.
pub(super) fn capabilities(client: &Client) -> Value {
    let encoding = match client.encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf16 => "utf-16",
        Encoding::Utf32 => "utf-32",
    };
    json!({
        "positionEncoding": encoding,
        "textDocumentSync": {"openClose": true, "change": 2},
        "completionProvider": {"triggerCharacters": ["|", ".", ":", " ", "-", "_"]},
        "hoverProvider": true,
        "definitionProvider": true,
        "referencesProvider": true,
        "documentHighlightProvider": true,
        "documentSymbolProvider": true,
        "workspaceSymbolProvider": true,
        "codeActionProvider": {"codeActionKinds": ["quickfix", FIX_ALL]},
        "renameProvider": {"prepareProvider": true},
        "executeCommandProvider": {"commands": COMMANDS},
        "workspace": {"workspaceFolders": {"supported": true, "changeNotifications": true}},
    })
}
