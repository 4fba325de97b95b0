//! Detection rules of Elastic Security: what they say besides the query.

use sigyn_ir::{Data, Level, Meta, Tag};

use super::threat::{self, Threat};
use crate::{Cx, Env, Options};

/// A form of detection rules.
pub(in crate::targets) struct SiemFormat {
    /// The language of the query.
    pub(in crate::targets) language: &'static str,
    /// The type of the rule (`query`, `eql`, `esql`).
    pub(in crate::targets) kind: &'static str,
    /// The type that Kibana's alerting interface knows the rule by.
    pub(in crate::targets) rule_type_id: &'static str,
    /// The keys of the document, in order.
    pub(in crate::targets) keys: &'static [&'static str],
    /// The keys of `params`, in order; empty where the document is flat.
    pub(in crate::targets) params: &'static [&'static str],
    /// The risk score of an informational rule.
    pub(in crate::targets) informational_risk: i64,
    /// The severity of an informational rule in the reference. Elastic Security knows only `low` to `critical`,
    /// so that by default it is `low`.
    pub(in crate::targets) informational_severity: &'static str,
}

/// The keys of `params` of a query in Kibana's alerting interface.
pub(in crate::targets) const PARAMS: &[&str] = &[
    "author",
    "description",
    "rule_id",
    "false_positives",
    "from",
    "immutable",
    "license",
    "output_index",
    "meta",
    "max_signals",
    "risk_score",
    "risk_score_mapping",
    "severity",
    "severity_mapping",
    "threat",
    "to",
    "references",
    "version",
    "exceptions_list",
    "related_integrations",
    "required_fields",
    "setup",
    "type",
    "language",
    "index",
    "query",
    "filters",
];

/// The keys of a query as Elastic Security imports it.
pub(in crate::targets) const KEYS_NDJSON: &[&str] = &[
    "id",
    "name",
    "enabled",
    "throttle",
    "interval",
    "author",
    "description",
    "rule_id",
    "false_positives",
    "from",
    "immutable",
    "license",
    "output_index",
    "meta",
    "max_signals",
    "risk_score",
    "risk_score_mapping",
    "severity",
    "severity_mapping",
    "threat",
    "tags",
    "to",
    "references",
    "version",
    "exceptions_list",
    "related_integrations",
    "required_fields",
    "setup",
    "type",
    "language",
    "index",
    "query",
    "filters",
    "actions",
];

/// What the target gives to a detection rule.
pub(in crate::targets) struct SiemQuery {
    /// The query.
    pub(in crate::targets) text: String,
    /// Its place among the queries of its rule.
    pub(in crate::targets) index: usize,
    /// The indices that it searches, where the form has them.
    pub(in crate::targets) indices: Data,
}

/// The indices that Elastic Security searches by default, unless the option `index_names` names others.
pub(in crate::targets) fn indices(env: &Env) -> Data {
    let default = [
        "apm-*-transaction*",
        "auditbeat-*",
        "endgame-*",
        "filebeat-*",
        "logs-*",
        "packetbeat-*",
        "traces-apm*",
        "winlogbeat-*",
        "-*elastic-cloud-logs-*",
    ];
    index_names(env, &default)
}

/// The option `index_names`, else a default. The reference writes a single name as it is, where a list is asked
/// for.
pub(in crate::targets) fn index_names(env: &Env, default: &[&str]) -> Data {
    match env.options.or("index_names", Data::texts(default.iter().copied())) {
        name @ Data::Text(_) if !env.is_reference() => Data::List(vec![name]),
        names => names,
    }
}

/// How often a detection rule runs, e.g. `5m`, from the options `schedule_interval` and `schedule_interval_unit`.
pub(in crate::targets) fn interval(options: &Options) -> String {
    let text = |data: Data| data.as_str().map_or_else(|| data.to_json(None), str::to_owned);
    let count = text(options.or("schedule_interval", 5));
    format!("{count}{}", text(options.or("schedule_interval_unit", "m")))
}

/// Tags as detection rules write them.
pub(in crate::targets) fn tags<'t>(tags: impl IntoIterator<Item = &'t Tag>) -> Data {
    Data::texts(tags.into_iter().map(|tag| format!("{}-{}", tag.namespace, tag.name)))
}

impl SiemFormat {
    /// The detection rule of a query.
    pub(in crate::targets) fn document(&self, cx: &Cx<'_>, query: SiemQuery) -> Data {
        let meta = cx.rule.meta();
        let threat = if cx.env.is_reference() {
            threat::reference(cx.env.attack(), &meta.tags, query.index)
        } else {
            threat::model(cx.env.attack(), &meta.tags)
        };
        let rule = SiemRule { format: self, cx, meta, threat, query };
        Data::map(self.keys.iter().filter_map(|key| rule.value(key).map(|value| (*key, value))))
    }

