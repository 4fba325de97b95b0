//! A part of a rule set that can stand alone.

use sigyn_diagnostics::{Diagnostic, codes};

use crate::{Correlation, CorrelationCondition, CorrelationExpr, ItemId, RuleItem, RuleRef, RuleSet};

impl RuleSet {
    /// The rules that are wanted, by place, with all that they read, directly or through others. What is there only to
    /// be read does not stand for itself. `is_gone` are rules that cannot be used: what reads one of them goes too, and
    /// comes back as the second value, each with the rule that it misses; places in it are those of this set.
    #[must_use]
    pub fn subset(&self, is_wanted: &[bool], is_gone: &[bool]) -> (RuleSet, Vec<(ItemId, ItemId)>) {
        let at = |flags: &[bool], id: usize| flags.get(id).copied().unwrap_or(false);
        let mut lost: Vec<Option<ItemId>> = vec![None; self.items.len()];
        // Referenced rules come first, so that one pass forward finds all that is lost, and one back all that is needed.
        for (place, item) in self.items.iter().enumerate() {
            if let RuleItem::Correlation(correlation) = item {
                let missing = |id: &ItemId| {
                    let id = id.0 as usize;
                    at(is_gone, id) || lost.get(id).is_some_and(Option::is_some)
                };
                let found = correlation.reads().find(missing);
                if let Some(slot) = lost.get_mut(place) {
                    *slot = found;
                }
            }
        }
        let is_usable = |id: usize| !at(is_gone, id) && lost.get(id).is_some_and(Option::is_none);
        let mut is_kept: Vec<bool> =
            (0..self.items.len()).map(|id| at(is_wanted, id) && is_usable(id)).collect();
        for (place, item) in self.items.iter().enumerate().rev() {
            if let (true, RuleItem::Correlation(correlation)) = (at(&is_kept, place), item) {
                for id in correlation.reads() {
                    if let Some(slot) = is_kept.get_mut(id.0 as usize) {
                        *slot = true;
                    }
                }
            }
        }
        // Whose detections a rule on detections matches is not written down: it may read any.
        let is_chained = |(item, is_kept): (&RuleItem, &bool)| *is_kept && item.is_on_detections();
        if self.items.iter().zip(&is_kept).any(is_chained) {
            is_kept = (0..self.items.len()).map(is_usable).collect();
        }
        let lost = lost.iter().zip(0..).filter_map(|(missing, id)| Some((ItemId(id), (*missing)?))).collect();
        (self.keep(&is_kept, is_wanted), lost)
    }

    /// What to say of a rule that goes because another that it reads does.
    #[must_use]
    pub fn lost(&self, (rule, missing): (ItemId, ItemId)) -> Diagnostic {
        let title = |id| self.get(id).map_or("", |item| item.meta().title.as_str());
        let message = format!("`{}` reads `{}`, which cannot be used", title(rule), title(missing));
        let found = Diagnostic::error(&codes::collection::LOST_REFERENCE, message);
        match self.get(rule) {
            Some(item) => found.at(item.span()),
            None => found,
        }
    }

    fn keep(&self, is_kept: &[bool], is_wanted: &[bool]) -> RuleSet {
        let at = |flags: &[bool], id: usize| flags.get(id).copied().unwrap_or(false);
        let mut places = vec![ItemId(u32::MAX); self.items.len()];
        let mut set = RuleSet::default();
        for (place, item) in self.items.iter().enumerate().filter(|(place, _)| at(is_kept, *place)) {
            if let Some(slot) = places.get_mut(place) {
                *slot = ItemId(u32::try_from(set.items.len()).unwrap_or(u32::MAX));
            }
            let mut item = item.clone();
            if let RuleItem::Correlation(correlation) = &mut item {
                correlation.move_references(&|id| places.get(id.0 as usize).copied().unwrap_or(id));
            }
            set.items.push(item);
            set.outputs.push(at(&self.outputs, place) && at(is_wanted, place));
            set.is_referenced.push(false);
        }
        for item in &set.items {
            if let RuleItem::Correlation(correlation) = item {
                for id in correlation.reads() {
                    if let Some(slot) = set.is_referenced.get_mut(id.0 as usize) {
                        *slot = true;
                    }
                }
            }
        }
        set
    }
}

impl RuleItem {
    /// Whether it selects on detections (`product: sigyn`, `service: detection`) and not on events.
    pub fn is_on_detections(&self) -> bool {
        let is = |part: &Option<String>, text| part.as_deref() == Some(text);
        match self {
            RuleItem::Rule(rule) => {
                is(&rule.logsource.product, "sigyn") && is(&rule.logsource.service, "detection")
            }
            RuleItem::Correlation(_) => false,
        }
    }
}

impl Correlation {
    /// The rules that it reads.
    pub fn reads(&self) -> impl Iterator<Item = ItemId> {
        self.rules.iter().map(|rule| rule.target)
    }

    /// Gives every reference another place.
    fn move_references(&mut self, to: &dyn Fn(ItemId) -> ItemId) {
        let aliases = self.aliases.iter_mut().flat_map(|alias| alias.fields.iter_mut().map(|(rule, _)| rule));
        self.rules.iter_mut().chain(aliases).for_each(|rule| rule.target = to(rule.target));
        if let CorrelationCondition::Extended { expr, .. } = &mut self.condition {
            expr.for_each_rule(&mut |rule| rule.target = to(rule.target));
        }
    }
}

impl CorrelationExpr {
    fn for_each_rule(&mut self, visit: &mut dyn FnMut(&mut RuleRef)) {
        match self {
            CorrelationExpr::Or(args) | CorrelationExpr::And(args) => {
                args.iter_mut().for_each(|arg| arg.for_each_rule(visit));
            }
            CorrelationExpr::Not(arg) => arg.for_each_rule(visit),
            CorrelationExpr::Rule(rule) => visit(rule),
        }
    }
}
