//! Templates of dialects: text with `{name}` placeholders, `{{` and `}}` for braces.

use serde::{Deserialize, Deserializer, de};

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(String),
}

impl Template {
    /// Reads a template; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let (brace, behind) = rest[at..].split_at(1);
            if let Some(behind) = behind.strip_prefix(brace) {
                literal.push_str(brace);
                rest = behind;
                continue;
            }
            if brace == "}" {
                return Err(format!("`}}` without `{{` in `{text}`; write `}}}}` for a brace"));
            }
            let Some((name, behind)) = behind.split_once('}') else {
                return Err(format!("`{{` without `}}` in `{text}`; write `{{{{` for a brace"));
            };
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Name(name.to_owned()));
            rest = behind;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Self { pieces })
    }

    /// The names of the placeholders.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Whether a placeholder occurs: its value need not be made if not.
    pub fn uses(&self, name: &str) -> bool {
        self.names().any(|used| used == name)
    }

    /// Whether a placeholder stands between two of these texts.
    pub fn has_around(&self, name: &str, text: &str) -> bool {
        let is_text = |piece: Option<&Piece>, test: &dyn Fn(&str) -> bool| match piece {
            Some(Piece::Text(piece)) => test(piece),
            _ => false,
        };
        self.pieces.iter().enumerate().any(|(at, piece)| {
            *piece == Piece::Name(name.to_owned())
                && is_text(at.checked_sub(1).and_then(|before| self.pieces.get(before)), &|before| {
                    before.ends_with(text)
                })
                && is_text(self.pieces.get(at + 1), &|behind| behind.starts_with(text))
        })
    }

    /// Fills the placeholders in; one that is not given stays empty (dialects are checked when loaded).
    pub fn fill(&self, values: &[(&str, &str)]) -> String {
        self.fill_with(|name| {
            values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value).to_owned()
        })
    }

    /// Fills the placeholders in with what `value` gives.
    pub fn fill_with(&self, mut value: impl FnMut(&str) -> String) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Name(name) => out.push_str(&value(name)),
            }
        }
        out
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Template::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_and_refuses() {
        let template = Template::parse("{{x}} {field}={value}}}").expect("valid");
        assert_eq!(template.fill(&[("field", "a"), ("value", "b")]), "{x} a=b}");
        assert!(template.uses("value") && !template.uses("x"));
        assert!(Template::parse("{field").is_err());
        assert!(Template::parse("a}").is_err());
    }
}
