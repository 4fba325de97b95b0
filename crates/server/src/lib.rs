//! The HTTP server: the API under `/api/v1`, the inputs for shippers, metrics and health, and the web page.
//!
//! It holds no domain logic: what it says comes from the [`Node`] and its catalog, and what it changes it changes there.
//!
//! - **One list of routes.** Each endpoint is a function with its description; the OpenAPI document
//!   (`docs/openapi.json`) is made from them ([`document`]).
//! - **What is described is enforced.** Who may call an endpoint stands in its description as scopes; the guard in front
//!   of all endpoints reads them from the document. One without a description is closed.
//! - **Errors** are problem documents (RFC 9457); what went wrong inside is logged, not told.
//! - Calls of the catalog block; they run on threads of their own, never on those that serve connections.

mod access;
mod api;
mod app;
mod body;
mod elastic;
mod page;
mod problem;
mod query;
mod serve;
mod shape;

pub use api::document;
pub use app::{App, Config, Setup, router};
pub use serve::Server;

#[cfg(doc)]
use sigyn_node::Node;
