//! The words of a message: the usual ones, or a channel's own.
//!
//! A template is [Jinja](https://docs.rs/minijinja), with an end to how long it may run. Every value that it prints is
//! escaped for the channel, whatever filters the template puts on it, and what a value holds is never read as a template.

use minijinja::{Environment, UndefinedBehavior, context};
use serde::{Deserialize, Serialize};
use sigyn_event::Timestamp;

use crate::{Notice, Refusal};

/// Steps that a template may take.
const FUEL: u64 = 20_000;
/// Characters of a template at most, and of what it makes.
const TEMPLATE_CHARS_MAX: usize = 10_000;
const TEXT_CHARS_MAX: usize = 8_000;

/// A channel's own words; what is left out is as usual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Template {
    /// The headline: of a Slack message, of a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Everything below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// How values are escaped.
pub type Escape = fn(&str) -> String;

/// The text of a message with the usual words.
const USUAL_TEXT: &str = "\
{% if is_test %}This is a test. If you can read it, messages from Sigyn arrive here.
{% else %}{{ count }} {% if count == 1 %}signal{% else %}signals{% endif %}\
{% if total > count %} ({{ total }} with those told before){% endif %}, {{ first }}{% if last != first %} to {{ last }}{% endif %}
{% for entity in entities %}{{ entity.kind }}: {{ entity.value }}
{% endfor %}{% for signal in signals %}
{{ signal.time }} [{{ signal.level }}] {{ signal.title }}
  {{ signal.why }}
{% if signal.link %}  {{ signal.link }}
{% endif %}{% endfor %}{% if count > signals|length %}
and {{ count - signals|length }} more
{% endif %}
Alert rule: {{ alert_rule }}
{% endif %}";

impl Template {
    /// Whether it changes nothing.
    pub fn is_usual(&self) -> bool {
        self.title.is_none() && self.text.is_none()
    }

    /// Says what is wrong with it, by trying it out.
    ///
    /// # Errors
    /// What is wrong, with the line.
    pub fn check(&self) -> Result<(), Refusal> {
        for template in [&self.title, &self.text].into_iter().flatten() {
            if template.chars().count() > TEMPLATE_CHARS_MAX {
                return Err(format!("a template has at most {TEMPLATE_CHARS_MAX} characters"));
            }
        }
        let mut example = Notice::test("example", 0);
        example.signals.push(crate::notice::Line::default());
        example.entities.push(("host".to_owned(), "web1".to_owned()));
        self.title(&example, None, str::to_owned)?;
        self.text(&example, None, str::to_owned).map(drop)
    }

    /// The headline, on one line.
    ///
    /// # Errors
    /// What is wrong with the template.
    pub fn title(&self, notice: &Notice, page: Option<&str>, escape: Escape) -> Result<String, Refusal> {
        match &self.title {
            Some(template) => Ok(crate::text::line(render(template, notice, page, escape)?.trim(), 300)),
            None => Ok(escape(&notice.headline())),
        }
    }

    /// The text below it.
    ///
    /// # Errors
    /// As [`title`](Self::title).
    pub fn text(&self, notice: &Notice, page: Option<&str>, escape: Escape) -> Result<String, Refusal> {
        render(self.text.as_deref().unwrap_or(USUAL_TEXT), notice, page, escape)
    }
}

/// The address of a signal's page, below that of Sigyn's.
pub fn link(page: Option<&str>, id: &str) -> Option<String> {
    page.map(|page| format!("{}/signals/{id}", page.trim_end_matches('/')))
}

/// A moment as people read it: seconds are exact enough.
pub(crate) fn moment(nanos: i64) -> String {
    Timestamp(nanos.div_euclid(crate::SECOND) * crate::SECOND).to_string()
}

/// A link in a template's values: it is Sigyn's own and not escaped as what comes from logs is.
#[derive(Debug)]
struct Own(String);

