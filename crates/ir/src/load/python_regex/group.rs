//! What parentheses can hold: groups, look-around, conditionals, flags.

use super::{Before, Checked, Nesting, Parser, Width, error};

impl Parser {
    /// What follows `(`; `None` for comments and global flags.
    pub(super) fn group(&mut self, is_start: bool) -> Checked<Option<Before>> {
        if !self.take('?') {
            return self.capture(None).map(Some);
        }
        let Some(c) = self.next() else { return error("unexpected end of pattern") };
        match c {
            ':' | '>' => self.enclosed().map(|width| Some(Before::Item(width))),
            'P' => self.named(),
            '#' => {
                while let Some(c) = self.next() {
                    if c == ')' {
                        return Ok(None);
                    }
                }
                error("missing ), unterminated comment")
            }
            '=' | '!' => self.enclosed().map(|_| Some(Before::Item(Width::ZERO))),
            '<' => self.look_behind().map(Some),
            '(' => self.conditional().map(Some),
            _ if "aiLmsux-".contains(c) => self.flags(c, is_start),
            _ => error(format!("unknown extension ?{c}")),
        }
    }

    /// Alternatives and the closing parenthesis.
    fn enclosed(&mut self) -> Checked<Width> {
        let width = self.alternatives(Nesting::Group)?;
        if self.take(')') { Ok(width) } else { error("missing ), unterminated subpattern") }
    }

    fn capture(&mut self, name: Option<String>) -> Checked<Before> {
        let group = self.groups.len();
        if let Some(name) = name {
            if self.names.iter().any(|(other, _)| *other == name) {
                return error(format!("redefinition of group name '{name}'"));
            }
            self.names.push((name, group));
        }
        self.groups.push(None);
        let width = self.enclosed()?;
        self.groups[group] = Some(width);
        Ok(Before::Item(width))
    }

    fn until(&mut self, end: char) -> Checked<String> {
        let mut text = String::new();
        while let Some(c) = self.next() {
            if c == end {
                return if text.is_empty() { error("missing group name") } else { Ok(text) };
            }
            text.push(c);
        }
        error(format!("missing {end}, unterminated name"))
    }

    fn named(&mut self) -> Checked<Option<Before>> {
        match self.next() {
            Some('<') => {
                let name = self.until('>')?;
                if !is_identifier(&name) {
                    return error(format!("bad character in group name '{name}'"));
                }
                self.capture(Some(name)).map(Some)
            }
            Some('=') => {
                let name = self.until(')')?;
                let Some((_, group)) = self.names.iter().find(|(other, _)| *other == name) else {
                    return error(format!("unknown group name '{name}'"));
                };
                self.reference(*group).map(|width| Some(Before::Item(width)))
            }
            Some(c) => error(format!("unknown extension ?P{c}")),
            None => error("unexpected end of pattern"),
        }
    }

    fn look_behind(&mut self) -> Checked<Before> {
        match self.next() {
            Some('=' | '!') => {}
            Some(c) => return error(format!("unknown extension ?<{c}")),
            None => return error("unexpected end of pattern"),
        }
        let outer = self.look_behind_from;
        self.look_behind_from = outer.or(Some(self.groups.len()));
        let width = self.enclosed()?;
        self.look_behind_from = outer;
        if width.min != width.max {
            return error("look-behind requires fixed-width pattern");
        }
        Ok(Before::Item(Width::ZERO))
    }

    fn conditional(&mut self) -> Checked<Before> {
        let name = self.until(')')?;
        let group = match name.parse::<usize>() {
            Ok(0) => return error("bad group number"),
            Ok(group) if name.bytes().all(|byte| byte.is_ascii_digit()) => group,
            _ => match self.names.iter().find(|(other, _)| *other == name) {
                Some((_, group)) => *group,
                None => return error(format!("unknown group name '{name}'")),
            },
        };
        self.conditions.push(group);
        let mut width = self.sequence(Nesting::Group)?;
        let other = if self.take('|') { self.sequence(Nesting::Group)? } else { Width::ZERO };
        width = width.or(other);
        if self.peek() == Some('|') {
            return error("conditional backref with more than two branches");
        }
        if self.take(')') { Ok(Before::Item(width)) } else { error("missing ), unterminated subpattern") }
    }

    fn flags(&mut self, first: char, is_start: bool) -> Checked<Option<Before>> {
        let (mut on, mut off) = (String::new(), String::new());
        let mut c = first;
        while c != '-' {
            match c {
                'L' => return error("cannot use 'L' flag with a str pattern"),
                'a' | 'i' | 'm' | 's' | 'u' | 'x' => on.push(c),
                ':' | ')' => break,
                _ => return error("unknown flag"),
            }
            if on.contains('a') && on.contains('u') {
                return error("flags 'a', 'u' and 'L' are incompatible");
            }
            let Some(next) = self.next() else { return error("missing -, : or )") };
            c = next;
        }
        if c == ')' {
            return if is_start {
                Ok(None)
            } else {
                error("global flags not at the start of the expression")
            };
        }
        if c == '-' {
            loop {
                match self.next() {
                    Some(c @ ('i' | 'm' | 's' | 'x')) => off.push(c),
                    Some(':') if !off.is_empty() => break,
                    Some('a' | 'u' | 'L') => return error("cannot turn off flags 'a', 'u' and 'L'"),
                    _ => return error("missing flag or colon"),
                }
            }
        }
        if on.chars().any(|c| off.contains(c)) {
            return error("flag turned on and off");
        }
        let outer = self.is_verbose;
        self.is_verbose = (outer || on.contains('x')) && !off.contains('x');
        let width = self.enclosed()?;
        self.is_verbose = outer;
        Ok(Some(Before::Item(width)))
    }
}

fn is_identifier(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_numeric()) && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}
