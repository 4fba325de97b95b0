//! Rules that name their fields by another taxonomy than Sigma's.
//!
//! Such a name may mean another field than the same name in Sigma (`reference/sigma.md` §1.3): the rule can be used only
//! where a pipeline says what each of its fields is.

use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_ir::RuleItem;
use sigyn_pipeline::{Context, Pipeline};

/// Fields that a message names at most.
const SHOWN_MAX: usize = 5;

/// Refuses what the pipeline did not bring into the names of the logs. The reference reads the attribute and forgets it.
pub(crate) fn check(item: &RuleItem, pipeline: &Pipeline, cx: &Context) -> Result<(), Diagnostic> {
    let meta = item.meta();
    if cx.reading.is_pysigma() || meta.has_sigma_taxonomy() {
        return Ok(());
    }
    let fields = match item {
        RuleItem::Rule(rule) => cx.unmapped_fields(rule),
        RuleItem::Correlation(_) if pipeline.maps_fields() => Vec::new(),
        RuleItem::Correlation(correlation) => correlation.group_by.clone().unwrap_or_default(),
    };
    if fields.is_empty() {
        return Ok(());
    }
    let more = if fields.len() > SHOWN_MAX { ", …" } else { "" };
    let shown = fields[..fields.len().min(SHOWN_MAX)].join(", ");
    let taxonomy = meta.taxonomy.as_deref().unwrap_or_default();
    let message = format!("the taxonomy is `{taxonomy}`, and no pipeline maps {shown}{more}");
    Err(Diagnostic::error(&codes::pipeline::FOREIGN_TAXONOMY, message).at(item.span()))
}
