//! The attributes that rules, correlations and filters share.

use std::borrow::Cow;

use sigyn_diagnostics::{Code, Diagnostic, Span, codes};

use crate::{Compat, Reading, Spanned, Value, scalar::is_day};

/// Longest title and name, in characters.
const TITLE_CHARS_MAX: usize = 256;
/// Longest description, in characters.
const DESCRIPTION_CHARS_MAX: usize = 65_535;

const STATUS: &[&str] = &["stable", "test", "experimental", "deprecated", "unsupported"];
const LEVEL: &[&str] = &["informational", "low", "medium", "high", "critical"];
const RELATED: &[&str] = &["derived", "obsolete", "merged", "renamed", "similar", "correlation"];

/// Keys that are no custom attributes.
const KNOWN: &[&str] = &[
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "license",
    "author",
    "references",
    "date",
    "modified",
    "tags",
    "level",
    "falsepositives",
    "fields",
    "scope",
    "logsource",
    "detection",
    "correlation",
    "filter",
    "action",
];

/// What a document says about itself, with places.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Attributes<'s> {
    pub title: Option<Spanned<Cow<'s, str>>>,
    /// A UUID in lower case with hyphens.
    pub id: Option<Spanned<String>>,
    pub name: Option<Spanned<Cow<'s, str>>>,
    pub related: Vec<Related>,
    pub taxonomy: Option<Spanned<Cow<'s, str>>>,
    /// A known status in lower case.
    pub status: Option<Spanned<String>>,
    pub description: Option<Spanned<Cow<'s, str>>>,
    pub license: Option<Spanned<Cow<'s, str>>>,
    pub author: Option<Spanned<Cow<'s, str>>>,
    pub references: Vec<Spanned<Cow<'s, str>>>,
    /// As `YYYY-MM-DD`.
    pub date: Option<Spanned<String>>,
    /// As `YYYY-MM-DD`.
    pub modified: Option<Spanned<String>>,
    /// Each with a dot in it.
    pub tags: Vec<Spanned<Cow<'s, str>>>,
    /// A known level in lower case.
    pub level: Option<Spanned<String>>,
    pub falsepositives: Vec<Spanned<Cow<'s, str>>>,
    pub fields: Vec<Spanned<Cow<'s, str>>>,
    pub scope: Vec<Spanned<Cow<'s, str>>>,
    /// Every other key.
    pub custom: Vec<(Cow<'s, str>, Value<'s>)>,
}

/// A relation to another rule.
#[derive(Clone, Debug)]
pub struct Related {
    /// UUID in lower case with hyphens.
    pub id: String,
    /// A known type in lower case.
    pub kind: String,
    /// Where it stands.
    pub span: Span,
}

impl<'s> Attributes<'s> {
    /// Reads the attributes of a document. Findings come in the order in which the reference checks.
    pub fn read(document: &Value<'s>, compat: Compat, findings: &mut Vec<Diagnostic>) -> Self {
        let mut reader = Reader { document, compat, findings };
        let mut it = Self { id: reader.id(), name: reader.name(), ..Self::default() };
        it.taxonomy = reader.text("taxonomy", &codes::rule::BAD_TAXONOMY);
        if it.taxonomy.as_ref().is_some_and(|taxonomy| taxonomy.value.is_empty()) {
            reader.error(&codes::rule::BAD_TAXONOMY, "the taxonomy is empty", document.span);
        }
        it.related = reader.related();
        it.level = reader.one_of("level", LEVEL, &codes::rule::BAD_LEVEL);
        it.status = reader.one_of("status", STATUS, &codes::rule::BAD_STATUS);
        it.tags = reader.tags();
        it.date = reader.date("date", &codes::rule::BAD_DATE);
        it.modified = reader.date("modified", &codes::rule::BAD_MODIFIED);
        it.fields = reader.texts("fields", &codes::rule::BAD_FIELDS);
        it.falsepositives = reader.texts("falsepositives", &codes::rule::BAD_FALSE_POSITIVES);
        it.author = reader.text("author", &codes::rule::BAD_AUTHOR);
        it.description = reader.text("description", &codes::rule::BAD_DESCRIPTION);
        reader.limit(it.description.as_ref(), DESCRIPTION_CHARS_MAX, &codes::rule::BAD_DESCRIPTION);
        it.references = reader.texts("references", &codes::rule::BAD_REFERENCES);
        it.title = reader.title();
        it.scope = reader.texts("scope", &codes::rule::BAD_SCOPE);
        it.license = reader.text("license", &codes::rule::BAD_LICENSE);
        it.custom = document
            .as_map()
            .unwrap_or_default()
            .iter()
            .filter_map(|(key, value)| Some((key.source_text()?.clone(), value)))
            .filter(|(key, _)| !KNOWN.contains(&key.as_ref()))
            // The reference has an attribute of this name itself, and drops what rules put there.
            .filter(|(key, _)| !(compat.is_pysigma() && key == "custom_attributes"))
            .map(|(key, value)| (key, value.clone()))
            .collect();
        it
    }
}

