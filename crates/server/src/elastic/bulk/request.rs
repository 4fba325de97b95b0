//! Bodies of `_bulk`, taken apart: a line that says what to do, and a line with the document.
//!
//! Nothing is copied but what an escape asks for. Most bodies repeat one action line, which is read once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::api::source_name;
use crate::problem::{Answer, Problem};

/// The line before a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Index,
    Create,
    Update,
    Delete,
}

impl Action {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A document of a request.
#[derive(Clone, Debug)]
pub(super) struct Item<'b> {
    pub(super) action: Action,
    /// The place of its index in [`Request::indices`].
    pub(super) index: usize,
    pub(super) id: Option<Cow<'b, str>>,
    pub(super) document: &'b [u8],
    /// What is said of it.
    pub(super) status: u16,
    pub(super) error: Option<&'static str>,
}

/// Where documents go.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub(super) name: String,
    /// The source that they have.
    pub(super) source: String,
}

/// A body, taken apart.
#[derive(Debug, Default)]
pub(super) struct Request<'b> {
    pub(super) items: Vec<Item<'b>>,
    pub(super) indices: Vec<Index>,
    places: HashMap<String, usize>,
}

impl<'b> Request<'b> {
    /// A request with one document.
    pub(super) fn of(index: &str, id: Option<&'b str>, document: &'b [u8]) -> Answer<Self> {
        let mut request = Self::default();
        let index = request.place(index)?;
        let id = id.map(Cow::Borrowed);
        request.items.push(Item { action: Action::Index, index, id, document, status: 201, error: None });
        Ok(request)
    }

    /// Takes a body apart; `index` is that of documents which name none. Blank lines are tolerated, an action line that is
    /// none is not: what follows could be anything.
    pub(super) fn parse(bytes: &'b [u8], index: &str) -> Answer<Self> {
        let lines = memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]);
        let mut start = 0;
        let lines = lines.map(|end| {
            let line = bytes.get(start..end).unwrap_or_default().trim_ascii();
            start = end + 1;
            line
        });
        let mut lines = lines.enumerate().filter(|(_, line)| !line.is_empty());
        let mut request = Self::default();
        // The last action line and what it says.
        let mut last: Option<(&[u8], Action, usize)> = None;
        while let Some((number, line)) = lines.next() {
            let (action, place, id) = match last {
                Some((known, action, place)) if known == line => (action, place, None),
                _ => {
                    let told = read_action(line);
                    let (action, target) =
                        told.ok_or_else(|| Problem::invalid(format!("line {} is no action", number + 1)))?;
                    let place = request.place(target.index.as_ref().map_or(index, |text| &text.0))?;
                    if target.id.is_none() {
                        last = Some((line, action, place));
                    }
                    (action, place, target.id.map(|text| text.0))
                }
            };
            let document = match action {
                Action::Delete => b"",
                _ => lines.next().ok_or_else(|| Problem::invalid("the last action has no document"))?.1,
            };
            request.items.push(Item { action, index: place, id, document, status: 201, error: None });
        }
        if request.items.is_empty() {
            return Err(Problem::invalid("request body is required"));
        }
        Ok(request)
    }

    fn place(&mut self, name: &str) -> Answer<usize> {
        if let Some(place) = self.places.get(name) {
            return Ok(*place);
        }
        let place = self.indices.len();
        self.indices.push(Index { name: name.to_owned(), source: source_name("bulk", name)? });
        self.places.insert(name.to_owned(), place);
        Ok(place)
    }

    /// The index of an item.
    pub(super) fn index_of(&self, item: &Item<'_>) -> Answer<&Index> {
        self.indices.get(item.index).ok_or_else(Problem::internal)
    }
}

#[derive(serde::Deserialize)]
struct Line<'l> {
    #[serde(borrow)]
    index: Option<Target<'l>>,
    #[serde(borrow)]
    create: Option<Target<'l>>,
    #[serde(borrow)]
    update: Option<Target<'l>>,
    #[serde(borrow)]
    delete: Option<Target<'l>>,
}

/// What stands beside the name of an action; what else there is means nothing here.
#[derive(serde::Deserialize)]
struct Target<'l> {
    #[serde(borrow, rename = "_index")]
    index: Option<Text<'l>>,
    #[serde(borrow, rename = "_id")]
    id: Option<Text<'l>>,
}

/// A text, or a number that stands for one.
struct Text<'l>(Cow<'l, str>);

impl<'de: 'l, 'l> Deserialize<'de> for Text<'l> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

fn read_action(line: &[u8]) -> Option<(Action, Target<'_>)> {
    let line: Line<'_> = serde_json::from_slice(line).ok()?;
    None.or(line.index.map(|target| (Action::Index, target)))
        .or(line.create.map(|target| (Action::Create, target)))
        .or(line.update.map(|target| (Action::Update, target)))
        .or(line.delete.map(|target| (Action::Delete, target)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_as_clients_write_them() {
        let check = |body: &str, expect: &str| {
            let got = Request::parse(body.as_bytes(), "i").map_or_else(
                |problem| problem.words().to_owned(),
                |request| {
                    let told = request.items.iter().map(|item| {
                        let document = String::from_utf8_lossy(item.document);
                        let index = &request.index_of(item).unwrap().name;
                        format!("{} {index} {:?} {document}", item.action.name(), item.id.as_deref())
                    });
                    told.collect::<Vec<_>>().join("; ")
                },
            );
            assert_eq!(got, expect, "{body}");
        };
        check("{\"create\":{\"_index\":\"x\"}}\n{\"m\":0}\n", "create x None {\"m\":0}");
        check("{\"create\":{\"_index\":\"x\"}}\n{\"m\":0}", "create x None {\"m\":0}");
        // rsyslog ends with a blank line, and some write CRLF.
        check("{\"index\":{\"_index\": \"x\"}}\r\n{\"m\":0}\r\n\n", "index x None {\"m\":0}");
        check(
            "{\"index\":{\"_id\":\"1\"}}\n{}\n{\"delete\":{\"_id\":\"1\"}}\n",
            "index i Some(\"1\") {}; delete i Some(\"1\") ",
        );
        // The same action line says the same, and one with an id is its own.
        check("{\"index\":{}}\n1\n{\"index\":{}}\n2\n", "index i None 1; index i None 2");
        check(
            "{\"index\":{\"_id\":7}}\n1\n{\"index\":{\"_id\":7}}\n2\n",
            "index i Some(\"7\") 1; index i Some(\"7\") 2",
        );
        check("{\"index\":{\"_id\":\"\\u00e4\\\"\",\"_type\":\"_doc\"}}\n1\n", "index i Some(\"ä\\\"\") 1");
        check("{\"m\":0}\n", "line 1 is no action");
        check("{\"index\":{}}\n1\n\n{\"index\":{\"_id\":[]}}\n1\n", "line 4 is no action");
        check("{\"index\":{}}\n", "the last action has no document");
        check("\n", "request body is required");
        check("", "request body is required");
    }
}
