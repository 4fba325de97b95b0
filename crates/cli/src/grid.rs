//! Tables for people: columns that yield to the terminal's width, and where that is not enough, two lines per row.
//!
//! Lists for people and programs alike are in [`table`](crate::table).

use crate::screen::{Color, Screen, Tint, columns, cut, cut_front, wrap};

/// Columns between two cells.
const GAP: usize = 2;
/// What a row's second line begins with.
const INDENT: usize = 4;
/// Columns of a time to the minute.
pub(crate) const MINUTE: usize = 16;
/// Names in a cell where there is room for all.
const NAMES_SHOWN: usize = 2;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// How narrow it may become; as wide as its widest cell if it may not.
    pub(crate) least: Option<usize>,
    /// Which line a row has it on where one line is not enough.
    pub(crate) line: Line,
}

/// A line of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    First,
    Second,
}

/// A cell.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// Text that is wrapped at its spaces.
    Text(String),
    /// Text that is kept whole, with its tint.
    Word(String, Tint),
    /// A time to the second; its seconds go where there is no room for them.
    Time(String),
    /// A number, right-aligned.
    Number(String),
    /// Text whose end tells more than its front.
    Path(String),
    /// Names, as many as there is room for; the others are counted.
    Names(Vec<String>),
}

/// Whether rows fit the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Into its width.
    Screen,
    /// One line per row and nothing shortened.
    Nothing,
}

/// Rows of cells, one per column.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Grid {
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table with its header, as text.
    pub(crate) fn render(&self, screen: Screen, fit: Fit) -> String {
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let natural: Vec<usize> = all.iter().map(|at| self.natural(*at, fit)).collect();
        let width = screen.width.filter(|_| fit == Fit::Screen);
        if let Some(widths) = self.fitted(&all, &natural, width) {
            return self.lines(screen.color, fit, &[(0, all, widths)]);
        }
        let of = |line: Line| all.iter().copied().filter(|at| self.columns[*at].line == line).collect();
        let (first, second): (Vec<usize>, Vec<usize>) = (of(Line::First), of(Line::Second));
        let room = width.unwrap_or(usize::MAX);
        let first_widths = self.squeezed(&first, &natural, room);
        let second_widths = self.squeezed(&second, &natural, room.saturating_sub(INDENT));
        self.lines(screen.color, fit, &[(0, first, first_widths), (INDENT, second, second_widths)])
    }

    /// The widths of columns if they fit.
    fn fitted(&self, at: &[usize], natural: &[usize], room: Option<usize>) -> Option<Vec<usize>> {
        let Some(room) = room else { return Some(natural.to_vec()) };
        let widths = self.squeezed(at, natural, room);
        (total(&widths) <= room).then_some(widths)
    }

    /// The widths of columns. Those of the second line yield before those of the first, of each the widest first.
    fn squeezed(&self, at: &[usize], natural: &[usize], room: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = at.iter().map(|at| natural[*at]).collect();
        for line in [Line::Second, Line::First] {
            let may_yield = |place: usize, width: usize| {
                let column = self.columns[at[place]];
                column.line == line && column.least.is_some_and(|least| least < width)
            };
            while total(&widths) > room {
                let yielding = (0..widths.len()).filter(|place| may_yield(*place, widths[*place]));
                let Some(widest) = yielding.max_by_key(|place| widths[*place]) else { break };
                widths[widest] -= 1;
            }
        }
        widths
    }

    /// The width of a column's widest cell, titles included.
    fn natural(&self, at: usize, fit: Fit) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(at));
        let widest = cells.map(|cell| columns(&cell.whole(fit))).max().unwrap_or(0);
        widest.max(columns(self.columns[at].title))
    }

    fn lines(&self, color: Color, fit: Fit, lines: &[(usize, Vec<usize>, Vec<usize>)]) -> String {
        let mut out = String::new();
        for (indent, at, widths) in lines {
            let titles: Vec<Laid> = at
                .iter()
                .zip(widths)
                .map(|(at, width)| {
                    let is_number = self.rows.iter().any(|row| matches!(row.get(*at), Some(Cell::Number(_))));
                    let parts = vec![cut(self.columns[*at].title, *width)];
                    Laid { parts, is_right: is_number, tint: Tint::Bold }
                })
                .collect();
            write(&mut out, color, *indent, &titles, widths);
        }
        for row in &self.rows {
            for (indent, at, widths) in lines {
                let cells: Vec<Laid> = at
                    .iter()
                    .zip(widths)
                    .filter_map(|(at, width)| Some(row.get(*at)?.laid(*width, fit, *indent > 0)))
                    .collect();
                write(&mut out, color, *indent, &cells, widths);
            }
        }
        out
    }
}

/// A cell in the width of its column.
struct Laid {
    parts: Vec<String>,
    is_right: bool,
    tint: Tint,
}

impl Cell {
    /// The cell where nothing is in its way.
    fn whole(&self, fit: Fit) -> String {
        match self {
            Cell::Text(text)
            | Cell::Word(text, _)
            | Cell::Number(text)
            | Cell::Path(text)
            | Cell::Time(text) => text.clone(),
            Cell::Names(names) if fit == Fit::Nothing => names.join(", "),
            Cell::Names(names) => shortened(names, NAMES_SHOWN),
        }
    }

