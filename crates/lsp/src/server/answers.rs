//! Requests with their answers.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use gen_lsp_types as lsp;
use lsp_server::ErrorCode;
use serde_json::{Value, json};

use super::options::FIX_ALL;
use super::{Asked, Server, path_of, shapes};
use crate::actions::{self, ActionKind, TextEdit};
use crate::preview::{self, Wanted};
use crate::{complete, hover, navigate, rename};

/// An answer, or why there is none.
type Answer = Result<Value, (ErrorCode, String)>;

/// A document with an offset.
struct At {
    path: Arc<Path>,
    offset: usize,
}

impl Server {
    pub(super) fn request_answer(&mut self, method: &str, params: Value) -> Answer {
        match method {
            "textDocument/hover" => self.hover(read(params)?),
            "textDocument/completion" => self.complete(read(params)?),
            "textDocument/definition" => {
                let params: lsp::DefinitionParams = read(params)?;
                let Some(at) = self.at(&params.text_document_position_params) else { return Ok(Value::Null) };
                to_value(self.locations(&navigate::definition(&self.workspace, &at.path, at.offset)))
            }
            "textDocument/references" => {
                let params: lsp::ReferenceParams = read(params)?;
                let Some(at) = self.at(&params.text_document_position_params) else { return Ok(Value::Null) };
                let with = params.context.include_declaration;
                to_value(self.locations(&navigate::references(&self.workspace, &at.path, at.offset, with)))
            }
            "textDocument/documentHighlight" => self.highlight(read(params)?),
            "textDocument/documentSymbol" => self.symbols(read(params)?),
            "workspace/symbol" => self.workspace_symbols(read(params)?),
            "textDocument/prepareRename" => self.prepare_rename(read(params)?),
            "textDocument/rename" => self.rename(read(params)?),
            "textDocument/codeAction" => self.code_actions(read(params)?),
            "workspace/executeCommand" => self.command(read(params)?),
            _ => Err((ErrorCode::MethodNotFound, format!("there is no method `{method}`"))),
        }
    }

    /// A document of ours with an offset in it.
    fn at(&self, params: &lsp::TextDocumentPositionParams) -> Option<At> {
        let path = path_of(params.text_document.uri.as_ref());
        if !self.workspace.is_ours(&path) {
            return None;
        }
        let offset = self.workspace.text(&path)?.offset(shapes::ours(&params.position));
        Some(At { path, offset })
    }

    fn range(&self, path: &Path, range: &Range<usize>) -> Option<lsp::Range> {
        self.workspace.text(path).map(|text| shapes::range(text, range))
    }

    fn hover(&mut self, params: lsp::HoverParams) -> Answer {
        let Some(at) = self.at(&params.text_document_position_params) else { return Ok(Value::Null) };
        let checked = self.checked(&at.path);
        let found = hover::hover(&self.workspace, &at.path, at.offset, &checked.findings);
        let Some(found) = found else { return Ok(Value::Null) };
        to_value(lsp::Hover {
            contents: shapes::markup(found.markdown, self.client.has_markdown).into(),
            range: self.range(&at.path, &found.range),
        })
    }

    fn complete(&self, params: lsp::CompletionParams) -> Answer {
        let Some(at) = self.at(&params.text_document_position_params) else { return Ok(Value::Null) };
        let found = complete::complete(&self.workspace, &at.path, at.offset);
        let range = self.range(&at.path, &found.replace).unwrap_or_default();
        let items = found.candidates.into_iter().enumerate();
        let items =
            items.map(|(order, item)| shapes::candidate(item, range, order, self.client.has_markdown));
        to_value(lsp::CompletionList { items: items.collect(), ..lsp::CompletionList::default() })
    }

    fn highlight(&self, params: lsp::DocumentHighlightParams) -> Answer {
        let Some(at) = self.at(&params.text_document_position_params) else { return Ok(Value::Null) };
        let sites = navigate::references(&self.workspace, &at.path, at.offset, true);
        let own = sites.iter().filter(|site| site.path == at.path);
        let ranges = own.filter_map(|site| self.range(&at.path, &site.range));
        to_value(ranges.map(|range| lsp::DocumentHighlight { range, kind: None }).collect::<Vec<_>>())
    }

    fn symbols(&self, params: lsp::DocumentSymbolParams) -> Answer {
        let path = path_of(params.text_document.uri.as_ref());
        let Some(text) = self.workspace.text(&path).filter(|_| self.workspace.is_ours(&path)) else {
            return Ok(Value::Null);
        };
        let symbols = navigate::symbols(&self.workspace, &path).into_iter();
        to_value(symbols.map(|part| shapes::symbol(text, part)).collect::<Vec<_>>())
    }

