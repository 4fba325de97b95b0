//! Rules and hits as short texts.

use std::sync::Arc;

use sigyn_diagnostics::{Diagnostic, SourceId};
use sigyn_event::Timestamp;
use sigyn_ir::{Compat, ItemId, LoadOptions, RuleSet, read_text, resolve};

use crate::{At, Detection, Hit, Id, Limits, Machine, Matcher, Plan, Status, Values};

/// A rule `name` on events with `k: name`.
pub(crate) fn base(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| {
            format!(
                "title: {name}\nname: {name}\nlogsource: {{category: test}}\ndetection: {{s: {{k: {name}}}, \
                 condition: s}}\n---\n"
            )
        })
        .collect()
}

/// A correlation; `body` is the inside of `correlation:` in flow style.
pub(crate) fn correlation(name: &str, body: &str, options: &str) -> String {
    let options = if options.is_empty() { String::new() } else { format!("sigyn: {{{options}}}\n") };
    format!("title: {name}\nname: {name}\ncorrelation: {{{body}}}\n{options}---\n")
}

pub(crate) fn load(text: &str) -> RuleSet {
    let options = LoadOptions::new(Compat::Spec);
    let loaded = resolve(vec![read_text(SourceId::default(), text, &options)], &options);
    let errors: Vec<&Diagnostic> = loaded.diagnostics.iter().filter(|found| found.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    loaded.set
}

pub(crate) struct Bench {
    pub(crate) set: RuleSet,
    pub(crate) plan: Arc<Plan>,
    pub(crate) findings: Vec<Diagnostic>,
}

impl Bench {
    pub(crate) fn new(text: &str) -> Self {
        Self::with(text, &Limits::standard())
    }

    pub(crate) fn with(text: &str, limits: &Limits) -> Self {
        let set = load(text);
        let (plan, findings) = Plan::compile(&set, limits);
        Self { set, plan: Arc::new(plan), findings }
    }

    pub(crate) fn item(&self, name: &str) -> ItemId {
        let at = self.set.items.iter().position(|item| item.meta().title == name).unwrap();
        ItemId(u32::try_from(at).unwrap())
    }

    fn name(&self, item: ItemId) -> &str {
        &self.set.get(item).unwrap().meta().title
    }

    /// `rule@seconds field=value,value …`; a field's values may be none. `#n` gives the place in the source, `~name` the
    /// source. The event's id is the text.
    pub(crate) fn hit(&self, text: &str) -> Hit {
        let mut words = text.split_whitespace();
        let (rule, time) = words.next().unwrap().split_once('@').unwrap();
        let (mut seq, mut source, mut fields) = (0, "s", Vec::new());
        for word in words {
            if let Some(number) = word.strip_prefix('#') {
                seq = number.parse().unwrap();
            } else if let Some(name) = word.strip_prefix('~') {
                source = name;
            } else {
                let (name, values) = word.split_once('=').unwrap();
                fields.push((name, values.split(',').filter(|value| !value.is_empty()).collect::<Vec<_>>()));
            }
        }
        let item = self.item(rule);
        let values = self.plan.reads(item).iter().map(|read| {
            let field = fields.iter().find(|(name, _)| *name == &**read);
            field.map(|(_, values)| values.clone()).unwrap_or_default()
        });
        // What hits the same event differs in the rule alone.
        let eid = Id::of(&[text.split_once('@').unwrap().1.as_bytes()]);
        Hit {
            rule: item,
            at: At { ts: nanos(time), source: source.into(), seq, eid },
            values: Values::new(values),
        }
    }

    pub(crate) fn hits(&self, texts: &[&str]) -> Vec<Hit> {
        texts.iter().map(|text| self.hit(text)).collect()
    }

    /// The final detections of hits.
    pub(crate) fn run(&self, hits: Vec<Hit>) -> Vec<Detection> {
        let mut machine = Machine::new(self.plan.clone());
        for hit in hits {
            machine.push(hit);
        }
        let mut out = Vec::new();
        machine.finish(&mut Fields(self), &mut out);
        out.retain(|detection| detection.status == Status::Final);
        out
    }

    /// A detection as a short text.
    pub(crate) fn show(&self, it: &Detection) -> String {
        let group = it.group.iter().map(|(_, value)| value.as_deref().unwrap_or("<none>"));
        let group = group.collect::<Vec<_>>().join(",");
        let value = it.value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let (ts, first, last) = (seconds(it.ts), seconds(it.first_seen), seconds(it.last_seen));
        let suppressed = if it.suppressed > 0 { format!(" -{}", it.suppressed) } else { String::new() };
        format!("{}({group})@{ts} {first}..{last} ={value} n{}{suppressed}", self.name(it.rule), it.total)
    }

    /// Holds the final detections of hits against an expectation, whatever the order of the hits and the steps.
    pub(crate) fn check(&self, hits: &[&str], expect: &[&str]) {
        let all = self.run(self.hits(hits));
        // Detections with one time stand in the order of their ids, which nobody can foretell.
        let mut shown: Vec<(i64, String)> = all.iter().map(|it| (it.ts, self.show(it))).collect();
        shown.sort();
        let shown: Vec<String> = shown.into_iter().map(|(_, text)| text).collect();
        assert_eq!(shown, expect, "{hits:?}");
        let mut backwards = self.hits(hits);
        backwards.reverse();
        assert_eq!(self.run(backwards), all, "backwards {hits:?}");
        assert_eq!(self.stepwise(self.hits(hits)), strip(all), "step by step {hits:?}");
    }

    /// The final detections if the watermark moves after each hit, and the machine is stored and restored each time.
    pub(crate) fn stepwise(&self, mut hits: Vec<Hit>) -> Vec<Detection> {
        hits.sort_by_key(|hit| hit.at.ts);
        let mut machine = Machine::new(self.plan.clone());
        let mut out = Vec::new();
        for hit in hits {
            machine.advance(hit.at.ts, &mut Fields(self), &mut out);
            machine.push(hit);
            machine = Machine::restore(self.plan.clone(), &machine.snapshot().unwrap()).unwrap();
        }
        machine.finish(&mut Fields(self), &mut out);
        out.retain(|detection| detection.status == Status::Final);
        out.sort_by_key(|it| (it.ts, it.stratum, it.id));
        strip(out)
    }
}

/// Without what describes how a result became known.
fn strip(mut all: Vec<Detection>) -> Vec<Detection> {
    for it in &mut all {
        it.revision = 0;
    }
    all
}

/// Matches rules on detections whose condition is `s`, one map of fields with literal texts.
struct Fields<'b>(&'b Bench);

