//! Which techniques of MITRE ATT&CK a rule set tells of, and which it does not.
//!
//! A rule tells of a technique by its tags (`attack.t1059.001`). Each rule counts once for each technique that it names,
//! and for nothing else: a sub-technique is no rule for its parent, so that every number here can be found again by
//! counting tags. Whether a rule detects what its tags say is not asked.
//!
//! [`Coverage`] counts; [`gaps`] holds it against a list of techniques or other rules; [`layer`] and [`page`] show it in
//! ATT&CK Navigator and as one page; [`document`] is the form for programs.

mod catalogue;
mod count;
mod document;
mod gaps;
mod html;
mod layer;
mod technique;

pub use catalogue::Catalogue;
pub use count::{Coverage, Levels, RuleLine, SourceLine, TacticLine};
pub use document::document;
pub use gaps::{Gap, State, Wanted, gaps, source_gaps};
pub use html::page;
pub use layer::{Colours, layer};
pub use technique::TechniqueId;
