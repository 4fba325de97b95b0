//! The language server: what editors ask about rules while they are written.
//!
//! Two layers. Below, a [`Workspace`] holds documents, and pure functions answer for a document and an offset in bytes:
//! [`hover`](hover::hover), [`complete`](complete::complete), [`definition`](navigate::definition), [`rename`](rename::rename),
//! [`actions`](actions::actions), [`preview`](preview::preview). Above, [`serve`](server::serve) speaks the protocol over a
//! connection and turns offsets into positions. Files, the day and pipelines come from a [`Host`]; there are no threads and
//! no clock here but the connection's.
//!
//! Findings are those of `sigyn check` on the whole workspace, for the file at hand: only files that have a say in it are
//! read again (`Index::neighbours`), so that one file costs about as much as it would alone.

pub mod actions;
pub mod complete;
mod condition;
pub mod hover;
mod index;
mod knowledge;
mod modifiers;
pub mod navigate;
mod outline;
mod place;
pub mod preview;
pub mod rename;
pub mod server;
pub mod text;
pub mod uri;
mod words;
mod workspace;

pub use workspace::{Checked, FILES_MAX, Host, TEXT_BYTES_MAX, Workspace};
