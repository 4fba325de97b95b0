//! Conditions: selectors expanded, identifiers linked.

use sigyn_diagnostics::{Diagnostic, Span, codes};
use sigyn_syntax::Compat;
use sigyn_syntax::condition::{Ast, Expr, ExprKind, Pattern, Quantifier, parse_condition};

use super::Context;
use crate::{Condition, ConditionExpr, Detection, DetectionEntry, DetectionId};

/// Words that cannot name an identifier, in any case.
const RESERVED: &[&str] = &["and", "or", "not", "of", "them", "all", "any", "1"];

/// Whether a word is a keyword of conditions.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// Reads a condition and links it with the identifiers it names.
pub(crate) fn lower(
    text: &str,
    span: Span,
    detections: &[(String, Detection)],
    context: &mut Context<'_>,
) -> Condition {
    let mut linker = Linker { span, text, detections, context, lone: Vec::new() };
    let expr = match parse_condition(text, linker.context.compat()) {
        Ok(ast) => {
            linker.lint(&ast);
            linker.link(&ast.root, Above::Nothing)
        }
        // The reference reads conditions behind the pipeline, which may have put something beside nothing.
        Err(_) if linker.context.compat().is_pysigma() && text.trim().is_empty() => ConditionExpr::Nothing,
        Err(error) => {
            let place = linker.place(&error.range);
            linker.context.findings.push(Diagnostic::error(error.code, error.message).at(place));
            ConditionExpr::Nothing
        }
    };
    Condition { text: text.to_owned(), expr, marks: Vec::new(), lone: linker.lone, span }
}

/// Reads a condition anew that a pipeline has put together, as the reference does: selectors then see the
/// identifiers that the pipeline added.
///
/// # Errors
/// The first thing that is wrong with the condition.
pub fn reread_condition(
    text: &str,
    span: Span,
    detections: &[(String, Detection)],
) -> Result<Condition, Diagnostic> {
    let options = super::LoadOptions::new(Compat::PySigma);
    let mut context = Context { options: &options, findings: Vec::new(), references: Vec::new() };
    let condition = lower(text, span, detections, &mut context);
    match context.findings.into_iter().find(Diagnostic::is_error) {
        Some(error) => Err(error.at(span)),
        None => Ok(condition),
    }
}

/// What stands directly above an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Above {
    Nothing,
    Not,
}

struct Linker<'a, 'o> {
    span: Span,
    text: &'a str,
    detections: &'a [(String, Detection)],
    context: &'a mut Context<'o>,
    lone: Vec<DetectionId>,
}

impl Linker<'_, '_> {
    /// The place of a part of the condition. A quoted or folded condition has other bytes than its text, then
    /// the whole condition is the place.
    fn place(&self, range: &std::ops::Range<usize>) -> Span {
        let length = (self.span.end - self.span.start) as usize;
        let quotes = match length.checked_sub(self.text.len()) {
            Some(0) => 0,
            Some(2) => 1,
            _ => return self.span,
        };
        let start = self.span.start as usize + quotes;
        Span::new(self.span.source, start + range.start, start + range.end)
    }

    fn lint(&mut self, ast: &Ast) {
        for range in &ast.uppercase {
            let place = self.place(range);
            let word = self.text.get(range.clone()).unwrap_or("");
            self.context.warn(
                &codes::condition::UPPERCASE_KEYWORD,
                || format!("`{word}` is not in lower case"),
                place,
            );
        }
    }

    fn link(&mut self, expr: &Expr, above: Above) -> ConditionExpr {
        match &expr.kind {
            ExprKind::Or(args) => {
                ConditionExpr::Or(args.iter().map(|arg| self.link(arg, Above::Nothing)).collect())
            }
            ExprKind::And(args) => {
                ConditionExpr::And(args.iter().map(|arg| self.link(arg, Above::Nothing)).collect())
            }
            ExprKind::Not(arg) => ConditionExpr::Not(Box::new(self.link(arg, Above::Not))),
            ExprKind::Identifier(name) => self.identifier(name, expr),
            ExprKind::Selector { quantifier, pattern } => self.selector(*quantifier, pattern, expr, above),
        }
    }

    fn identifier(&mut self, name: &str, expr: &Expr) -> ConditionExpr {
        match self.detections.iter().position(|(other, _)| other == name) {
            Some(at) => self.detection(at, expr),
            None => {
                let place = self.place(&expr.range);
                let message = format!("the search identifier `{name}` is not defined");
                self.context.error(&codes::condition::UNKNOWN_IDENTIFIER, message, place);
                ConditionExpr::Nothing
            }
        }
    }

    fn detection(&mut self, at: usize, expr: &Expr) -> ConditionExpr {
        // A keyword without a value is found only here by the reference: nobody misses one that nobody uses.
        if self.context.compat().is_pysigma() && has_empty_keyword(&self.detections[at].1) {
            let place = self.place(&expr.range);
            let message = "a list of keywords is empty";
            self.context.error(&codes::rule::NULL_KEYWORD, message, place);
        }
        ConditionExpr::Detection(DetectionId(u32::try_from(at).unwrap_or(u32::MAX)))
    }

    fn selector(
        &mut self,
        quantifier: Quantifier,
        pattern: &Pattern,
        expr: &Expr,
        above: Above,
    ) -> ConditionExpr {
        let selected: Vec<usize> = self
            .detections
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| pattern.selects(name))
            .map(|(at, _)| at)
            .collect();
        if selected.is_empty() {
            return self.empty_selector(quantifier, expr, above);
        }
        let count = selected.len();
        let mut of: Vec<_> = selected.into_iter().map(|at| self.detection(at, expr)).collect();
        if let ([ConditionExpr::Detection(id)], Quantifier::Any) = (of.as_slice(), quantifier) {
            self.lone.push(*id);
        }
        match quantifier {
            _ if of.len() == 1 && !matches!(quantifier, Quantifier::AtLeast(_)) => of.remove(0),
            Quantifier::Any => ConditionExpr::Or(of),
            Quantifier::All => ConditionExpr::And(of),
            Quantifier::AtLeast(wanted) if wanted as usize > count => {
                let place = self.place(&expr.range);
                self.context.warn(
                    &codes::condition::COUNT_OUT_OF_REACH,
                    || format!("{wanted} of {count} search identifiers can never match"),
                    place,
                );
                ConditionExpr::False
            }
            Quantifier::AtLeast(wanted) => ConditionExpr::AtLeast { count: wanted, of },
        }
    }

    fn empty_selector(&mut self, quantifier: Quantifier, expr: &Expr, above: Above) -> ConditionExpr {
        if self.context.compat() == Compat::PySigma {
            return ConditionExpr::Nothing;
        }
        let place = self.place(&expr.range);
        let message = "the selector matches no search identifier";
        if above == Above::Not && quantifier == Quantifier::Any {
            self.context.warn(&codes::condition::EMPTY_SELECTOR, || message.to_owned(), place);
            return ConditionExpr::False;
        }
        self.context.error(&codes::condition::EMPTY_SELECTOR, message, place);
        ConditionExpr::Nothing
    }
}

fn has_empty_keyword(detection: &Detection) -> bool {
    detection.entries.iter().any(|entry| match entry {
        DetectionEntry::Item(item) => item.field.is_none() && item.values.is_empty(),
        DetectionEntry::Group(group) => has_empty_keyword(group),
    })
}
