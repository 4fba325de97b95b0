//! Tables of figures, as Markdown.

/// A table with its heading and what has to be said about it.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) notes: Vec<String>,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new(), notes: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The table with its columns aligned, so that it can be read as it is.
    pub(crate) fn markdown(&self) -> String {
        let header: Vec<String> = self.columns.iter().map(|column| (*column).to_owned()).collect();
        let lines: Vec<&Vec<String>> = std::iter::once(&header).chain(&self.rows).collect();
        let width = |at: usize| {
            lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(3)
        };
        let widths: Vec<usize> = (0..header.len()).map(|at| width(at).max(3)).collect();
        let mut out = format!("## {}\n\n", self.title);
        for (at, line) in lines.iter().enumerate() {
            for (at, (cell, width)) in line.iter().zip(&widths).enumerate() {
                let pad = " ".repeat(width - cell.chars().count());
                // The first column names the row, the others are figures.
                out.push_str(&if at == 0 { format!("| {cell}{pad} ") } else { format!("| {pad}{cell} ") });
            }
            out.push_str("|\n");
            if at == 0 {
                let rule = |(at, width): (usize, &usize)| {
                    if at == 0 { "-".repeat(*width) } else { format!("{}:", "-".repeat(width - 1)) }
                };
                let rules: Vec<String> = widths.iter().enumerate().map(rule).collect();
                out.push_str(&format!("| {} |\n", rules.join(" | ")));
            }
        }
        if !self.notes.is_empty() {
            out.push('\n');
            self.notes.iter().for_each(|note| out.push_str(&format!("- {note}\n")));
        }
        out
    }
}

/// A whole number with its thousands apart.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in MiB.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / 1024.0 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_markdown_that_can_be_read() {
        let mut table = Table::new("A", &["name", "figure"]);
        table.row(["x".to_owned(), grouped(1234.4)]);
        table.note("why");
        assert_eq!(
            table.markdown(),
            "## A\n\n| name | figure |\n| ---- | -----: |\n| x    |  1,234 |\n\n- why\n"
        );
    }
}