    fn laid(&self, width: usize, fit: Fit, is_second: bool) -> Laid {
        let tint = if is_second { Tint::Dim } else { Tint::None };
        let whole = || self.whole(fit);
        let part = match self {
            Cell::Text(text) => return Laid { parts: wrap(text, width), is_right: false, tint },
            Cell::Word(_, own) => {
                let tint = if *own == Tint::None { tint } else { *own };
                return Laid { parts: vec![cut(&whole(), width)], is_right: false, tint };
            }
            Cell::Number(_) => return Laid { parts: vec![whole()], is_right: true, tint },
            Cell::Path(text) => cut_front(text, width),
            Cell::Time(text) if columns(text) > width => text.get(..MINUTE).unwrap_or(text).to_owned(),
            Cell::Time(text) => text.clone(),
            Cell::Names(_) if columns(&whole()) <= width => whole(),
            Cell::Names(names) => {
                let rest = if names.len() > 1 { format!(" +{}", names.len() - 1) } else { String::new() };
                let first = names.first().map_or("", String::as_str);
                format!("{}{rest}", cut(first, width.saturating_sub(columns(&rest))))
            }
        };
        Laid { parts: vec![part], is_right: false, tint }
    }
}

/// The first names, and how many others there are.
fn shortened(names: &[String], shown: usize) -> String {
    let first = names[..shown.min(names.len())].join(", ");
    let rest = names.len().saturating_sub(shown);
    if rest > 0 { format!("{first} +{rest}") } else { first }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Writes cells side by side, as many lines as the tallest needs; nothing for cells that are all empty.
fn write(out: &mut String, color: Color, indent: usize, cells: &[Laid], widths: &[usize]) {
    let height = cells.iter().map(|cell| cell.parts.len()).max().unwrap_or(0);
    for at in 0..height {
        let mut line = " ".repeat(indent);
        let mut owed = 0;
        for (cell, width) in cells.iter().zip(widths) {
            let part = cell.parts.get(at).map_or("", String::as_str);
            let room = width.saturating_sub(columns(part));
            if part.is_empty() {
                owed += width + GAP;
                continue;
            }
            // Spaces are owed until something follows, so that no line ends in them.
            line.push_str(&" ".repeat(owed + if cell.is_right { room } else { 0 }));
            line.push_str(&color.paint(cell.tint, part));
            owed = GAP + if cell.is_right { 0 } else { room };
        }
        if line.trim_start().is_empty() {
            continue;
        }
        out.push_str(&line);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: Option<usize>, fit: Fit, expect: &str) {
        let mut grid = Grid::new(&[
            Column { title: "LEVEL", least: None, line: Line::First },
            Column { title: "EVENTS", least: None, line: Line::First },
            Column { title: "RULE", least: Some(10), line: Line::First },
            Column { title: "HOSTS", least: Some(8), line: Line::Second },
        ]);
        let names = |names: &[&str]| Cell::Names(names.iter().map(|name| (*name).to_owned()).collect());
        let row = |level: &str, events: &str, rule: &str, hosts: Cell| {
            [
                Cell::Word(level.to_owned(), Tint::High),
                Cell::Number(events.to_owned()),
                Cell::Text(rule.to_owned()),
                hosts,
            ]
        };
        grid.row(row("high", "1,204", "Word Starts A Shell", names(&["pc-1", "pc-2", "pc-3", "pc-4"])));
        grid.row(row("low", "7", "日本語のルール", names(&["server-with-a-long-name"])));
        grid.row(row("low", "1", "B", names(&[])));
        assert_eq!(grid.render(Screen { width, color: Color::Plain }, fit), expect);
    }

    #[test]
    fn without_a_terminal_only_lists_are_shortened() {
        check(
            None,
            Fit::Screen,
            "LEVEL  EVENTS  RULE                 HOSTS\n\
             high    1,204  Word Starts A Shell  pc-1, pc-2 +2\n\
             low         7  日本語のルール       server-with-a-long-name\n\
             low         1  B\n",
        );
        check(
            Some(20),
            Fit::Nothing,
            "LEVEL  EVENTS  RULE                 HOSTS\n\
             high    1,204  Word Starts A Shell  pc-1, pc-2, pc-3, pc-4\n\
             low         7  日本語のルール       server-with-a-long-name\n\
             low         1  B\n",
        );
    }

    #[test]
    fn the_last_columns_yield_first_then_rows_take_two_lines() {
        check(
            Some(46),
            Fit::Screen,
            "LEVEL  EVENTS  RULE                 HOSTS\n\
             high    1,204  Word Starts A Shell  pc-1 +3\n\
             low         7  日本語のルール       server-wi…\n\
             low         1  B\n",
        );
        check(
            Some(40),
            Fit::Screen,
            "LEVEL  EVENTS  RULE             HOSTS\n\
             high    1,204  Word Starts A    pc-1 +3\n\
             \x20              Shell\n\
             low         7  日本語のルール   server-…\n\
             low         1  B\n",
        );
        check(
            Some(30),
            Fit::Screen,
            "LEVEL  EVENTS  RULE\n\
             \x20   HOSTS\n\
             high    1,204  Word Starts A\n\
             \x20              Shell\n\
             \x20   pc-1, pc-2 +2\n\
             low         7  日本語のルール\n\
             \x20   server-with-a-long-name\n\
             low         1  B\n",
        );
    }

    #[test]
    fn colours_do_not_move_columns() {
        let mut grid = Grid::new(&[
            Column { title: "A", least: None, line: Line::First },
            Column { title: "B", least: None, line: Line::First },
        ]);
        grid.row([Cell::Word("x".to_owned(), Tint::High), Cell::Text("y".to_owned())]);
        let text = grid.render(Screen { width: None, color: Color::Ansi }, Fit::Screen);
        assert_eq!(text, "\u{1b}[1mA\u{1b}[0m  \u{1b}[1mB\u{1b}[0m\n\u{1b}[1;31mx\u{1b}[0m  y\n");
    }
}
