//! Events: what readers fill and matching reads.
//!
//! An [`EventBuf`] is a tape: one flat list of nodes over the reader's input and an arena of its own. It is
//! filled again for each event and keeps its memory, so that reading and matching an event allocates nothing once
//! it is warm. [`Event`] is the view that everything above reads: fields by name or path, leaves, time.
//!
//! Missing, null and empty are three different things here. The crate knows no format and no rule.
//!
//! ```
//! use sigyn_event::{EventBuf, FieldPath, Value};
//!
//! let input = r#"Image=cmd.exe"#;
//! let mut buf = EventBuf::new();
//! buf.clear();
//! let key = buf.input_text(0, 5);
//! let value = buf.input_text(6, 7);
//! buf.begin_map(None);
//! buf.push_text(Some(key), value);
//! buf.end();
//! let event = buf.event(input);
//! let mut seen = Vec::new();
//! event.visit(&FieldPath::new("Image"), &mut |value| seen.push(value));
//! assert!(matches!(seen.as_slice(), [Value::Text("cmd.exe")]));
//! ```

mod buf;
mod json;
mod lookup;
mod number;
mod time;
mod value;
mod vocabulary;

pub use buf::{EventBuf, NodeId, Text, nodes_max};
pub use json::write_string;
pub use lookup::{FieldPath, Resolved};
pub use number::{integral, write_float, write_scalar};
pub use time::{DateTime, Timestamp};
pub use value::{Event, List, Map, Member, Value};
pub use vocabulary::{LayoutId, NameId, VocabularyId};