impl minijinja::value::Object for Own {
    fn repr(self: &std::sync::Arc<Self>) -> minijinja::value::ObjectRepr {
        minijinja::value::ObjectRepr::Plain
    }

    fn render(self: &std::sync::Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn render(template: &str, notice: &Notice, page: Option<&str>, escape: Escape) -> Result<String, Refusal> {
    let mut environment = Environment::empty();
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("join", minijinja::filters::join);
    environment.set_formatter(move |out, _, value| {
        let text = value.to_string();
        let is_own = value.downcast_object_ref::<Own>().is_some();
        out.write_str(&if is_own { text } else { escape(&text) }).map_err(Into::into)
    });
    let own = |id: &str| {
        link(page, id).map_or(minijinja::Value::from(()), |link| minijinja::Value::from_object(Own(link)))
    };
    let signals: Vec<minijinja::Value> = notice
        .signals
        .iter()
        .map(|signal| {
            context! {
                id => signal.id.as_str(), rule => signal.rule.as_str(), title => signal.title.as_str(),
                 level => signal.level.name(),
                time => moment(signal.ts), why => signal.why.as_str(), link => own(&signal.id),
            }
        })
        .collect();
    let entities: Vec<minijinja::Value> =
        notice.entities.iter().map(|(kind, value)| context! { kind, value }).collect();
    let values = context! {
        is_test => notice.is_test, alert_rule => notice.alert_rule.as_str(), level => notice.level.name(), title => notice.title.as_str(),
        count => notice.count, total => notice.total, first => moment(notice.first), last => moment(notice.last),
        headline => notice.headline(), signals, entities,
    };
    let made = environment.render_named_str("template", template, values);
    let text = made.map_err(|error| format!("the template does not work: {error:#}"))?;
    Ok(match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::tests::subject;
    use crate::{Subject, text};

    fn notice(why: &str) -> Notice {
        let mut notice = Notice { alert_rule: "web".into(), ..Notice::default() };
        notice.add(&Subject { why: why.into(), ..subject() });
        notice
    }

    #[test]
    fn usual_words() {
        let template = Template::default();
        let text = template
            .text(&notice("see http://evil"), Some("https://sigyn.example/"), text::defanged)
            .unwrap();
        assert_eq!(
            text,
            "1 signal, 1970-01-01T00:16:40Z\naddress: 1.2.3.4\nhost: web1\n\n1970-01-01T00:16:40Z [high] SQL injection\n  \
             see http[:]//evil\n  https://sigyn.example/signals/00000000000000000000000000000001\n\nAlert rule: web\n"
        );
        let test = template.text(&Notice::test("c", 0), None, text::defanged).unwrap();
        assert!(test.starts_with("This is a test."), "{test}");
    }

    #[test]
    fn values_are_escaped_and_never_templates() {
        let check = |template: &str, why: &str, expect: &str| {
            let own = Template { title: None, text: Some(template.into()) };
            let got = own.text(&notice(why), None, text::slack).unwrap();
            assert_eq!(got, expect, "{template}");
        };
        check("*{{ signals[0].why }}*", "<!channel> {{ title }}", "*&lt;!channel&gt; {{ title }}*");
        check("{{ signals[0].why|upper }}", "<a>", "&lt;A&gt;");
        check("{% for s in signals %}{{ s.title }};{% endfor %}", "", "SQL injection;");
    }

    #[test]
    fn templates_that_do_not_work_are_told() {
        let check = |text: &str, expect: &str| {
            let said = Template { title: None, text: Some(text.into()) }.check().unwrap_err();
            assert!(said.contains(expect), "{text}: {said}");
        };
        check("{{ nothing }}", "undefined");
        check("{% for", "does not work");
        check("{{ title|safe }}", "safe");
        check("{% include 'x' %}", "does not work");
        check("{% for a in range(100000) %}x{% endfor %}", "does not work");
        check(&"{% for a in signals %}".repeat(100), "does not work");
    }
}
