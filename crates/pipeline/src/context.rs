//! What is known about the rule on its way through a pipeline.

use std::{collections::HashMap, fmt, sync::Arc};

use sigyn_ir::{Compat, Correlation, Detection, DetectionEntry, Rule, RuleSet, State};

use crate::{FieldMappings, Files, NoFiles};

/// What is known about one rule. [`crate::Pipeline::apply`] resets it, so one may be used for many rules.
#[derive(Clone)]
pub struct Context {
    /// Named values that items set for later items, templates and the backend.
    pub state: State,
    /// Fields of detection items with what they became.
    pub mappings: FieldMappings,
    /// Ids of the items that were applied, each once, in order.
    pub applied: Vec<Arc<str>>,
    /// The reading that applies.
    pub reading: Compat,
    pub(crate) files: Arc<dyn Files>,
    /// Fields of field lists, references and correlations with the items that mapped them.
    pub(crate) fields: HashMap<String, Vec<Arc<str>>>,
    /// Search identifiers that items added.
    pub(crate) added: Vec<String>,
    /// Ids that post-processing items would leave on the rule.
    pub(crate) post_marks: Vec<Arc<str>>,
}

impl Context {
    /// An empty context that refuses every file.
    pub fn new(reading: Compat) -> Self {
        Self::with_files(reading, Arc::new(NoFiles))
    }

    /// An empty context with access to files.
    pub fn with_files(reading: Compat, files: Arc<dyn Files>) -> Self {
        Self {
            state: State::default(),
            mappings: FieldMappings::default(),
            applied: Vec::new(),
            reading,
            files,
            fields: HashMap::new(),
            added: Vec::new(),
            post_marks: Vec::new(),
        }
    }

    /// Forgets the rule before.
    pub(crate) fn reset(&mut self) {
        *self = Self::with_files(self.reading, self.files.clone());
    }

    /// Fields of the rule's detection items that no mapping touched, each once, in order. Items that the
    /// pipeline itself added do not count. Ask this only if [`crate::Pipeline::maps_fields`].
    pub fn unmapped_fields(&self, rule: &Rule) -> Vec<String> {
        let mut fields = Vec::new();
        for (name, detection) in &rule.detections {
            if !self.added.contains(name) {
                self.collect_unmapped(detection, &mut fields);
            }
        }
        fields
    }

    pub(crate) fn collect_unmapped(&self, detection: &Detection, fields: &mut Vec<String>) {
        for entry in &detection.entries {
            match entry {
                DetectionEntry::Group(group) => self.collect_unmapped(group, fields),
                DetectionEntry::Item(item) => {
                    if let Some(field) = &item.field
                        && !self.mappings.knows(field)
                        && !fields.contains(field)
                    {
                        fields.push(field.clone());
                    }
                }
            }
        }
    }

    /// Notes that an item turned a field of a list into others.
    pub(crate) fn track(&mut self, field: &str, targets: &[String], id: Option<&Arc<str>>) {
        if targets.len() == 1 && targets[0] == field {
            return;
        }
        let mut ids = self.fields.remove(field).unwrap_or_default();
        if let Some(id) = id
            && !ids.contains(id)
        {
            ids.push(id.clone());
        }
        for target in targets {
            self.fields.insert(target.clone(), ids.clone());
        }
    }

    pub(crate) fn note_applied(&mut self, id: &Arc<str>) {
        if !self.applied.contains(id) {
            self.applied.push(id.clone());
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("state", &self.state)
            .field("mappings", &self.mappings)
            .field("applied", &self.applied)
            .finish_non_exhaustive()
    }
}

/// What a condition is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    Rule(&'a Rule),
    Correlation(&'a Correlation),
}

/// What a condition may look at besides its subject.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) cx: &'a Context,
    /// The rules that correlations refer to, if known.
    pub(crate) rules: Option<&'a RuleSet>,
}
