//! Messages for Slack's incoming webhooks, and for what understands the same.

use serde_json::{Value, json};

use crate::template::{Template, link};
use crate::{Notice, Refusal, text};

/// Characters of a header and of a section, as Slack takes them.
const HEADER_CHARS_MAX: usize = 150;
const SECTION_CHARS_MAX: usize = 2_900;
/// The least time between two messages, in nanoseconds: Slack takes one a second.
pub const PACE: i64 = crate::SECOND;

/// The body of a message.
///
/// With the usual words it is plain text, in which Slack reads no markup at all. A channel's own words may use markup; what
/// they print of a signal is escaped. What a notification on a phone shows is markup as well, and so escaped.
///
/// # Errors
/// What is wrong with the template.
pub fn body(notice: &Notice, template: &Template, page: Option<&str>) -> Result<Value, Refusal> {
    let has_own_text = template.text.is_some();
    let title = template.title(notice, page, text::defanged)?;
    // The link is a button's here.
    let words = template.text(notice, None, if has_own_text { text::slack } else { text::defanged })?;
    let kind = if has_own_text { "mrkdwn" } else { "plain_text" };
    let mut said = json!({ "type": kind, "text": cut(words.trim(), SECTION_CHARS_MAX) });
    if has_own_text {
        said["verbatim"] = json!(true);
    } else {
        said["emoji"] = json!(false);
    }
    let mut blocks = vec![
        json!({ "type": "header", "text": { "type": "plain_text", "text": cut(&title, HEADER_CHARS_MAX), "emoji": false } }),
        json!({ "type": "section", "text": said }),
    ];
    let first = notice.signals.first().and_then(|signal| link(page, &signal.id));
    if let Some(url) = first {
        let text = json!({ "type": "plain_text", "text": "Open in Sigyn" });
        blocks
            .push(json!({ "type": "actions", "elements": [{ "type": "button", "text": text, "url": url }] }));
    }
    Ok(
        json!({ "text": text::slack(&notice.headline()), "blocks": blocks, "unfurl_links": false, "unfurl_media": false }),
    )
}

fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None if text.is_empty() => "—".to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;
    use crate::condition::tests::subject;

    /// What attackers write into logs.
    const HOSTILE: &[&str] = &[
        "<!channel>",
        "<!here|x>",
        "<@U123>",
        "<https://evil.example|click>",
        "https://evil.example",
        "&lt;!channel&gt;",
        "*bold* `code` ```\nx```",
        "\"}],\"text\":\"x",
        "{{ 7*7 }}{% raw %}",
        "\u{202e}gnp.exe",
    ];

    fn message(value: &str, template: &Template) -> Value {
        let mut notice = Notice { alert_rule: value.into(), ..Notice::default() };
        let entities = vec![("host".into(), value.into())];
        notice.add(&Subject { why: value.into(), title: value.into(), entities, ..subject() });
        body(&notice, template, Some("https://sigyn.example")).unwrap()
    }

    /// The message without its texts.
    fn shape(value: &Value) -> Value {
        match value {
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| {
                    (key.clone(), if key == "text" && value.is_string() { json!("") } else { shape(value) })
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Array(items) => items.iter().map(shape).collect(),
            other => other.clone(),
        }
    }

    #[test]
    fn no_value_mentions_links_or_changes_the_shape() {
        let own = Template {
            title: Some("{{ title }}".into()),
            text: Some("*{{ level }}* {{ signals[0].why }}".into()),
        };
        for template in [&Template::default(), &own] {
            let benign = shape(&message("plain", template));
            for hostile in HOSTILE {
                let made = message(hostile, template);
                assert_eq!(shape(&made), benign, "{hostile}");
                let marked = [made["text"].as_str().unwrap().to_owned(), {
                    let section = &made["blocks"][1]["text"];
                    let is_marked = section["type"] == "mrkdwn";
                    if is_marked { section["text"].as_str().unwrap().to_owned() } else { String::new() }
                }];
                assert!(!marked.iter().any(|text| text.contains(['<', '>'])), "{marked:?}");
                let all = made.to_string().replace("https://sigyn.example/signals/", "");
                assert!(!all.contains("://"), "{all}");
            }
        }
    }

    #[test]
    fn texts_are_as_long_as_slack_takes_them() {
        let made =
            message(&"x".repeat(5_000), &Template { title: None, text: Some("{{ title }}".repeat(100)) });
        assert!(made["blocks"][0]["text"]["text"].as_str().unwrap().chars().count() <= 151);
        assert!(made["blocks"][1]["text"]["text"].as_str().unwrap().chars().count() <= 2_901);
    }
}
