//! The identity of a diagnostic.

use std::fmt;

/// The range of numbers a code belongs to, which is also the room that reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// 1000–1999: text that is not the YAML we read.
    Yaml,
    /// 2000–2999: rules, correlations, filters and collections.
    Rule,
    /// 3000–3999: conditions.
    Condition,
    /// 4000–4999: processing pipelines.
    Pipeline,
    /// 5000–5999: backends and dialect files.
    Backend,
    /// 6000–6999: files, arguments and other input of a run.
    Input,
    /// 7000–7999: rules that the matching engine cannot evaluate or never tries.
    Engine,
    /// 8000–8999: what checks of rules find. Their codes stand with the checks, one file each.
    Lint,
}

/// One kind of finding. Numbers are never reused; the table is [`crate::codes::all`], and for checks of rules
/// the checks themselves.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// The number in the table, unique for ever.
    pub number: u16,
    /// The name in kebab case; it names the defect, never the cure.
    pub name: &'static str,
    /// One sentence: what is wrong.
    pub summary: &'static str,
    /// One or two sentences: what to do about it.
    pub help: &'static str,
}

impl Code {
    /// The group that the number falls in.
    pub fn group(&self) -> Group {
        match self.number {
            0..=1999 => Group::Yaml,
            2000..=2999 => Group::Rule,
            3000..=3999 => Group::Condition,
            4000..=4999 => Group::Pipeline,
            5000..=5999 => Group::Backend,
            6000..=6999 => Group::Input,
            7000..=7999 => Group::Engine,
            _ => Group::Lint,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S{:04}", self.number)
    }
}
