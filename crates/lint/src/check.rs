//! What a check is.

use sigyn_diagnostics::{Code, Severity};

use crate::{Report, RuleContext, SetContext};

/// A check: what it finds, why that matters, and the function that finds it.
#[derive(Debug)]
pub struct Check {
    /// Number, name (of the defect), what is wrong, and what to do about it.
    pub code: Code,
    /// How bad a finding is, unless the configuration says otherwise.
    pub severity: Severity,
    /// The validator that sigma-cli users know it by; `None` if the check is ours.
    pub like: Option<Like>,
    /// One or two sentences: why it matters.
    pub why: &'static str,
    /// A piece of a rule that is flagged, and the same piece mended.
    pub example: Example,
    /// What can be configured, by the names that sigma-cli's configuration uses.
    pub options: &'static [OptionSpec],
    /// What finds it.
    pub run: Run,
}

/// The validator of sigma-cli that a check stands for.
#[derive(Clone, Copy, Debug)]
pub struct Like {
    /// Where the validator comes from.
    pub home: Home,
    /// Its name in validation configuration files.
    pub validator: &'static str,
    /// The class of the issue it raises; one validator may have several, each a check here.
    pub issue: &'static str,
}

/// Where a validator comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// pySigma itself.
    Core,
    /// The package with SigmaHQ's conventions.
    SigmaHq,
}

/// Pieces of rules: top-level keys that take the place of those of a sound rule.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The check fires.
    pub flagged: &'static str,
    /// The check is silent.
    pub clean: &'static str,
}

/// Something that can be configured.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is when nothing is configured.
    pub default: Default,
    /// What it means, in a sentence.
    pub summary: &'static str,
}

/// The value of an option that is not configured.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// A number.
    Int(i64),
    /// Texts.
    Texts(&'static [&'static str]),
}

/// The function of a check, by what it looks at.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// Each rule and correlation by itself.
    Rule(fn(&RuleContext<'_>, &mut Report<'_>)),
    /// All rules of a run together.
    Set(fn(&SetContext<'_>, &mut Report<'_>)),
}

impl Like {
    pub(crate) const fn core(validator: &'static str, issue: &'static str) -> Self {
        Self { home: Home::Core, validator, issue }
    }

    pub(crate) const fn sigmahq(validator: &'static str, issue: &'static str) -> Self {
        Self { home: Home::SigmaHq, validator, issue }
    }
}

impl Check {
    /// The class of sigma-cli's issue, if it has one.
    pub fn issue(&self) -> Option<&'static str> {
        self.like.map(|like| like.issue)
    }

    /// The name in sigma-cli's configuration files: the validator's, else the check's own.
    pub fn group(&self) -> &'static str {
        self.like.map_or(self.code.name, |like| like.validator)
    }
}
