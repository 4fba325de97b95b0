//! The way of a rule set through a pipeline and a target.

use std::sync::Arc;

use rayon::prelude::*;
use sigyn_backends::{Cx, Env, Error, Output, Query, Subquery, Target};
use sigyn_diagnostics::{Diagnostic, Sources, codes};
use sigyn_ir::{Correlation, Data, Rule, RuleItem, RuleSet, State};
use sigyn_pipeline::{Context, Files, Pipeline};

use crate::{Failure, taxonomy};

/// What becomes of a field that the pipeline leaves unmapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Strictness {
    /// It is reported.
    #[default]
    Report,
    /// The rule is refused (`--strict-fields`).
    Refuse,
}

/// What a conversion is made with.
pub struct Settings {
    /// The target.
    pub target: Box<dyn Target>,
    /// The user's pipelines, in the order given; they apply by priority.
    pub pipelines: Vec<Pipeline>,
    /// Format, options, reading.
    pub env: Env,
    /// What pipelines may read.
    pub files: Arc<dyn Files>,
    /// What becomes of unmapped fields.
    pub strictness: Strictness,
    /// The texts of the user's pipelines, for the places of findings.
    pub sources: Sources,
}

/// A target with its pipeline, ready to convert any number of rule sets.
pub struct Converter {
    target: Box<dyn Target>,
    pipeline: Pipeline,
    env: Env,
    files: Arc<dyn Files>,
    strictness: Strictness,
    sources: Sources,
}

/// What became of a rule set.
#[derive(Debug)]
pub struct Conversion {
    /// The rules in order.
    pub rules: Vec<Converted>,
    /// The output over all rules.
    pub output: Result<Output, Failure>,
}

/// What became of a rule.
#[derive(Debug)]
pub struct Converted {
    /// The rule as the pipeline left it.
    pub item: RuleItem,
    /// Its queries in the output format, or why there are none.
    pub queries: Result<Vec<Data>, Failure>,
    /// Whether the queries are part of the output; false if only a correlation reads them.
    pub is_output: bool,
    /// Fields that no mapping of the pipeline touched.
    pub unmapped: Vec<String>,
    /// Queries as a correlation reads them, and the states that their conversion left.
    raw: Raw,
}

/// A rule that is converted, or a correlation that waits for the rules it reads.
#[expect(clippy::large_enum_variant, reason = "one for each rule, moved twice; boxes would cost more")]
enum Taken {
    Done(Converted),
    Left(Correlation),
}

impl Taken {
    fn done(self) -> Option<Converted> {
        match self {
            Taken::Done(converted) => Some(converted),
            Taken::Left(_) => None,
        }
    }
}

/// What a correlation reads of a rule; nothing if none reads it.
#[derive(Debug, Default)]
struct Raw {
    queries: Vec<Data>,
    states: Vec<State>,
}

impl Converter {
    /// Joins the target's own pipelines with the user's.
    ///
    /// # Errors
    /// The target does not know the format or the correlation method, or names a pipeline that does not exist.
    pub fn new(settings: Settings) -> Result<Self, Diagnostic> {
        let Settings { target, pipelines, mut env, files, strictness, mut sources } = settings;
        let dialect = target.dialect();
        if env.format.is_empty() {
            env.format.clone_from(&dialect.default_format);
        }
        check_format(dialect, &env)?;
        let mut own = |names: Vec<String>| {
            names.iter().try_fold(Pipeline::default(), |joined, name| {
                let builtin =
                    sigyn_pipeline::builtin::get(name).and_then(|builtin| builtin.load_into(&mut sources));
                builtin.map(|pipeline| joined.then(pipeline)).ok_or_else(|| {
                    let message = format!("the target `{}` names the pipeline `{name}`", dialect.name);
                    Diagnostic::error(&codes::pipeline::UNKNOWN_PIPELINE, message)
                })
            })
        };
        let mut pipeline = own(target.pipelines_before(&env.format))?
            .then(Pipeline::chain(pipelines))
            .then(own(target.pipelines_after(&env.format))?);
        let options = env.options.iter().map(|(name, value)| (format!("backend_{name}"), value.clone()));
        pipeline.vars.extend(options);
        pipeline.vars.push(("backend".to_owned(), dialect.title.as_str().into()));
        pipeline.vars.push(("output_format".to_owned(), env.format.as_str().into()));
        Ok(Self { target, pipeline, env, files, strictness, sources })
    }

