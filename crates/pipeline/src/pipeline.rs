//! Pipelines: read, joined, applied.

use std::sync::Arc;

use sigyn_diagnostics::{Diagnostic, SourceId, codes::pipeline as codes};
use sigyn_ir::{Correlation, Data, Number, Rule, RuleItem, RuleSet};

use crate::{
    context::{Context, Scope, Subject},
    finalizers::Finalizer,
    item::{Item, Run},
    node::{self, Kind, Node},
    params::Params,
    postprocessing::PostItem,
};

/// A processing pipeline. Cheap to clone and to join: the items are shared.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    /// What it is called by: the name of a built-in one or the path of a file. Decides between equal priorities.
    pub id: String,
    /// Its title (`name` in YAML).
    pub name: Option<String>,
    /// Pipelines of lower priority apply first.
    pub priority: i64,
    /// Targets that it is made for; empty if it does not say.
    pub allowed_backends: Vec<String>,
    /// Variables for placeholders and templates.
    pub vars: Vec<(String, Data)>,
    pub(crate) items: Vec<Arc<Item>>,
    pub(crate) postprocessing: Vec<Arc<PostItem>>,
    pub(crate) finalizers: Vec<Arc<dyn Finalizer>>,
}

/// What finalizers make of all queries.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// One text.
    Text(String),
    /// The queries one by one: no finalizer joined them.
    List(Vec<Data>),
}

impl Pipeline {
    /// Reads a pipeline. `None` if there is an error among the findings.
    pub fn from_yaml(source: SourceId, text: &str) -> (Option<Pipeline>, Vec<Diagnostic>) {
        let (node, mut found) = node::read(source, text);
        let pipeline = node.and_then(|node| read(&node, &mut found));
        if pipeline.is_none() && found.is_empty() {
            let place = sigyn_diagnostics::Span::new(source, 0, 0);
            found.push(Diagnostic::error(&codes::SYNTAX, "the pipeline is empty").at(place));
        }
        if found.iter().any(Diagnostic::is_error) { (None, found) } else { (pipeline, found) }
    }

    /// Joins pipelines as sigma-cli does: by priority, those of the same priority by their id, whatever the order
    /// they were named in. Later variables win.
    pub fn chain(mut pipelines: Vec<Pipeline>) -> Pipeline {
        pipelines.sort_by(|one, other| (one.priority, &one.id).cmp(&(other.priority, &other.id)));
        pipelines.into_iter().fold(Pipeline::default(), Pipeline::then)
    }

