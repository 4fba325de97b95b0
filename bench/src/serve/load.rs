//! What is sent: bulk bodies made once from recorded events, with as many matches as a load is to have.

use std::path::PathBuf;

use anyhow::{Context, Result};
use sigyn_engine::{Config, Engine, LogSources};

/// Events of a request, about a megabyte.
pub(super) const PER_REQUEST: usize = 1_000;

/// A way to choose among the recorded events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mix {
    /// One in a thousand matches a rule: many times what a network gives that is not under attack.
    Usual,
    /// As recorded: attacks, of which every fourth event matches.
    Attack,
}

/// Bodies that are sent again and again.
pub(super) struct Load {
    pub(super) bodies: Vec<Vec<u8>>,
    pub(super) events: usize,
    pub(super) bytes: usize,
    pub(super) matching: usize,
}

/// The recorded events, an object a line, each with whether a rule matches it.
pub(super) struct Recorded(Vec<(String, bool)>);

impl Recorded {
    pub(super) fn read(path: &std::path::Path, rules: &[PathBuf]) -> Result<Self> {
        let mut paths = Vec::new();
        rules.iter().try_for_each(|folder| crate::rules::collect(folder, &mut paths))?;
        paths.sort_unstable();
        let set = crate::rules::load(&paths)?;
        let engine = Engine::build(&set, &LogSources::built_in()?, Config::standard()).engine;
        let mut scratch = engine.scratch();
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let events = text.lines().map(|line| {
            let event = sigyn_testkit::json::event(line).ok();
            let is_match = event.is_some_and(|event| !engine.run(event.event(""), &mut scratch).1.is_empty());
            (line.to_owned(), is_match)
        });
        Ok(Self(events.collect()))
    }

    pub(super) fn load(&self, mix: Mix) -> Load {
        let mut load = Load { bodies: Vec::new(), events: 0, bytes: 0, matching: 0 };
        let (mut body, mut count) = (Vec::new(), 0);
        for (line, is_match) in &self.0 {
            if mix == Mix::Usual && *is_match && load.matching * 1_000 > load.events {
                continue;
            }
            load.matching += usize::from(*is_match);
            load.events += 1;
            load.bytes += line.len();
            body.extend_from_slice(b"{\"create\":{\"_index\":\"winlogbeat\"}}\n");
            body.extend_from_slice(line.as_bytes());
            body.push(b'\n');
            count += 1;
            if count == PER_REQUEST {
                load.bodies.push(std::mem::take(&mut body));
                count = 0;
            }
        }
        load.events -= count;
        load
    }
}