    /// The target.
    pub fn target(&self) -> &dyn Target {
        self.target.as_ref()
    }

    /// Format, options, reading.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The texts of all pipelines. Rules are loaded behind them ([`crate::load_behind`]), so that a finding can
    /// show the rule and the item that refused it.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The rules of a set as the pipeline leaves them, without queries.
    pub fn prepare(&self, set: RuleSet) -> Vec<crate::Prepared> {
        crate::prepare(&self.pipeline, set, || self.context())
    }

    /// Converts a rule set.
    pub fn convert(&self, set: RuleSet) -> Conversion {
        self.convert_watched(set, || {})
    }

    /// Converts a rule set and calls `step` whenever a rule is done, from any thread.
    pub fn convert_watched(&self, set: RuleSet, step: impl Fn() + Sync) -> Conversion {
        let RuleSet { items, outputs, is_referenced } = set;
        let flags = |at: usize| {
            let get = |list: &[bool], default| list.get(at).copied().unwrap_or(default);
            Flags { is_output: get(&outputs, true), is_referenced: get(&is_referenced, false) }
        };
        let has_correlations = items.iter().any(|item| matches!(item, RuleItem::Correlation(_)));
        // Correlations look at the rules of their set; without any, each rule is moved through and none copied.
        let taken: Vec<Taken> = items
            .into_par_iter()
            .enumerate()
            .map(|(at, item)| match item {
                RuleItem::Rule(rule) => {
                    let converted = self.rule(rule, flags(at));
                    step();
                    Taken::Done(converted)
                }
                RuleItem::Correlation(correlation) => Taken::Left(correlation),
            })
            .collect();
        let rules = if has_correlations {
            self.correlations(taken, flags, step)
        } else {
            taken.into_iter().filter_map(Taken::done).collect()
        };
        let output = self.output(&rules);
        Conversion { rules, output }
    }

    /// Converts the correlations behind the rules they read, so that one walk suffices.
    fn correlations(
        &self,
        taken: Vec<Taken>,
        flags: impl Fn(usize) -> Flags,
        step: impl Fn(),
    ) -> Vec<Converted> {
        let items = taken.iter().map(|taken| match taken {
            Taken::Done(converted) => converted.item.clone(),
            Taken::Left(correlation) => RuleItem::Correlation(correlation.clone()),
        });
        let mut set = RuleSet { items: items.collect(), outputs: Vec::new(), is_referenced: Vec::new() };
        let mut converted: Vec<Option<Converted>> = taken.into_iter().map(Taken::done).collect();
        for at in 0..converted.len() {
            if let (None, RuleItem::Correlation(correlation)) = (&converted[at], &set.items[at]) {
                // The reference takes the rules in turn: one that stands behind has no query yet.
                let known = if self.env.is_reference() { &converted[..at] } else { &converted[..] };
                let result = self.correlation(correlation.clone(), flags(at), &set, known);
                set.items[at] = result.item.clone();
                converted[at] = Some(result);
                step();
            }
        }
        converted.into_iter().flatten().collect()
    }

    fn output(&self, rules: &[Converted]) -> Result<Output, Failure> {
        let queries: Vec<Data> = rules
            .iter()
            .filter(|rule| rule.is_output)
            .filter_map(|rule| rule.queries.as_ref().ok())
            .flatten()
            .cloned()
            .collect();
        let output = self.finalize(self.target.output(&self.env, queries)?)?;
        if self.env.is_reference() && is_mixed(&output) {
            let message = "texts and documents together are no output of the reference";
            return Err(Error::value(message).as_reference("TypeError").into());
        }
        Ok(output)
    }

    /// Lets the pipeline's finalizers have the queries; without any they stay as they are.
    fn finalize(&self, output: Output) -> Result<Output, Failure> {
        if self.pipeline.counts().2 == 0 {
            return Ok(output);
        }
        let queries = match output {
            Output::Text(text) => vec![Data::Text(text)],
            Output::List(list) => list,
        };
        Ok(match self.pipeline.finalize_with(queries, self.files.as_ref())? {
            sigyn_pipeline::Output::Text(text) => Output::Text(text),
            sigyn_pipeline::Output::List(list) => Output::List(list),
        })
    }

