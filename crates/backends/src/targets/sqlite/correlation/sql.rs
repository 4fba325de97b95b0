//! Small expressions of SQLite.

/// The largest finite number; beyond it JSON has no number.
const FINITE_MAX: &str = "1.7976931348623157e308";

/// Pairs of one `json_object`: SQLite functions take at most 127 arguments.
const PAIRS_MAX: usize = 30;

/// A text literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name in quotes.
pub(super) fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A JSON object of names and expressions. Objects that get too long are patched together; a member that is
/// null is lost there, which reads back as null all the same.
pub(super) fn json_object(pairs: &[(String, String)]) -> String {
    let object = |pairs: &[(String, String)]| {
        let members: Vec<_> = pairs.iter().map(|(key, value)| format!("{}, {value}", literal(key))).collect();
        format!("json_object({})", members.join(", "))
    };
    let objects = pairs.chunks(PAIRS_MAX).map(object);
    objects.reduce(|all, more| format!("json_patch({all}, {more})")).unwrap_or_else(|| "'{}'".to_owned())
}

/// The expression as a finite number: numbers, and texts that are JSON numbers; everything else is null, where a
/// cast would make a zero of it.
pub(in super::super) fn numeric(expression: &str) -> String {
    let e = expression;
    format!(
        "CASE WHEN typeof({e}) = 'integer' THEN {e} \
         WHEN typeof({e}) = 'real' AND abs({e}) <= {FINITE_MAX} THEN {e} \
         WHEN typeof({e}) = 'text' THEN CASE WHEN json_valid(trim({e})) \
         THEN CASE WHEN json_type(trim({e})) IN ('integer', 'real') \
         AND abs(CAST({e} AS REAL)) <= {FINITE_MAX} \
         THEN CAST({e} AS REAL) END END END"
    )
}

/// The column's value if JSON can hold it.
pub(super) fn json_value(name: &str) -> String {
    let name = quote(name);
    format!("CASE WHEN typeof({name})='real' AND abs({name}) > {FINITE_MAX} THEN NULL ELSE {name} END")
}

/// Several values as one, null if one of them is.
pub(super) fn tuple(values: &[String]) -> String {
    match values {
        [] => "NULL".to_owned(),
        [value] => value.clone(),
        values => {
            let present: Vec<_> = values.iter().map(|value| format!("{value} IS NOT NULL")).collect();
            format!("CASE WHEN {} THEN json_array({}) END", present.join(" AND "), values.join(", "))
        }
    }
}

/// The expression with texts in lower case.
pub(super) fn folded(expression: &str) -> String {
    format!("CASE WHEN typeof({expression})='text' THEN lower({expression}) ELSE {expression} END")
}