impl Matcher for Fields<'_> {
    fn matches(&mut self, detection: &Detection, rules: &[ItemId], matched: &mut Vec<ItemId>) {
        let fields = detection.fields(&self.0.plan);
        for item in rules {
            let Some(sigyn_ir::RuleItem::Rule(rule)) = self.0.set.get(*item) else { continue };
            let mut holds = true;
            for (_, selection) in &rule.detections {
                selection.for_each_item(&mut |item| {
                    let has = |text: &str| {
                        let field = item.field.as_deref().unwrap_or("");
                        fields.iter().any(|(name, values)| {
                            name == field && values.iter().any(|value| value.text() == text)
                        })
                    };
                    holds &= item.values.iter().any(|value| match value {
                        sigyn_ir::Value::Str(text) => has(&text.to_plain()),
                        sigyn_ir::Value::Number(number) => has(&number.to_string()),
                        _ => false,
                    });
                });
            }
            if holds {
                matched.push(*item);
            }
        }
    }
}

fn nanos(seconds: &str) -> i64 {
    match seconds.split_once('T') {
        Some(_) => Timestamp::parse(seconds).unwrap().0,
        None => {
            let (whole, part) = seconds.split_once('.').unwrap_or((seconds, "0"));
            let part: i64 = format!("{part:0<9}").parse().unwrap();
            whole.parse::<i64>().unwrap() * 1_000_000_000 + part
        }
    }
}

fn seconds(ts: i64) -> String {
    crate::Value::of_float(ts as f64 / 1e9).to_string()
}
