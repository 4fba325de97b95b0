//! From the intermediate representation to query text.
//!
//! A target is a [`Dialect`], which is data (tokens, quoting, precedence, templates), plus the few overrides
//! that its query language really needs ([`Target`]). Users add a target with a dialect file alone. What a
//! target cannot express exactly is refused with a code; nothing is approximated.
//!
//! Cost: one walk over the rule's expression, one string per node.

mod context;
pub mod dialect;
mod error;
mod normal;
mod query;
mod target;
pub mod targets;
mod template;
mod text;

pub use context::{Ancestry, Cx, Deferred, Env, Options};
pub use dialect::Dialect;
pub use error::Error;
pub use query::{Correlating, Frag, Output, Subquery};
pub use target::{CustomTarget, FragResult, Query, Target};
pub use template::Template;
