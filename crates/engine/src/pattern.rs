//! Strings with wildcards, ready to be matched.

use memchr::memmem::Finder;
use sigyn_ir::{Part, SigmaString};

use crate::fold::fold;

/// Whether case counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Case {
    Sensitive,
    Insensitive,
}

/// A string of a rule by its shape. Texts are folded if case does not count; none but that of `Exact` is empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pattern {
    /// Any text, also an empty one.
    Any,
    Exact(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    Contains(Box<str>),
    Glob(Glob),
}

/// Segments with `*` between them. The first begins where the text begins, the last ends where it ends; they are
/// empty where the pattern begins or ends with `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Glob {
    pub(crate) first: Segment,
    pub(crate) middle: Vec<Segment>,
    /// None if there is no `*`: then `first` is the whole text.
    pub(crate) last: Option<Segment>,
}

/// Texts and `?`.
pub(crate) type Segment = Vec<Piece>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Piece {
    Text(Box<str>),
    /// Exactly one character.
    One,
}

/// A placeholder that nothing gave a value.
pub(crate) struct Unresolved(pub(crate) String);

impl Pattern {
    pub(crate) fn new(string: &SigmaString, case: Case) -> Result<Self, Unresolved> {
        let mut segments: Vec<Segment> = vec![Vec::new()];
        for part in string.parts() {
            match part {
                Part::Many => segments.push(Vec::new()),
                Part::One => push(&mut segments, Piece::One),
                Part::Text(text) => {
                    let text = if case == Case::Insensitive { fold(text) } else { text.clone() };
                    push(&mut segments, Piece::Text(text.into()));
                }
                Part::Placeholder(name) => return Err(Unresolved(name.clone())),
            }
        }
        Ok(Self::of_segments(segments))
    }

    fn of_segments(mut segments: Vec<Segment>) -> Self {
        if segments.len() == 1 {
            return match segments.pop().unwrap_or_default().as_slice() {
                [] => Pattern::Exact("".into()),
                [Piece::Text(text)] => Pattern::Exact(text.clone()),
                pieces => Pattern::Glob(Glob { first: pieces.to_vec(), middle: Vec::new(), last: None }),
            };
        }
        let last = segments.pop().unwrap_or_default();
        let first = segments.remove(0);
        segments.retain(|segment| !segment.is_empty());
        match (first.as_slice(), segments.as_slice(), last.as_slice()) {
            ([], [], []) => Pattern::Any,
            ([Piece::Text(text)], [], []) => Pattern::Prefix(text.clone()),
            ([], [], [Piece::Text(text)]) => Pattern::Suffix(text.clone()),
            ([], [segment], []) if let [Piece::Text(text)] = segment.as_slice() => {
                Pattern::Contains(text.clone())
            }
            _ => Pattern::Glob(Glob { first, middle: segments, last: Some(last) }),
        }
    }

    /// Whether the text matches; it must be folded if the pattern is.
    pub(crate) fn matches(&self, finders: &[Option<Finder<'_>>], text: &str) -> bool {
        match self {
            Pattern::Any => true,
            Pattern::Exact(literal) => text == &**literal,
            Pattern::Prefix(literal) => text.starts_with(&**literal),
            Pattern::Suffix(literal) => text.ends_with(&**literal),
            Pattern::Contains(literal) => match finders {
                [Some(finder), ..] => finder.find(text.as_bytes()).is_some(),
                _ => text.contains(&**literal),
            },
            Pattern::Glob(glob) => glob.matches(finders, text),
        }
    }

    /// What [`matches`](Self::matches) wants: a finder for each text that can stand anywhere, none where a segment
    /// begins with any character.
    pub(crate) fn finders(&self) -> Box<[Option<Finder<'static>>]> {
        let finder = |text: &str| Finder::new(text).into_owned();
        match self {
            Pattern::Contains(literal) => Box::new([Some(finder(literal))]),
            Pattern::Glob(glob) => {
                let first = |segment: &Segment| match segment.as_slice() {
                    [Piece::Text(literal), ..] => Some(finder(literal)),
                    _ => None,
                };
                glob.middle.iter().map(first).collect()
            }
            _ => Box::default(),
        }
    }
}

fn push(segments: &mut [Segment], piece: Piece) {
    if let Some(segment) = segments.last_mut() {
        segment.push(piece);
    }
}

impl Glob {
    fn matches(&self, finders: &[Option<Finder<'_>>], text: &str) -> bool {
        let Some(mut rest) = strip_front(&self.first, text) else { return false };
        let Some(last) = &self.last else { return rest.is_empty() };
        let Some(before_last) = strip_back(last, rest) else { return false };
        rest = before_last;
        // The leftmost place of each segment leaves the most to the next.
        self.middle.iter().enumerate().all(|(at, segment)| {
            match find(segment, finders.get(at).and_then(Option::as_ref), rest) {
                Some(behind) => {
                    rest = behind;
                    true
                }
                None => false,
            }
        })
    }
}

fn strip_front<'t>(segment: &[Piece], text: &'t str) -> Option<&'t str> {
    segment.iter().try_fold(text, |rest, piece| match piece {
        Piece::Text(literal) => rest.strip_prefix(&**literal),
        Piece::One => {
            let mut chars = rest.chars();
            chars.next().map(|_| chars.as_str())
        }
    })
}

fn strip_back<'t>(segment: &[Piece], text: &'t str) -> Option<&'t str> {
    segment.iter().rev().try_fold(text, |rest, piece| match piece {
        Piece::Text(literal) => rest.strip_suffix(&**literal),
        Piece::One => {
            let mut chars = rest.chars();
            chars.next_back().map(|_| chars.as_str())
        }
    })
}

/// The text behind the leftmost place of a segment.
fn find<'t>(segment: &[Piece], finder: Option<&Finder<'_>>, text: &'t str) -> Option<&'t str> {
    if let ([Piece::Text(literal), rest @ ..], Some(finder)) = (segment, finder) {
        let mut from = 0;
        loop {
            let remaining = text.get(from..)?;
            let at = finder.find(remaining.as_bytes())?;
            let behind = remaining.get(at + literal.len()..)?;
            if let Some(behind) = strip_front(rest, behind) {
                return Some(behind);
            }
            from += at + remaining.get(at..)?.chars().next().map_or(1, char::len_utf8);
        }
    }
    let mut chars = text.chars();
    loop {
        if let Some(behind) = strip_front(segment, chars.as_str()) {
            return Some(behind);
        }
        chars.next()?;
    }
}
