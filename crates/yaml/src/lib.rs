//! YAML with places: a tree that knows for each node which bytes of the source it was read from.
//!
//! The text is kept, so an unedited tree prints as the very bytes it was read from, and an [`Edits`] changes
//! only what it names. Broken documents do not take their neighbours down: each [`Document`] carries its own
//! findings. This crate alone knows the parser behind it, and it decodes scalars without giving them a type:
//! which plain scalars are numbers is decided above.

mod build;
mod edit;
mod tree;

pub use build::{ALIAS_NODES_MAX, NESTING_MAX, parse};
pub use edit::{EditError, Edits};
pub use tree::{Document, Kind, Node, Pair, Scalar, Stream, Style, Tag};