    fn context(&self) -> Context {
        Context::with_files(self.env.compat, self.files.clone())
    }

    fn rule(&self, mut rule: Rule, flags: Flags) -> Converted {
        let mut cx = self.context();
        let applied = self.pipeline.apply(&mut rule, &mut cx);
        let unmapped = if self.pipeline.maps_fields() { cx.unmapped_fields(&rule) } else { Vec::new() };
        let item = RuleItem::Rule(rule);
        let result = applied
            .and_then(|()| taxonomy::check(&item, &self.pipeline, &cx))
            .map_err(Failure::from)
            .and_then(|()| self.check_fields(&item, &unmapped))
            .and_then(|()| {
                let RuleItem::Rule(rule) = &item else { return Ok((Vec::new(), Raw::default())) };
                check_conditions(rule)?;
                let queries = self.target.rule(&self.env, &item, rule, &cx.state)?;
                self.finished(&item, &mut cx, queries, flags)
            });
        converted(item, result, flags, unmapped)
    }

    fn check_fields(&self, item: &RuleItem, unmapped: &[String]) -> Result<(), Failure> {
        if self.strictness == Strictness::Report || unmapped.is_empty() {
            return Ok(());
        }
        let message = format!("the pipeline maps no field for {}", unmapped.join(", "));
        Err(Diagnostic::error(&codes::pipeline::UNMAPPED_FIELD, message).at(item.span()).into())
    }

    fn correlation(
        &self,
        mut correlation: Correlation,
        flags: Flags,
        set: &RuleSet,
        converted_rules: &[Option<Converted>],
    ) -> Converted {
        // The reference puts every correlation out, also those that only another one reads.
        let puts_all_out = self.env.is_reference() && !self.target.honours_generate();
        let flags = Flags { is_output: flags.is_output || puts_all_out, ..flags };
        let mut cx = self.context();
        let applied = if self.target.pipes_correlations(&self.env) {
            self.pipeline.apply_correlation(&mut correlation, set, &mut cx)
        } else {
            Ok(())
        };
        let item = RuleItem::Correlation(correlation);
        let known = applied.and_then(|()| taxonomy::check(&item, &self.pipeline, &cx));
        let result = known.map_err(Failure::from).and_then(|()| {
            let RuleItem::Correlation(correlation) = &item else { return Ok((Vec::new(), Raw::default())) };
            let rules = subqueries(correlation, converted_rules)?;
            let mut target_cx = Cx::new(&self.env, &item, cx.state.clone());
            let texts = self.target.correlation(&mut target_cx, correlation, &rules)?;
            let state = target_cx.state;
            let queries = texts.into_iter().map(|text| Query { text, state: state.clone() }).collect();
            self.finished(&item, &mut cx, queries, flags)
        });
        converted(item, result, flags, Vec::new())
    }

    fn finished(
        &self,
        item: &RuleItem,
        cx: &mut Context,
        queries: Vec<Query>,
        flags: Flags,
    ) -> Result<(Vec<Data>, Raw), Failure> {
        let finalizes_subqueries = self.target.finalizes_subqueries(&self.env);
        let is_correlation = matches!(item, RuleItem::Correlation(_));
        let stays_raw = flags.is_referenced && !finalizes_subqueries && !is_correlation;
        // Copies are made for correlations only: few rules are read by any.
        let copied = if flags.is_referenced { queries.as_slice() } else { &[] };
        let states = copied.iter().map(|query| query.state.clone()).collect();
        let raw: Vec<Data> = copied.iter().map(|query| Data::Text(query.text.clone())).collect();
        // The reference hands raw queries out even where the rule stands for itself too.
        let hands_raw_out = self.env.is_reference() && !self.target.honours_generate();
        if stays_raw && (hands_raw_out || !flags.is_output) {
            return Ok((raw.clone(), Raw { queries: raw, states }));
        }
        let mut finished = Vec::with_capacity(queries.len());
        for (index, query) in queries.into_iter().enumerate() {
            let mut target_cx = Cx::new(&self.env, item, query.state);
            let query = self.target.finalize(&mut target_cx, query.text, index)?;
            finished.push(self.postprocess(item, cx, query)?);
        }
        let queries = match flags.is_referenced {
            _ if stays_raw => raw,
            true => finished.clone(),
            false => Vec::new(),
        };
        Ok((finished, Raw { queries, states }))
    }

