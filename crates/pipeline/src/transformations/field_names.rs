//! Renaming fields: in detection items, in references of values, in field lists and in correlations.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{
    Compat, Correlation, CorrelationCondition, Detection, DetectionEntry, DetectionItem, FieldRef, Linking,
    Rule, Value,
};

use crate::{
    item::Run,
    walk::{self, Outcome},
};

/// What a field becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mapped {
    /// Another field.
    One(String),
    /// Several fields, one of which must match; none refuses the detection item.
    Many(Vec<String>),
}

impl Mapped {
    fn into_list(self) -> Vec<String> {
        match self {
            Mapped::One(field) => vec![field],
            Mapped::Many(fields) => fields,
        }
    }
}

/// A function from fields to fields; `None` leaves the field alone. Keywords have no field.
pub(crate) trait FieldNames {
    fn map(&self, field: Option<&str>) -> Option<Mapped>;
}

/// Renames the fields of a rule.
pub(crate) fn map_rule(names: &dyn FieldNames, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
    map_list(names, &mut rule.fields, run)?;
    walk::detection_items(rule, run, |item, run| map_item(names, item, run))
}

/// Renames the fields of a correlation: its field list, its groups and what they are called in each rule, and
/// the fields that it counts.
pub(crate) fn map_correlation(
    names: &dyn FieldNames,
    correlation: &mut Correlation,
    run: &mut Run<'_>,
) -> Result<(), Diagnostic> {
    map_list(names, &mut correlation.fields, run)?;
    if let Some(group_by) = &mut correlation.group_by {
        for (_, field) in correlation.aliases.iter_mut().flat_map(|alias| &mut alias.fields) {
            *field = map_to_one(names, field, "an alias", run)?;
        }
        let mut mapped = Vec::with_capacity(group_by.len());
        for field in group_by.drain(..) {
            if correlation.aliases.iter().any(|alias| alias.name == field) {
                mapped.push(field);
            } else {
                mapped.extend(map_field(names, &field, run)?);
            }
        }
        *group_by = mapped;
    }
    if let CorrelationCondition::Thresholds { fields, .. } = &mut correlation.condition {
        for field in fields {
            *field = map_to_one(names, field, "the condition", run)?;
        }
    }
    run.mark(&mut correlation.marks);
    Ok(())
}

fn map_list(names: &dyn FieldNames, fields: &mut Vec<String>, run: &mut Run<'_>) -> Result<(), Diagnostic> {
    let mut mapped = Vec::with_capacity(fields.len());
    for field in fields.drain(..) {
        mapped.extend(map_field(names, &field, run)?);
    }
    *fields = mapped;
    Ok(())
}

fn map_to_one(
    names: &dyn FieldNames,
    field: &str,
    place: &str,
    run: &mut Run<'_>,
) -> Result<String, Diagnostic> {
    let mut mapped = map_field(names, field, run)?;
    match (mapped.pop(), mapped.is_empty()) {
        (Some(field), true) => Ok(field),
        _ => {
            let message = format!("the field `{field}` in {place} of a correlation must become one field");
            Err(run.fail(&codes::TRANSFORMATION, message))
        }
    }
}

/// A field of a list or a reference, if the item's conditions on field names hold.
fn map_field(names: &dyn FieldNames, field: &str, run: &mut Run<'_>) -> Result<Vec<String>, Diagnostic> {
    match names.map(Some(field)) {
        Some(mapped) if run.wants_field(Some(field))? => {
            let targets = mapped.into_list();
            run.cx.track(field, &targets, run.item.gate.id.as_ref());
            Ok(targets)
        }
        _ => Ok(vec![field.to_owned()]),
    }
}

fn map_item(
    names: &dyn FieldNames,
    item: &mut DetectionItem,
    run: &mut Run<'_>,
) -> Result<Outcome, Diagnostic> {
    let has_reference = map_references(names, item, run)?;
    let field = item.field.clone();
    let mapped = names.map(field.as_deref());
    let is_wanted = mapped.is_some() && run.wants_field(field.as_deref())?;
    let Some(mapped) = mapped else {
        return Ok(if has_reference { Outcome::Changed } else { Outcome::Kept });
    };
    if !is_wanted && !has_reference {
        return Ok(Outcome::Kept);
    }
    run.cx.mappings.add(field.as_deref(), &mapped.clone().into_list());
    if !is_wanted {
        return Ok(Outcome::Changed);
    }
    if field.is_none() {
        // A keyword stands anywhere in the event: in a field it stands anywhere in the value.
        for value in &mut item.values {
            if let Value::Str(text) | Value::Cased(text) = value {
                *text = std::mem::take(text).contained();
            }
        }
    }
    match mapped {
        Mapped::One(field) => {
            item.field = Some(field);
            Ok(Outcome::Changed)
        }
        Mapped::Many(fields) if fields.is_empty() => {
            let field = field.unwrap_or_default();
            let message = format!("the field `{field}` is mapped to no field at all");
            Err(run.fail(&codes::TRANSFORMATION, message))
        }
        Mapped::Many(fields) => {
            Ok(Outcome::Replaced(DetectionEntry::Group(spread(item, fields, run.cx.reading))))
        }
    }
}

/// The item once for each field: one of them must match, and none if the item is negated.
fn spread(item: &DetectionItem, fields: Vec<String>, reading: Compat) -> Detection {
    let linking = match reading {
        Compat::Spec if item.is_negated => Linking::And,
        _ => Linking::Or,
    };
    let entries = fields
        .into_iter()
        .map(|field| {
            let copy = DetectionItem { field: Some(field), marks: Vec::new(), ..item.clone() };
            DetectionEntry::Item(copy)
        })
        .collect();
    Detection::new(entries, linking, item.span)
}

/// Renames fields that values refer to; whether there were any.
fn map_references(
    names: &dyn FieldNames,
    item: &mut DetectionItem,
    run: &mut Run<'_>,
) -> Result<bool, Diagnostic> {
    if !item.values.iter().any(|value| matches!(value, Value::FieldRef(_))) {
        return Ok(false);
    }
    let mut found = false;
    let mut values = Vec::with_capacity(item.values.len());
    for value in &item.values {
        match value {
            Value::FieldRef(other) if run.wants_field(Some(&other.field))? => {
                found = true;
                for field in map_field(names, &other.field, run)? {
                    values.push(Value::FieldRef(FieldRef { field, ..other.clone() }));
                }
            }
            other => values.push(other.clone()),
        }
    }
    if found {
        item.values = values;
    }
    Ok(found)
}

/// Implements [`crate::item::Transformation`] for a renaming.
macro_rules! renaming {
    ($type:ty) => {
        impl $crate::item::Transformation for $type {
            fn apply(
                &self,
                rule: &mut sigyn_ir::Rule,
                run: &mut $crate::item::Run<'_>,
            ) -> Result<(), sigyn_diagnostics::Diagnostic> {
                $crate::transformations::field_names::map_rule(self, rule, run)
            }

            fn apply_correlation(
                &self,
                correlation: &mut sigyn_ir::Correlation,
                run: &mut $crate::item::Run<'_>,
            ) -> Result<(), sigyn_diagnostics::Diagnostic> {
                $crate::transformations::field_names::map_correlation(self, correlation, run)
            }

            fn maps_fields(&self) -> bool {
                true
            }
        }
    };
}
pub(crate) use renaming;