    /// This pipeline and behind it the other, whatever their priorities: a backend's own pipeline, the user's, and
    /// that of the output format are joined like this. The result has no name.
    #[must_use]
    pub fn then(self, other: Pipeline) -> Pipeline {
        let mut joined = Pipeline { vars: self.vars, ..Pipeline::default() };
        for (name, value) in other.vars {
            match joined.vars.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => joined.vars.push((name, value)),
            }
        }
        joined.items = [self.items, other.items].concat();
        joined.postprocessing = [self.postprocessing, other.postprocessing].concat();
        joined.finalizers = [self.finalizers, other.finalizers].concat();
        joined
    }

    /// Whether a target may use this pipeline.
    pub fn allows(&self, target: &str) -> bool {
        self.allowed_backends.is_empty() || self.allowed_backends.iter().any(|name| name == target)
    }

    /// Whether it does nothing at all.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.postprocessing.is_empty() && self.finalizers.is_empty()
    }

    /// How many transformations, post-processing items and finalizers it has.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.items.len(), self.postprocessing.len(), self.finalizers.len())
    }

    /// Whether any item renames fields: only then is an unmapped field worth a word.
    pub fn maps_fields(&self) -> bool {
        self.items.iter().any(|item| item.transformation.maps_fields())
    }

    /// A variable.
    pub fn var(&self, name: &str) -> Option<&Data> {
        self.vars.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Rewrites a rule. The context forgets the rule before.
    ///
    /// # Errors
    /// The first item that refuses the rule or cannot be applied; the rule is then half rewritten.
    pub fn apply(&self, rule: &mut Rule, cx: &mut Context) -> Result<(), Diagnostic> {
        cx.reset();
        self.apply_items(rule, cx)
    }

    pub(crate) fn apply_items(&self, rule: &mut Rule, cx: &mut Context) -> Result<(), Diagnostic> {
        for item in &self.items {
            let blame = |error| item.gate.blame(error);
            let scope = Scope { cx, rules: None };
            if item.gate.holds(Subject::Rule(rule), scope).map_err(blame)? {
                let mut run = Run { item, cx, pipeline: self, rules: None };
                item.transformation.apply(rule, &mut run).map_err(|mut error| {
                    error.span.get_or_insert(rule.span);
                    blame(error)
                })?;
                if let Some(id) = &item.gate.id {
                    cx.note_applied(id);
                }
            }
        }
        Ok(())
    }

    /// Rewrites a correlation. `rules` is the set that its references point into, with the pipeline already
    /// applied to the rules in it, as conditions on the log source look at them. The context forgets the rule
    /// before.
    ///
    /// # Errors
    /// As [`Pipeline::apply`].
    pub fn apply_correlation(
        &self,
        correlation: &mut Correlation,
        rules: &RuleSet,
        cx: &mut Context,
    ) -> Result<(), Diagnostic> {
        cx.reset();
        self.apply_items_to_correlation(correlation, Some(rules), cx)
    }

    pub(crate) fn apply_items_to_correlation(
        &self,
        correlation: &mut Correlation,
        rules: Option<&RuleSet>,
        cx: &mut Context,
    ) -> Result<(), Diagnostic> {
        for item in &self.items {
            let blame = |error| item.gate.blame(error);
            let scope = Scope { cx, rules };
            if item.gate.holds(Subject::Correlation(correlation), scope).map_err(blame)? {
                let mut run = Run { item, cx, pipeline: self, rules };
                item.transformation.apply_correlation(correlation, &mut run).map_err(|mut error| {
                    error.span.get_or_insert(correlation.span);
                    blame(error)
                })?;
                if let Some(id) = &item.gate.id {
                    cx.note_applied(id);
                }
            }
        }
        Ok(())
    }

    /// Rewrites the query made of a rule. `cx` is the rule's context after [`Pipeline::apply`].
    ///
    /// # Errors
    /// The first post-processing item that cannot be applied.
    pub fn postprocess(
        &self,
        rule: &RuleItem,
        cx: &mut Context,
        query: String,
    ) -> Result<String, Diagnostic> {
        let subject = match rule {
            RuleItem::Rule(rule) => Subject::Rule(rule),
            RuleItem::Correlation(correlation) => Subject::Correlation(correlation),
        };
        let mut query = query;
        for item in &self.postprocessing {
            let blame = |mut error: Diagnostic| {
                error.span.get_or_insert(rule.span());
                item.gate.blame(error)
            };
            if item.gate.holds(subject, Scope { cx, rules: None }).map_err(blame)? {
                query = item.transformation.apply(query, rule, self, cx).map_err(blame)?;
                if let Some(id) = &item.gate.id {
                    cx.post_marks.push(id.clone());
                    cx.note_applied(id);
                }
            }
        }
        Ok(query)
    }

    /// Joins all queries as the finalizers say; without a finalizer the list comes back.
    ///
    /// # Errors
    /// The first finalizer that cannot be applied.
    pub fn finalize(&self, queries: Vec<Data>) -> Result<Output, Diagnostic> {
        self.finalize_with(queries, &crate::NoFiles)
    }

    /// As [`Pipeline::finalize`], with access to template files.
    ///
    /// # Errors
    /// The first finalizer that cannot be applied.
    pub fn finalize_with(&self, queries: Vec<Data>, files: &dyn crate::Files) -> Result<Output, Diagnostic> {
        let mut output = Output::List(queries);
        for finalizer in &self.finalizers {
            output = finalizer.apply(output, self, files)?;
        }
        Ok(output)
    }
}

fn read(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Pipeline> {
    let Some(entries) = node.as_map() else {
        found.push(
            Diagnostic::error(&codes::SYNTAX, format!("a pipeline must be a map, not {}", node.describe()))
                .at(node.span),
        );
        return None;
    };
    let params = Params::new("a pipeline", entries, node.span);
    let name = params.text("name");
    let mut pipeline = Pipeline {
        id: name.clone().unwrap_or_default(),
        name,
        priority: read_priority(&params),
        allowed_backends: params.texts("allowed_backends").unwrap_or_default(),
        vars: read_vars(&params),
        ..Pipeline::default()
    };
    let mut inner = Vec::new();
    for item in list(&params, "transformations") {
        pipeline.items.extend(Item::read(item, &mut inner).map(Arc::new));
    }
    for item in list(&params, "postprocessing") {
        pipeline.postprocessing.extend(PostItem::read(item, &mut inner).map(Arc::new));
    }
    for item in list(&params, "finalizers") {
        pipeline.finalizers.extend(crate::finalizers::read(item, &mut inner));
    }
    found.extend(params.finish());
    found.append(&mut inner);
    Some(pipeline)
}

fn read_priority(params: &Params<'_>) -> i64 {
    match params.node("priority") {
        None => 0,
        Some(Node { kind: Kind::Scalar(Data::Number(Number::Int(value))), .. }) => {
            i64::try_from(*value).unwrap_or(i64::MAX)
        }
        Some(node) => {
            params.report(&codes::BAD_PARAMETER, node.span, "`priority` must be an integer");
            0
        }
    }
}

fn read_vars(params: &Params<'_>) -> Vec<(String, Data)> {
    let entries = params.map("vars").unwrap_or_default();
    entries.iter().map(|entry| (node::key_text(&entry.key), entry.value.to_data())).collect()
}

/// The items of a list.
pub(crate) fn list<'a>(params: &Params<'a>, name: &'a str) -> &'a [Node] {
    match params.node(name) {
        None => &[],
        Some(Node { kind: Kind::List(items), .. }) => items,
        Some(node) => {
            let message = format!("`{name}` must be a list, not {}", node.describe());
            params.report(&codes::SYNTAX, node.span, message);
            &[]
        }
    }
}
