//! tstats searches over accelerated data models.

use sigyn_ir::{Data, LogSource, RuleItem};

use crate::{Cx, Error};

/// The data set that a log source lies in (Splunk's Common Information Model).
fn data_set(logsource: &LogSource) -> Option<&'static str> {
    let (category, product, service) =
        (logsource.category.as_deref(), logsource.product.as_deref(), logsource.service.as_deref());
    match (product, category, service) {
        (Some("windows" | "linux"), Some("process_creation"), _) => Some("Processes"),
        (
            Some("windows"),
            Some("registry_add" | "registry_delete" | "registry_event" | "registry_set"),
            _,
        ) => Some("Registry"),
        (Some("windows"), Some("file_event"), _) => Some("Filesystem"),
        (None, Some("proxy"), _) => Some("Proxy"),
        (None, Some("network"), Some("dns")) => Some("DNS"),
        _ => None,
    }
}

/// The search as a tstats command; commands that `where` cannot hold stand behind it.
pub(super) fn finalize(cx: &Cx<'_>, query: &str) -> Result<String, Error> {
    let RuleItem::Rule(rule) = cx.rule else {
        return Err(Error::feature("a correlation has no data model").as_reference("AttributeError"));
    };
    let model = match cx.state.get("data_model_set") {
        None => return Err(Error::feature("the pipeline names no data model (`data_model_set`)")),
        Some(data) => data.as_str().filter(|text| !text.is_empty()),
    };
    let Some(model) = model else {
        return Err(Error::feature("the pipeline names no data set in `data_model_set`"));
    };
    let set = match model.split('.').collect::<Vec<_>>().as_slice() {
        [_] => data_set(&rule.logsource).unwrap_or("None").to_owned(),
        [first, set] if !first.is_empty() && !set.is_empty() => (*set).to_owned(),
        _ => return Err(Error::feature(format!("`data_model_set` is `{model}`, not `data_model.data_set`"))),
    };
    let Some(fields) = cx.state.get("fields").and_then(Data::as_list) else {
        return Err(Error::feature("the pipeline names no fields for the data model (`fields`)"));
    };
    let fields: Vec<_> = fields.iter().filter_map(Data::as_str).collect();
    let (evaluated, search) = match query.split_once(super::SEARCH) {
        Some((evaluated, search)) => (Some(evaluated), search),
        None => (None, query),
    };
    let (condition, behind) = search.find("\n| ").map_or((search, ""), |at| search.split_at(at));
    let mut commands = format!("{}{behind}", evaluated.unwrap_or_default());
    if evaluated.is_some() {
        commands.push_str(super::SEARCH);
        commands.push_str(condition);
    }
    let text = format!(
        "| tstats summariesonly=false allow_old_summaries=true fillnull_value=\"null\" count min(_time) as firstTime \
         max(_time) as lastTime from datamodel={model} where {condition} by {}{commands}\n\
         | `drop_dm_object_name({set})`\n\
         | convert timeformat=\"%Y-%m-%dT%H:%M:%S\" ctime(firstTime)\n\
         | convert timeformat=\"%Y-%m-%dT%H:%M:%S\" ctime(lastTime)\n",
        fields.join(" ")
    );
    Ok(text.replace('\n', " "))
}
