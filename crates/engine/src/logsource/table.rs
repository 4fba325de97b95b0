//! The form of a table of log sources. `build.rs` has this file too, so it names nothing of this crate.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// Where events carry what identifies their source; the first that is there counts.
    #[serde(default)]
    pub(crate) identity: Identity,
    /// Other names of fields, by product.
    #[serde(default)]
    pub(crate) aliases: BTreeMap<String, Aliases>,
    pub(crate) groups: Vec<Group>,
}

/// The field that rules name, and the names under which events may have it instead, in order.
pub(crate) type Aliases = BTreeMap<String, Vec<String>>;

/// How the values of a field are made that events have only in other words.
pub(crate) type Values = BTreeMap<String, Vec<Derived>>;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Identity {
    pub(crate) channel: Vec<String>,
    pub(crate) provider: Vec<String>,
    pub(crate) event_id: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// What writes such events and what was looked up where, for people.
    pub(crate) about: Option<String>,
    /// One of these says that an event belongs here.
    pub(crate) when: Vec<When>,
    pub(crate) sources: Vec<Source>,
    #[serde(default)]
    pub(crate) aliases: Aliases,
    #[serde(default)]
    pub(crate) values: Values,
    #[serde(default)]
    pub(crate) events: Vec<Events>,
}

/// All that is given must hold; texts are compared without regard to case.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct When {
    pub(crate) channel: Vec<String>,
    pub(crate) provider: Vec<String>,
    pub(crate) origin: Vec<String>,
    /// Fields that must all be there.
    pub(crate) has: Vec<String>,
    /// Fields with the values that they may have.
    pub(crate) is: BTreeMap<String, Vec<String>>,
}

/// One log source that the events of a group have.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Source {
    pub(crate) product: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) service: Option<String>,
}

/// What event ids say.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Events {
    /// None: `is` says it all.
    #[serde(default)]
    pub(crate) ids: Vec<u64>,
    /// Only events that also have these values.
    #[serde(default)]
    pub(crate) is: BTreeMap<String, Vec<String>>,
    pub(crate) categories: Vec<String>,
    #[serde(default)]
    pub(crate) aliases: Aliases,
    #[serde(default)]
    pub(crate) values: Values,
    /// What may be the reason if no event has a field.
    #[serde(default)]
    pub(crate) hints: BTreeMap<String, String>,
}

/// How a further value of a field is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Derived {
    /// Fields of the event whose first values are joined, all of which must be there; none: each value of the
    /// field itself.
    pub(crate) from: Vec<String>,
    /// What stands between them; a backslash if left out.
    pub(crate) by: Option<String>,
    /// Only in events that have these values.
    pub(crate) is: BTreeMap<String, Vec<String>>,
    /// Not in events where one of these fields says something.
    pub(crate) unless: Vec<String>,
    /// What each text becomes, without regard to case; another text gives no value.
    pub(crate) map: BTreeMap<String, String>,
    /// In which form it is written; a text that has no such form gives no value.
    pub(crate) form: Option<Form>,
}

/// A way to write the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    /// `0x1a2c` as `6700`.
    Decimal,
    /// `\Device\HarddiskVolume3\Windows\x.exe` as `C:\Windows\x.exe`.
    DrivePath,
    /// `\REGISTRY\MACHINE\Software` as `HKLM\Software`.
    RegistryPath,
    /// `1` as `DWORD (0x00000001)`.
    Dword,
    /// `1` as `QWORD (0x00000000-0x00000001)`.
    Qword,
    /// A list of arguments as one command line.
    CommandLine,
    /// `%27+or` as `' or`.
    UrlDecoded,
    /// The same done twice, where that gives something else.
    UrlDecodedTwice,
}