struct Reader<'a, 's> {
    document: &'a Value<'s>,
    compat: Compat,
    findings: &'a mut Vec<Diagnostic>,
}

impl<'s> Reader<'_, 's> {
    fn error(&mut self, code: &'static Code, message: impl Into<String>, span: Span) {
        self.findings.push(Diagnostic::error(code, message).at(span));
    }

    fn id(&mut self) -> Option<Spanned<String>> {
        let value = self.document.get_some("id")?;
        let Some(text) = value.as_text() else {
            self.error(&codes::rule::ID_NOT_TEXT, "the id is no text", value.span);
            return None;
        };
        let Some(uuid) = normal_uuid(text) else {
            self.error(&codes::rule::BAD_ID, format!("the id `{text}` is not a UUID"), value.span);
            return None;
        };
        Some(Spanned::new(uuid, value.span))
    }

    fn name(&mut self) -> Option<Spanned<Cow<'s, str>>> {
        let value = self.document.get_some("name")?;
        let Some(text) = value.as_text() else {
            self.error(&codes::rule::NAME_NOT_TEXT, "the name is no text", value.span);
            return None;
        };
        let problem = if text.is_empty() {
            Some("the name is empty")
        } else if self.compat.is_pysigma() {
            None
        } else if text.chars().count() > TITLE_CHARS_MAX {
            Some("the name is longer than 256 characters")
        } else if normal_uuid(text).is_some() {
            Some("the name reads as a UUID, so a reference to it would be taken for an id")
        } else {
            None
        };
        if let Some(problem) = problem {
            self.error(&codes::rule::BAD_NAME, problem, value.span);
        }
        Some(Spanned::new(text.clone(), value.span))
    }

    fn title(&mut self) -> Option<Spanned<Cow<'s, str>>> {
        let Some(value) = self.document.get_some("title") else {
            self.error(&codes::rule::MISSING_TITLE, "the document has no title", self.document.span);
            return None;
        };
        let text = self.text("title", &codes::rule::BAD_TITLE);
        self.limit(text.as_ref(), TITLE_CHARS_MAX, &codes::rule::BAD_TITLE);
        if !self.compat.is_pysigma() && text.as_ref().is_some_and(|text| text.value.trim().is_empty()) {
            self.error(&codes::rule::BAD_TITLE, "the title is empty", value.span);
        }
        text
    }

    fn limit(&mut self, text: Option<&Spanned<Cow<'s, str>>>, chars_max: usize, code: &'static Code) {
        // The reference has no limit for descriptions.
        if self.compat.is_pysigma() && chars_max == DESCRIPTION_CHARS_MAX {
            return;
        }
        if let Some(text) = text
            && text.value.len() > chars_max
            && text.value.chars().count() > chars_max
        {
            self.error(code, format!("the text is longer than {chars_max} characters"), text.span);
        }
    }

    fn text(&mut self, key: &str, code: &'static Code) -> Option<Spanned<Cow<'s, str>>> {
        let value = self.document.get_some(key)?;
        let Some(text) = value.as_text() else {
            self.error(code, format!("`{key}` is no text"), value.span);
            return None;
        };
        Some(Spanned::new(text.clone(), value.span))
    }

    /// A list; entries that are no text count with their source text.
    fn texts(&mut self, key: &str, code: &'static Code) -> Vec<Spanned<Cow<'s, str>>> {
        let Some(value) = self.document.get_some(key) else { return Vec::new() };
        let Some(items) = value.as_list() else {
            self.error(code, format!("`{key}` is no list"), value.span);
            return Vec::new();
        };
        items.iter().filter_map(|item| Some(Spanned::new(item.source_text()?.clone(), item.span))).collect()
    }

    fn one_of(&mut self, key: &str, known: &[&str], code: &'static Code) -> Option<Spanned<String>> {
        let text = self.text(key, code)?;
        let lower = text.value.to_lowercase();
        if known.contains(&lower.as_str()) {
            return Some(Spanned::new(lower, text.span));
        }
        self.error(code, format!("the {key} `{}` is unknown", text.value), text.span);
        None
    }

    fn tags(&mut self) -> Vec<Spanned<Cow<'s, str>>> {
        let Some(value) = self.document.get_some("tags") else { return Vec::new() };
        let Some(items) = value.as_list() else {
            self.error(&codes::rule::BAD_TAG, "the tags are no list", value.span);
            return Vec::new();
        };
        let mut tags = Vec::with_capacity(items.len());
        for item in items {
            match item.as_text() {
                None => self.error(&codes::rule::BAD_TAG, "a tag is no text", item.span),
                Some(tag) if !tag.contains('.') => {
                    let message = format!("the tag `{tag}` has no namespace");
                    self.error(&codes::rule::TAG_WITHOUT_NAMESPACE, message, item.span);
                }
                Some(tag) => tags.push(Spanned::new(tag.clone(), item.span)),
            }
        }
        tags
    }

    fn date(&mut self, key: &str, code: &'static Code) -> Option<Spanned<String>> {
        let value = self.document.get_some(key)?;
        let scalar = value.as_scalar();
        let date = match scalar {
            // A time stamp: its day counts.
            Some(scalar) if scalar.reading == Reading::Date => {
                let day = scalar.text.split(['T', 't', ' ', '\t']).next().unwrap_or_default();
                read_date(day, 1)
            }
            Some(scalar) => read_date(&scalar.text, 2),
            None => None,
        };
        if date.is_none() {
            let text = scalar.map(|scalar| scalar.text.clone()).unwrap_or_default();
            self.error(code, format!("`{text}` is no date of the form YYYY-MM-DD"), value.span);
        }
        Some(Spanned::new(date?, value.span))
    }

    fn related(&mut self) -> Vec<Related> {
        let Some(value) = self.document.get_some("related") else { return Vec::new() };
        let code = &codes::rule::BAD_RELATED;
        let Some(items) = value.as_list() else {
            self.error(code, "`related` is no list", value.span);
            return Vec::new();
        };
        let mut related = Vec::with_capacity(items.len());
        for item in items {
            match read_related(item) {
                Ok(entry) => related.push(entry),
                Err(message) => {
                    self.error(code, message, item.span);
                    // The reference stops at the first.
                    if self.compat.is_pysigma() {
                        break;
                    }
                }
            }
        }
        related
    }
}

