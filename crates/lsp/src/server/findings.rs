//! Findings on their way to the editor: when documents are checked, and what is sent.

use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::after;
use gen_lsp_types as lsp;
use sigyn_diagnostics::{Severity, Span};
use sigyn_lint::Finding;

use super::{CHECK_DELAY, Server, shapes};
use crate::workspace::Checked;

/// How many findings of one document are sent; nobody reads more, and editors slow down.
const FINDINGS_MAX: usize = 1_000;

impl Server {
    /// A document changed: it is to be checked soon, and so is every open document that it has a say in.
    pub(super) fn changed(&mut self, path: &Arc<Path>) {
        let concerned: Vec<Arc<Path>> =
            self.open.keys().filter(|open| *open == path || self.is_concerned(open, path)).cloned().collect();
        for path in concerned {
            self.dirty(path);
        }
    }

    /// Whether findings of one document depended on another when it was checked, or do now.
    fn is_concerned(&self, open: &Arc<Path>, changed: &Arc<Path>) -> bool {
        let did = self.checked.get(open).is_some_and(|checked| checked.paths.contains(changed));
        did || self.workspace.index.neighbours(open).contains(changed)
    }

    pub(super) fn all_dirty(&mut self) {
        let open: Vec<Arc<Path>> = self.open.keys().cloned().collect();
        open.into_iter().for_each(|path| self.dirty(path));
    }

    fn dirty(&mut self, path: Arc<Path>) {
        self.checked.remove(&path);
        self.dirty.insert(path);
        // Counted from the first change, so that an editor that never rests still hears of its findings.
        self.due.get_or_insert_with(|| after(CHECK_DELAY));
    }

    /// A document was closed: the editor shows nothing for it any more.
    pub(super) fn forget(&mut self, path: &Arc<Path>) {
        self.dirty.remove(path);
        self.checked.remove(path);
        let had = self.published.remove(path).is_some_and(|sent| !sent.as_array().is_none_or(Vec::is_empty));
        if let Some(open) = self.open.remove(path)
            && had
        {
            self.notify(
                "textDocument/publishDiagnostics",
                serde_json::json!({"uri": open.uri, "diagnostics": []}),
            );
        }
    }

    /// Checks what changed and tells the editor, where it has not been told the same.
    pub(super) fn publish(&mut self) {
        self.due = None;
        self.workspace.refresh();
        for path in std::mem::take(&mut self.dirty) {
            let checked = self.checked(&path);
            let Some(open) = self.open.get(&path) else { continue };
            let diagnostics = self.diagnostics(&path, &checked);
            let Ok(shown) = serde_json::to_value(&diagnostics) else { continue };
            if self.published.get(&path) == Some(&shown) {
                continue;
            }
            self.notify(
                "textDocument/publishDiagnostics",
                serde_json::json!({"uri": open.uri, "version": open.version, "diagnostics": shown}),
            );
            self.published.insert(path, shown);
        }
    }

    /// What is found in a document as it is now.
    pub(super) fn checked(&mut self, path: &Arc<Path>) -> Arc<Checked> {
        if let Some(checked) = self.checked.get(path) {
            return checked.clone();
        }
        let checked = Arc::new(self.workspace.check(path));
        self.checked.insert(path.clone(), checked.clone());
        checked
    }

    fn diagnostics(&self, path: &Path, checked: &Checked) -> Vec<lsp::Diagnostic> {
        let findings = checked.findings.iter().take(FINDINGS_MAX);
        findings.map(|finding| self.diagnostic(path, checked, finding)).collect()
    }

    pub(super) fn diagnostic(&self, path: &Path, checked: &Checked, finding: &Finding) -> lsp::Diagnostic {
        let diagnostic = &finding.diagnostic;
        let range = diagnostic.span.map_or(0..0, Span::range);
        let range = self.workspace.text(path).map(|text| shapes::range(text, &range)).unwrap_or_default();
        let related: Vec<lsp::DiagnosticRelatedInformation> = diagnostic
            .related
            .iter()
            .filter_map(|label| {
                let path = checked.path(label.span.source)?;
                let location = self.location(path, &label.span.range())?;
                Some(lsp::DiagnosticRelatedInformation { location, message: label.text.clone() })
            })
            .collect();
        lsp::Diagnostic {
            range,
            severity: Some(match diagnostic.severity {
                Severity::Error => lsp::DiagnosticSeverity::Error,
                Severity::Warning => lsp::DiagnosticSeverity::Warning,
                Severity::Note => lsp::DiagnosticSeverity::Information,
            }),
            code: Some(lsp::Code::String(diagnostic.code.name.to_owned())),
            code_description: self.page_of(finding).map(|href| lsp::CodeDescription { href: href.into() }),
            source: Some("sigyn".to_owned()),
            message: lsp::Message::String(message(finding)),
            tags: None,
            related_information: (!related.is_empty()).then_some(related),
            data: None,
        }
    }

    /// Where the page of a finding's code stands, if the editor was told where pages are.
    fn page_of(&self, finding: &Finding) -> Option<String> {
        let base = self.options.docs.as_ref()?;
        let name = finding.name();
        Some(match finding.check {
            Some(_) => format!("{base}checks/{name}.md"),
            None => format!("{base}diagnostics.md"),
        })
    }
}

/// What is wrong, and what to do about it.
fn message(finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let label = match diagnostic.label.as_str() {
        "" => String::new(),
        label => format!(" ({label})"),
    };
    format!("{}{label}\nhelp: {}", diagnostic.message, diagnostic.way_out())
}
