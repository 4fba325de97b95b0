//! A rule as plain data, for templates.

use crate::{Data, LogSource, Meta, RuleItem};

impl RuleItem {
    /// The rule as templates see it: the attributes of the specification by their names, absent ones as null,
    /// custom attributes under `custom_attributes`.
    pub fn to_data(&self) -> Data {
        let mut pairs = self.meta().pairs();
        match self {
            RuleItem::Rule(rule) => {
                pairs.push(("logsource", rule.logsource.to_data()));
                pairs.push(("fields", Data::texts(rule.fields.iter().cloned())));
            }
            RuleItem::Correlation(correlation) => {
                pairs.push(("type", correlation.kind.as_str().into()));
                pairs.push(("timespan", correlation.timespan.text.as_str().into()));
                pairs.push(("group_by", Data::texts(correlation.group_by.iter().flatten().cloned())));
                pairs.push(("fields", Data::texts(correlation.fields.iter().cloned())));
            }
        }
        Data::map(pairs)
    }
}

impl LogSource {
    /// The log source as templates see it.
    pub fn to_data(&self) -> Data {
        let text = |value: &Option<String>| value.as_ref().map_or(Data::Null, |text| text.as_str().into());
        Data::map([
            ("category", text(&self.category)),
            ("product", text(&self.product)),
            ("service", text(&self.service)),
            ("definition", text(&self.definition)),
            ("custom_attributes", Data::Map(self.custom.clone())),
        ])
    }
}

impl Meta {
    fn pairs(&self) -> Vec<(&'static str, Data)> {
        let text = |value: Option<&str>| value.map_or(Data::Null, Data::from);
        let related = self.related.iter().map(|related| {
            Data::map([("id", related.id.as_str().into()), ("type", related.kind.as_str().into())])
        });
        vec![
            ("title", self.title.as_str().into()),
            ("id", text(self.id.as_deref())),
            ("name", text(self.name.as_deref())),
            ("related", Data::List(related.collect())),
            ("taxonomy", text(self.taxonomy.as_deref().or(Some("sigma")))),
            ("status", text(self.status.map(crate::Status::as_str))),
            ("description", text(self.description.as_deref())),
            ("license", text(self.license.as_deref())),
            ("author", text(self.author.as_deref())),
            ("references", Data::texts(self.references.iter().cloned())),
            ("date", text(self.date.as_deref())),
            ("modified", text(self.modified.as_deref())),
            ("tags", Data::texts(self.tags.iter().map(ToString::to_string))),
            ("level", text(self.level.map(crate::Level::as_str))),
            ("falsepositives", Data::texts(self.falsepositives.iter().cloned())),
            ("scope", Data::texts(self.scope.iter().cloned())),
            ("custom_attributes", Data::Map(self.custom.clone())),
        ]
    }
}