fn read_related(item: &Value<'_>) -> Result<Related, String> {
    if item.as_map().is_none() {
        return Err("the entry is no map with `id` and `type`".to_owned());
    }
    let id = item.get("id").ok_or("the entry has no `id`")?;
    let kind = item.get("type").ok_or("the entry has no `type`")?;
    let id = id.as_text().and_then(|text| normal_uuid(text)).ok_or("the id is not a UUID")?;
    let kind = kind.as_text().ok_or("the type is no text")?.to_lowercase();
    if !RELATED.contains(&kind.as_str()) {
        return Err(format!("the type `{kind}` is unknown"));
    }
    Ok(Related { id, kind, span: item.span })
}

/// A UUID in lower case with hyphens, from any form that the reference takes: with braces, `urn:uuid:`, with or
/// without hyphens.
pub fn normal_uuid(text: &str) -> Option<String> {
    let hex = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    // The usual form first: it needs no other look.
    let bytes = text.as_bytes();
    let is_usual = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if is_usual {
        return Some(text.to_ascii_lowercase());
    }
    let digits = text.replace("urn:", "").replace("uuid:", "");
    let digits = digits.trim_matches(['{', '}']).replace('-', "").to_ascii_lowercase();
    hex(&digits).then(|| {
        let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        parts.join("-")
    })
}

/// A date as `YYYY-MM-DD`, from that or, with up to two digits for month and day, `YYYY/M/D`.
fn read_date(text: &str, hyphen_digits_min: usize) -> Option<String> {
    let (separator, digits_min) = if text.contains('-') { ('-', hyphen_digits_min) } else { ('/', 1) };
    let mut parts = text.split(separator);
    let mut part = |from: usize, to: usize| {
        let part = parts.next()?;
        let fits = (from..=to).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if fits { part.parse::<u32>().ok() } else { None }
    };
    let (year, month, day) = (part(4, 4)?, part(digits_min, 2)?, part(digits_min, 2)?);
    let in_range = (1000..4000).contains(&year) || hyphen_digits_min == 1;
    (parts.next().is_none() && in_range && is_day(year, month, day))
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
}
