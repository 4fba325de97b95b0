//! Hunting: rules over logs, once, from front to back.
//!
//! [`run()`] takes inputs and an engine and reports matches in the order of the inputs, whatever the number of
//! threads. [`Summary`] counts them; [`record`] and [`html`] write them down. The crate opens no file and asks no
//! clock: the caller hands in both.

mod detected;
mod found;
pub mod html;
mod idle;
pub mod record;
mod rules;
mod run;
mod summary;
mod tap;

pub use detected::{Detected, Origin, Piece};
pub use found::Hit;
pub use idle::{Cause, Idle, idle};
pub use rules::{Filter, RuleInfo};
pub use run::{Control, Events, Input, Open, Report, Settings, run, run_tapped};
pub use summary::{Count, Damage, Reads, Summary};
pub use tap::{NoTap, Tap, Tapped};
