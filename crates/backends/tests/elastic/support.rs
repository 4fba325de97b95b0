//! Rules through a target.

use sigyn_backends::{Cx, Env, Error, Options, Subquery, targets};
use sigyn_diagnostics::SourceId;
use sigyn_ir::{BacktrackingRegex, Compat, Data, LoadOptions, RuleItem, State};

/// A way through a target.
pub(crate) struct Way {
    pub(crate) target: &'static str,
    pub(crate) format: &'static str,
    pub(crate) compat: Compat,
    pub(crate) options: Vec<(String, Data)>,
}

impl Way {
    pub(crate) fn new(target: &'static str, compat: Compat) -> Self {
        Self { target, format: "default", compat, options: Vec::new() }
    }

    pub(crate) fn format(target: &'static str, format: &'static str, compat: Compat) -> Self {
        Self { format, ..Self::new(target, compat) }
    }

    /// The output of rules, or why the first one is refused.
    pub(crate) fn convert(&self, rules: &str) -> Result<Vec<Data>, String> {
        let target = targets::find(self.target).expect("a target").build().expect("a dialect");
        let env = Env {
            compat: self.compat,
            format: self.format.to_owned(),
            options: Options::new(self.options.clone()),
            ..Env::default()
        };
        let options =
            LoadOptions { backtracking_regex: BacktrackingRegex::Allow, ..LoadOptions::new(self.compat) };
        let set =
            sigyn_ir::resolve(vec![sigyn_ir::read_text(SourceId::default(), rules, &options)], &options);
        assert!(set.failed.is_empty(), "{rules}: {:?}", set.failed);
        let set = set.set;
        let mut raw: Vec<Vec<Data>> = Vec::new();
        let mut output = Vec::new();
        for (at, item) in set.items.iter().enumerate() {
            let message = |error: Error| error.message;
            let texts = match item {
                RuleItem::Rule(rule) => {
                    let queries = target.rule(&env, item, rule, &State::default()).map_err(message)?;
                    queries.into_iter().map(|query| query.text).collect()
                }
                RuleItem::Correlation(correlation) => {
                    let rules: Vec<_> = correlation
                        .rules
                        .iter()
                        .map(|rule| rule.target.0 as usize)
                        .map(|of| Subquery {
                            rule: &set.items[of],
                            queries: &raw[of],
                            states: &[],
                            rules: Vec::new(),
                        })
                        .collect();
                    let mut cx = Cx::new(&env, item, State::default());
                    target.correlation(&mut cx, correlation, &rules).map_err(message)?
                }
            };
            raw.push(texts.iter().cloned().map(Data::Text).collect());
            if set.outputs[at] {
                for (index, text) in texts.into_iter().enumerate() {
                    let mut cx = Cx::new(&env, item, State::default());
                    output.push(target.finalize(&mut cx, text, index).map_err(message)?);
                }
            }
        }
        Ok(output)
    }
}

/// A rule around a detection: `selection` is a YAML flow mapping or list.
pub(crate) fn rule(selection: &str, condition: &str) -> String {
    format!(
        "title: T\nlogsource: {{category: test}}\ndetection:\n  selection: {selection}\n  condition: {condition}\n"
    )
}

/// Holds what a target prints for a selection by default and in the reference; a refusal begins with `!`.
pub(crate) fn check(target: &'static str, selection: &str, condition: &str, ours: &str, reference: &str) {
    for (compat, expected) in [(Compat::Spec, ours), (Compat::PySigma, reference)] {
        let result = Way::new(target, compat).convert(&rule(selection, condition));
        match (expected.strip_prefix('!'), result) {
            (None, Ok(queries)) => {
                let texts: Vec<_> = queries.iter().filter_map(Data::as_str).collect();
                assert_eq!(texts, [expected], "{selection} ({compat:?})");
            }
            (Some(why), Err(message)) => {
                assert!(message.contains(why), "{selection} ({compat:?}): {message}");
            }
            (_, result) => panic!("{selection} ({compat:?}): {result:?}, not {expected}"),
        }
    }
}