    /// Whether the tags are written before the threat model takes the ATT&CK tags away.
    fn tags_come_first(&self) -> bool {
        let place = |name: &str| self.keys.iter().position(|key| *key == name);
        place("tags") < place("threat").or_else(|| place("params"))
    }
}

/// A detection rule.
struct SiemRule<'r> {
    format: &'r SiemFormat,
    cx: &'r Cx<'r>,
    meta: &'r Meta,
    threat: Threat<'r>,
    query: SiemQuery,
}

impl SiemRule<'_> {
    /// The value of a key; none where the rule has nothing to say.
    fn value(&self, key: &str) -> Option<Data> {
        let empty = || Data::List(Vec::new());
        let text = |text: &Option<String>, default: &str| text.as_deref().unwrap_or(default).into();
        Some(match key {
            "name" => format!("SIGMA - {}", self.meta.title).into(),
            "id" => self.id()?.into(),
            "rule_id" => self.rule_id().into(),
            "consumer" => "siem".into(),
            "enabled" => true.into(),
            "throttle" if self.is_flat() => "no_actions".into(),
            "throttle" => Data::Null,
            "schedule" => Data::map(
                [("interval", interval(&self.cx.env.options))]
                    .map(|(key, interval)| (key, Data::Text(interval))),
            ),
            "interval" => interval(&self.cx.env.options).into(),
            "from" => format!("now-{}", interval(&self.cx.env.options)).into(),
            "params" => Data::map(
                self.format
                    .params
                    .iter()
                    .filter_map(|key| self.value(key).map(|value| (camel_case(key), value))),
            ),
            "author" => Data::texts(self.meta.author.iter().cloned()),
            "description" => text(&self.meta.description, "No description"),
            "false_positives" => Data::texts(self.meta.falsepositives.iter().cloned()),
            "references" => Data::texts(self.meta.references.iter().cloned()),
            "license" => self.license()?.into(),
            "immutable" => false.into(),
            "meta" => Data::map([("from", Data::from("1m"))]),
            "max_signals" => 100.into(),
            "risk_score" => self.risk_score().into(),
            "severity" => self.severity().into(),
            "threat" => Data::List(self.threat.entries.clone()),
            "tags" if self.is_tagged_in_full() => tags(&self.meta.tags),
            "tags" => tags(self.threat.other_tags.iter().copied()),
            "to" => "now".into(),
            "version" => 1.into(),
            "type" => self.format.kind.into(),
            "language" => self.format.language.into(),
            "rule_type_id" => self.format.rule_type_id.into(),
            "notify_when" => "onActiveAlert".into(),
            "index" => self.query.indices.clone(),
            "query" => self.query.text.as_str().into(),
            "note" | "setup" | "output_index" => "".into(),
            _ => empty(),
        })
    }

    fn is_flat(&self) -> bool {
        self.format.params.is_empty()
    }

    /// In the reference the first query's threat model takes tags away that the second writes.
    fn is_tagged_in_full(&self) -> bool {
        self.format.tags_come_first() && (self.query.index == 0 || !self.cx.env.is_reference())
    }

    /// The rule's id. The reference writes `None` for a rule without one.
    fn id(&self) -> Option<&str> {
        let none = self.cx.env.is_reference().then_some("None");
        self.meta.id.as_deref().or(none)
    }

    /// What tells the rule from others: its id, else its name or title.
    fn rule_id(&self) -> &str {
        self.id().or(self.meta.name.as_deref()).unwrap_or(&self.meta.title)
    }

    /// The rule's licence. The reference gives SigmaHQ's to rules that name none.
    fn license(&self) -> Option<&str> {
        let default = self.cx.env.is_reference().then_some("DRL");
        self.meta.license.as_deref().or(default)
    }

    fn risk_score(&self) -> i64 {
        match self.meta.level {
            Some(Level::Informational) => self.format.informational_risk,
            Some(Level::Low) | None => 21,
            Some(Level::Medium) => 47,
            Some(Level::High) => 73,
            Some(Level::Critical) => 99,
        }
    }

    fn severity(&self) -> &'static str {
        match self.meta.level {
            Some(Level::Informational) if self.cx.env.is_reference() => self.format.informational_severity,
            Some(Level::Informational) | None => "low",
            Some(level) => level.as_str(),
        }
    }
}

/// `risk_score` as `riskScore`.
fn camel_case(key: &str) -> String {
    let mut words = key.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut chars = word.chars();
        name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        name.push_str(chars.as_str());
    }
    name
}