    fn workspace_symbols(&self, params: lsp::WorkspaceSymbolParams) -> Answer {
        let found = navigate::workspace_symbols(&self.workspace, &params.query).into_iter();
        let symbols = found.filter_map(|symbol| {
            let location = self.location(&symbol.site.path, &symbol.site.range)?;
            Some(json!({
                "name": symbol.name,
                "kind": shapes::symbol_kind(symbol.kind),
                "containerName": symbol.detail,
                "location": location,
            }))
        });
        Ok(symbols.collect())
    }

    fn prepare_rename(&self, params: lsp::PrepareRenameParams) -> Answer {
        let Some(at) = self.at(&params.text_document_position_params) else { return Ok(Value::Null) };
        let Some((name, place)) = rename::renamable(&self.workspace, &at.path, at.offset) else {
            return Ok(Value::Null);
        };
        Ok(json!({"range": self.range(&at.path, &place), "placeholder": name}))
    }

    fn rename(&self, params: lsp::RenameParams) -> Answer {
        let Some(at) = self.at(&params.text_document_position_params) else { return Ok(Value::Null) };
        let places = rename::rename(&self.workspace, &at.path, at.offset, &params.new_name)
            .map_err(|why| (ErrorCode::RequestFailed, why))?;
        let edits: Vec<TextEdit> =
            places.into_iter().map(|range| TextEdit { range, text: params.new_name.clone() }).collect();
        to_value(self.edit(&at.path, &edits))
    }

    fn code_actions(&mut self, params: lsp::CodeActionParams) -> Answer {
        let path = path_of(params.text_document.uri.as_ref());
        if !self.workspace.is_ours(&path) {
            return Ok(Value::Null);
        }
        let checked = self.checked(&path);
        let Some(text) = self.workspace.text(&path) else { return Ok(Value::Null) };
        let range = shapes::bytes(text, &params.range);
        // A kind stands for all that begin with it.
        let wants = |kind: &str| {
            params.context.only.as_ref().is_none_or(|only| {
                only.iter().any(|wanted| {
                    let wanted = String::from(wanted.clone());
                    kind == wanted || kind.starts_with(&format!("{wanted}.")) || wanted.is_empty()
                })
            })
        };
        let mut found: Vec<lsp::CodeAction> = Vec::new();
        if wants("quickfix") {
            for action in actions::actions(&self.workspace, &path, &checked, &range) {
                let finding = checked.findings.get(action.finding);
                let diagnostics = finding.map(|finding| vec![self.diagnostic(&path, &checked, finding)]);
                found.push(lsp::CodeAction {
                    title: action.title,
                    kind: Some(lsp::CodeActionKind::QuickFix),
                    diagnostics,
                    is_preferred: (action.kind == ActionKind::SafeFix).then_some(true),
                    edit: self.edit(&path, &action.edits),
                    ..lsp::CodeAction::default()
                });
            }
        }
        if wants(FIX_ALL)
            && let Some(edit) = actions::fix_all(&self.workspace, &path)
        {
            found.push(lsp::CodeAction {
                title: "Fix everything that is safe to fix".to_owned(),
                kind: Some(lsp::CodeActionKind::from(FIX_ALL.to_owned())),
                edit: self.edit(&path, &[edit]),
                ..lsp::CodeAction::default()
            });
        }
        to_value(found)
    }

    fn command(&mut self, params: lsp::ExecuteCommandParams) -> Answer {
        let argument = params.arguments.unwrap_or_default().into_iter().next().unwrap_or_default();
        match params.command.as_str() {
            "sigyn.convert" => {
                let wanted: Wanted = read(argument)?;
                let path = path_of(&wanted.uri);
                let preview = preview::preview(&self.workspace, &path, &wanted);
                to_value(preview.map_err(|why| (ErrorCode::RequestFailed, why))?)
            }
            "sigyn.targets" => to_value(preview::choices()),
            "sigyn.explain" => to_value(argument.as_str().and_then(hover::page)),
            "sigyn.fixAll" => {
                let uri =
                    argument.get("uri").and_then(Value::as_str).or(argument.as_str()).unwrap_or_default();
                let path = path_of(uri);
                if self.workspace.is_ours(&path)
                    && let Some(edit) = actions::fix_all(&self.workspace, &path)
                {
                    let edit = self.edit(&path, &[edit]);
                    self.request(
                        "workspace/applyEdit",
                        json!({"label": "Fix all", "edit": edit}),
                        Asked::Other,
                    );
                }
                Ok(Value::Null)
            }
            other => Err((ErrorCode::InvalidParams, format!("there is no command `{other}`"))),
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(params: Value) -> Result<T, (ErrorCode, String)> {
    serde_json::from_value(params).map_err(|error| (ErrorCode::InvalidParams, error.to_string()))
}

fn to_value(answer: impl serde::Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|error| (ErrorCode::InternalError, error.to_string()))
}
