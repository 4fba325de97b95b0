//! Columns of comma-separated tables (RFC 4180, as Python's `csv` reads them).

use super::Column;

/// The values of a column.
pub(super) fn column(text: &str, column: &Column, has_header: bool) -> Result<Vec<String>, String> {
    let mut rows = rows(text).into_iter();
    let place = match column {
        Column::Place(place) => {
            if has_header {
                rows.next();
            }
            *place
        }
        Column::Name(name) => {
            let header = rows.next().unwrap_or_default();
            header
                .iter()
                .position(|known| known == name)
                .ok_or_else(|| format!("the source has no column `{name}`"))?
        }
    };
    Ok(rows.filter_map(|row| row.into_iter().nth(place)).collect())
}

/// Rows of cells; empty lines are none.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut is_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if cell.is_empty() => is_quoted = true,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                if !row.is_empty() || !cell.is_empty() {
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
            }
            c => cell.push(c),
        }
    }
    if !row.is_empty() || !cell.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read() {
        let text = "a,b\r\n1,\"x, \"\"y\"\"\"\n\n2,z";
        let check = |which, has_header, expected: Result<Vec<&str>, ()>| {
            let found = column(text, &which, has_header).map_err(|_| ());
            assert_eq!(found, expected.map(|texts| texts.into_iter().map(str::to_owned).collect()));
        };
        check(Column::Name("b".to_owned()), true, Ok(vec!["x, \"y\"", "z"]));
        check(Column::Place(0), false, Ok(vec!["a", "1", "2"]));
        check(Column::Place(7), true, Ok(vec![]));
        check(Column::Name("c".to_owned()), true, Err(()));
    }
}
