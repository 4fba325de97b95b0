//! Flat events with their log source written into them, for peers that read it from fields and cannot tell it.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use sigyn_engine::{Config, Engine, LogSources};
use sigyn_ir::LogSource;
use sigyn_readers::{Decoder, Reader, Step};

/// Writes the events of a file of flat objects with `product`, `service` and `category` in front.
pub(super) fn write(flat: &Path, rules: &Path, out: &mut dyn Write) -> Result<()> {
    let mut paths = Vec::new();
    crate::rules::collect(rules, &mut paths)?;
    paths.sort_unstable();
    let set = crate::rules::load(&paths)?;
    let engine = Engine::build(&set, &LogSources::built_in()?, Config::standard()).engine;
    let mut scratch = engine.scratch();
    let mut decoder = Decoder::new(None);
    let mut heads = Vec::new();
    for step in Reader::new(flat.to_string_lossy(), super::open(flat)?) {
        let Step::Batch(batch) = step else { continue };
        decoder.decode(&batch, &mut |_, event| {
            let class = engine.classify(event, &mut scratch);
            heads.push(class.map_or(String::new(), |class| head(engine.class_sources(class))));
            true
        });
    }
    let text = std::fs::read_to_string(flat)?;
    for (line, head) in text.lines().zip(heads) {
        writeln!(out, "{{{head}{}", line.strip_prefix('{').unwrap_or(line))?;
    }
    Ok(())
}

/// The attributes that an event's log sources have, as members of an object.
fn head(sources: &[LogSource]) -> String {
    let first = |of: fn(&LogSource) -> Option<&String>| sources.iter().find_map(of);
    let attributes = [
        ("product", first(|source| source.product.as_ref())),
        ("service", first(|source| source.service.as_ref())),
        ("category", first(|source| source.category.as_ref())),
    ];
    let members =
        attributes.iter().filter_map(|(name, value)| Some(format!("\"{name}\":\"{}\",", value.as_ref()?)));
    members.collect()
}
