//! The matching engine: every rule on every event.
//!
//! An [`Engine`] is compiled once from a rule set and is immutable; each thread matches with a [`Scratch`] of its
//! own. An event is looked up in a table of [log sources](LogSources) once; only rules that read one of its log
//! sources are tried, and of those only rules wake for which some literal that they need is in the event.
//!
//! # What it costs
//! Per event: one hash of each key, one pass over the values of fields in which a rule looks for text, a hash of
//! the others. Rules that nothing wakes cost nothing. No memory is allocated once the scratch is warm.
//!
//! # What it promises
//! What matches is what `reference/sigma.md` says, whatever the [`Config`] switches on or off, and whatever the
//! order of the rules. A rule that cannot be evaluated exactly is refused when the engine is built.
//!
//! ```
//! use sigyn_engine::{Config, Engine, LogSources};
//! use sigyn_event::EventBuf;
//! use sigyn_ir::RuleSet;
//!
//! let sources = LogSources::built_in()?;
//! let built = Engine::build(&RuleSet::default(), &sources, Config::standard());
//! let mut scratch = built.engine.scratch();
//! let (class, rules) = built.engine.run(EventBuf::new().event(""), &mut scratch);
//! assert!(class.is_none() && rules.is_empty());
//! # Ok::<(), sigyn_engine::TableError>(())
//! ```

mod any_of;
mod catalogue;
mod class;
mod columnar;
mod config;
mod derive;
mod engine;
mod explain;
mod fold;
mod form;
mod grams;
mod hash;
mod identity;
mod logsource;
mod matching;
mod ops;
mod outcomes;
mod pattern;
mod plan;
mod predicate;
mod program;
mod recall;
mod regexes;
mod scan;
mod scratch;
mod seen;
mod sieve;
mod spec;
mod table;
mod weigh;
mod witness;

pub use catalogue::Known;
pub use class::ClassId;
pub use columnar::{Alphabet, Asked, Compared, Decisive, Questions, Sequences, Spark};
pub use config::{Base64Case, Config, Routing, Switch};
pub use engine::{Built, Engine, Inert};
pub use explain::{Explanation, Prepared, Step};
pub use logsource::{LogSources, TableError};
pub use scratch::{Scratch, Stats};
pub use seen::{Blind, SeenFields};
