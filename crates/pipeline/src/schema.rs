//! Tables of targets and their fields, as data: one line for each table, read when first asked for.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

/// The tables of a target.
pub(crate) struct Schema {
    /// Its name.
    pub(crate) name: &'static str,
    text: &'static str,
    tables: OnceLock<Tables>,
}

/// Lines by table, and the fields that tables have unless their line says otherwise.
#[derive(Default)]
struct Tables {
    everywhere: &'static str,
    lines: HashMap<&'static str, &'static str>,
}

/// A table's fields.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'s> {
    everywhere: &'s str,
    line: &'s str,
}

static ALL: [Schema; 3] = [
    Schema::new("azure_monitor", include_str!("../schemas/azure_monitor.txt")),
    Schema::new("microsoft_xdr", include_str!("../schemas/microsoft_xdr.txt")),
    Schema::new("sentinel_asim", include_str!("../schemas/sentinel_asim.txt")),
];

/// A schema by its name.
pub(crate) fn find(name: &str) -> Option<&'static Schema> {
    ALL.iter().find(|schema| schema.name == name)
}

/// The names of all schemas.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|schema| schema.name)
}

impl Schema {
    const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text, tables: OnceLock::new() }
    }

    /// The fields of a table, if the schema has it.
    pub(crate) fn table(&self, name: &str) -> Option<Columns<'_>> {
        let tables = self.tables.get_or_init(|| read(self.text));
        tables.lines.get(name).map(|line| Columns { everywhere: tables.everywhere, line })
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.name).finish()
    }
}

fn read(text: &'static str) -> Tables {
    let mut tables = Tables::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((names, fields)) = line.split_once(':') else { continue };
        match names {
            "*" => tables.everywhere = fields,
            names => tables.lines.extend(names.split(' ').map(|name| (name, fields))),
        }
    }
    tables
}

impl Columns<'_> {
    /// Whether the table has a field.
    pub(crate) fn has(&self, field: &str) -> bool {
        let mut is_missing = false;
        for word in self.line.split_whitespace() {
            if word == field {
                return true;
            }
            is_missing |= word.strip_prefix('-') == Some(field);
        }
        !is_missing && self.everywhere.split_whitespace().any(|word| word == field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_their_fields_and_the_common_ones() {
        let has = |schema: &str, table: &str, field: &str| {
            find(schema).and_then(|schema| schema.table(table)).map(|columns| columns.has(field))
        };
        for (schema, table, field, expect) in [
            ("azure_monitor", "SecurityEvent", "NewProcessName", Some(true)),
            ("azure_monitor", "SecurityEvent", "TimeGenerated", Some(true)),
            ("azure_monitor", "SecurityEvent", "newprocessname", Some(false)),
            ("azure_monitor", "AKSAudit", "RequestUri", Some(true)),
            ("azure_monitor", "AKSAuditAdmin", "RequestUri", Some(true)),
            ("azure_monitor", "NoSuchTable", "Type", None),
            ("azure_monitor", "*", "Type", None),
            ("microsoft_xdr", "DeviceProcessEvents", "FolderPath", Some(true)),
            ("microsoft_xdr", "DeviceProcessEvents", "Type", Some(false)),
            ("sentinel_asim", "imRegistry", "RegistryKey", Some(true)),
            ("sentinel_asim", "imRegistry", "", Some(false)),
        ] {
            assert_eq!(has(schema, table, field), expect, "{schema} {table} {field}");
        }
    }
}
