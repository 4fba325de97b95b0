//! Reads the tables of log sources, which are YAML for people, and writes them as JSON, which the program reads in a tenth of
//! the time at each start. A table that cannot be read ends the build, with its place.

#[path = "src/logsource/table.rs"]
#[allow(dead_code, reason = "what is read is only written again")]
mod table;

use std::error::Error;
use std::path::Path;

/// The tables, in the order in which their groups are asked.
const TABLES: &[&str] = &["windows", "unix", "web", "cloud", "network", "applications", "endpoint"];
const FOLDER: &str = "data/logsources";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    println!("cargo::rerun-if-changed=src/logsource/table.rs");
    let tables = TABLES.iter().map(|name| read(name)).collect::<Result<Vec<table::Table>, _>>()?;
    let out = std::env::var_os("OUT_DIR").ok_or("cargo names no folder for what is built")?;
    std::fs::write(Path::new(&out).join("logsources.json"), serde_json::to_string(&tables)?)?;
    Ok(())
}

fn read(name: &str) -> Result<table::Table, Box<dyn Error>> {
    let path = format!("{FOLDER}/{name}.yml");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    Ok(serde_saphyr::from_str(&text).map_err(|error| format!("{path}: {error}"))?)
}