    fn postprocess(&self, item: &RuleItem, cx: &mut Context, query: Data) -> Result<Data, Failure> {
        if self.pipeline.counts().1 == 0 {
            return Ok(query);
        }
        let text = match query {
            Data::Text(text) => text,
            document => document.to_json(None),
        };
        Ok(Data::Text(self.pipeline.postprocess(item, cx, text)?))
    }
}

/// Whether an output has both texts and documents: rules that a correlation reads and that stand for themselves
/// too stay texts in the reference.
fn is_mixed(output: &Output) -> bool {
    let Output::List(queries) = output else { return false };
    let texts = queries.iter().filter(|query| matches!(query, Data::Text(_))).count();
    texts > 0 && texts < queries.len()
}

/// A condition without text is refused at load, but under the reference's reading only here: a pipeline may have
/// put something beside it.
fn check_conditions(rule: &Rule) -> Result<(), Failure> {
    match rule.conditions.iter().find(|condition| condition.text.trim().is_empty()) {
        Some(condition) => Err(Diagnostic::error(&codes::condition::SYNTAX, "the condition is empty")
            .at(condition.span)
            .into()),
        None => Ok(()),
    }
}

/// How a rule stands in its set.
#[derive(Clone, Copy)]
struct Flags {
    is_output: bool,
    is_referenced: bool,
}

fn converted(
    item: RuleItem,
    result: Result<(Vec<Data>, Raw), Failure>,
    flags: Flags,
    unmapped: Vec<String>,
) -> Converted {
    let (queries, raw) = match result {
        Ok((queries, raw)) => (Ok(queries), raw),
        Err(failure) => (Err(failure), Raw::default()),
    };
    Converted { item, queries, is_output: flags.is_output, unmapped, raw }
}

/// The rules that a correlation reads, with their queries.
fn subqueries<'a>(
    correlation: &Correlation,
    converted: &'a [Option<Converted>],
) -> Result<Vec<Subquery<'a>>, Failure> {
    correlation
        .rules
        .iter()
        .map(|reference| {
            let rule = converted.get(reference.target.0 as usize).and_then(Option::as_ref);
            match rule {
                Some(Converted { queries: Ok(_), item, raw, .. }) => {
                    let rules = match item {
                        RuleItem::Rule(_) => Vec::new(),
                        RuleItem::Correlation(inner) => subqueries(inner, converted)?,
                    };
                    Ok(Subquery { rule: item, queries: &raw.queries, states: &raw.states, rules })
                }
                _ => {
                    let message = format!("the rule `{}` has no query", reference.text);
                    let diagnostic = Diagnostic::error(&codes::backend::REFERENCED_RULE_FAILED, message);
                    Err(Failure {
                        diagnostic: diagnostic.at(reference.span),
                        reference_class: "SigmaConversionError",
                    })
                }
            }
        })
        .collect()
}

fn check_format(dialect: &sigyn_backends::Dialect, env: &Env) -> Result<(), Diagnostic> {
    if dialect.format(&env.format).is_none() {
        let known: Vec<_> = dialect.formats.iter().map(|format| format.name.as_str()).collect();
        let message = format!("the target `{}` has no output format `{}`", dialect.name, env.format);
        return Err(Diagnostic::error(&codes::backend::UNKNOWN_FORMAT, message)
            .with_help(format!("use one of {}", known.join(", "))));
    }
    match &env.method {
        Some(method) if !dialect.correlation.contains_key(method) => {
            let known: Vec<_> = dialect.correlation.keys().map(String::as_str).collect();
            let message = format!("the target `{}` has no correlation method `{method}`", dialect.name);
            let help = if known.is_empty() {
                "the target has no correlations".to_owned()
            } else {
                format!("use one of {}", known.join(", "))
            };
            Err(Diagnostic::error(&codes::backend::UNKNOWN_CORRELATION_METHOD, message).with_help(help))
        }
        _ => Ok(()),
    }
}
