//! What is asked of rows in which something wakes rules, and the answers: each once for a distinct value.

use std::collections::HashMap;
use std::sync::Arc;

use sigyn_engine::{Engine, Sequences};
use sigyn_store::lake::{ABSENT, Column, Values};

use super::forms::{Ask, Kind};
use super::layout::{Columns, Leaf, Part};
use super::numbers::{NOTHING, Numbers, QuickState, SINGLE, Sparks, write_scalar};

/// An answer that was not asked for yet.
const UNKNOWN: u32 = u32::MAX - 2;
/// Nothing is awake.
const ASLEEP: u32 = u32::MAX - 3;
/// Answers for columns with more values are kept only for values that were asked about.
pub(super) const DENSE_MAX: usize = 4_096;
/// Marks the numbers of values, so that they are no answers.
const VALUE: u32 = 1 << 30;

/// What is known of a kind of events, and of what wakes rules on them.
pub(super) struct Awake {
    pub(super) number: u32,
    pub(super) kind: Kind,
    /// Numbers of what its looks ask of values.
    pub(super) looks: Vec<u32>,
    /// By what wakes rules: the number of what is asked then, [`UNKNOWN`] or [`ASLEEP`].
    of_set: Vec<u32>,
    /// What is asked of rows: questions by their numbers.
    asked: Vec<Arc<[u32]>>,
    /// By the rules that are awake, and what those ask that is answered by what woke them: more of that does not count.
    asked_of: HashMap<(Vec<u32>, Vec<u32>), u32>,
    questions: Vec<Question>,
    question_of: HashMap<(usize, Ask), u32>,
    /// The slice at hand.
    slice: u64,
    parts: Vec<Leaf>,
    /// Rows by what is asked of them.
    by_asked: Vec<Vec<u32>>,
    /// What rows of which the same is asked say, one behind the other.
    said: Vec<u32>,
    text: String,
    words: Vec<u64>,
}

/// What is asked of a value.
struct Question {
    leaf: usize,
    ask: Ask,
    /// The distinct answers.
    answers: HashMap<Box<[u64]>, u32>,
    texts: Answered,
    others: Answered,
    pairs: Pairs,
    /// The answers of values by their numbers, for those that stand in short dictionaries: every row group has the same again.
    of_number: HashMap<u32, u32, QuickState>,
}

/// The answers of pairs of values of two columns.
#[derive(Default)]
struct Pairs {
    slice: u64,
    values: Option<(Values, Values)>,
    known: HashMap<u64, u32, QuickState>,
}

impl Pairs {
    /// Makes sure that what is known is known of these values.
    #[inline]
    fn turn(&mut self, slice: u64, own: &Values, other: &Values) {
        if self.slice == slice {
            return;
        }
        self.slice = slice;
        if !self.values.as_ref().is_some_and(|(a, b)| a.is_same(own) && b.is_same(other)) {
            self.values = Some((own.clone(), other.clone()));
            self.known.clear();
        }
    }
}

/// The column that has a row's value, and which of its values that is; and whether it is JSON.
#[inline]
fn value_of<'c>(columns: &Columns<'c>, part: Part, row: u32) -> Option<(bool, &'c Column, u32)> {
    let key_of = |at: Option<usize>| {
        let column = columns.get(at)?;
        let key = column.keys.get(row as usize).copied().filter(|key| *key != ABSENT)?;
        Some((column, key))
    };
    match key_of(part.text) {
        Some((column, key)) => Some((false, column, key)),
        None => key_of(part.json).map(|(column, key)| (true, column, key)),
    }
}

/// The answers of the values of a column, as far as they are known.
#[derive(Default)]
struct Answered {
    slice: u64,
    values: Option<Values>,
    dense: Vec<u32>,
    sparse: HashMap<u32, u32, QuickState>,
}

impl Answered {
    fn begin(&mut self) {
        *self = Self::default();
    }

    /// Makes sure that what is known is known of these values.
    #[inline]
    fn turn(&mut self, slice: u64, values: &Values) {
        if self.slice == slice {
            return;
        }
        self.slice = slice;
        if self.values.as_ref().is_some_and(|known| known.is_same(values)) {
            return;
        }
        self.values = Some(values.clone());
        self.sparse.clear();
        self.dense.clear();
        if values.len() <= DENSE_MAX {
            self.dense.resize(values.len(), UNKNOWN);
        }
    }

    #[inline]
    fn get(&self, key: u32) -> Option<u32> {
        match self.dense.get(key as usize) {
            Some(answer) => (*answer != UNKNOWN).then_some(*answer),
            None => self.sparse.get(&key).copied(),
        }
    }

    fn put(&mut self, key: u32, answer: u32) {
        match self.dense.get_mut(key as usize) {
            Some(slot) => *slot = answer,
            None => drop(self.sparse.insert(key, answer)),
        }
    }
}

impl Question {
    /// The answer of a row; none if it must be matched by itself.
    #[expect(clippy::too_many_arguments, reason = "a row, and the memory for what its value says")]
    #[inline]
    fn answer(
        &mut self,
        engine: &Engine,
        numbers: &mut Numbers,
        memory: (&mut String, &mut Vec<u64>),
        part: Part,
        columns: &Columns<'_>,
        slice: u64,
        row: u32,
    ) -> Option<u32> {
        let (is_json, column, key) = value_of(columns, part, row)?;
        let answered = if is_json { &mut self.others } else { &mut self.texts };
        answered.turn(slice, &column.values);
        if let Some(answer) = answered.get(key) {
            return Some(answer);
        }
        let value = column.values.get(key as usize)?;
        let number = (column.values.len() <= DENSE_MAX).then(|| numbers.of(is_json, value));
        let known = number.and_then(|number| self.of_number.get(&number).copied());
        let answer = match known {
            Some(known) => known,
            None => answer_of(engine, &self.ask, &mut self.answers, numbers, memory, is_json, value)?,
        };
        if let Some(number) = number {
            self.of_number.insert(number, answer);
        }
        answered.put(key, answer);
        Some(answer)
    }

    /// The answer of a row to what is asked of two of its values.
    #[inline]
    fn answer_of_pair(
        &mut self,
        engine: &Engine,
        numbers: &mut Numbers,
        (own, other): (Part, Part),
        columns: &Columns<'_>,
        slice: u64,
        row: u32,
    ) -> Option<u32> {
        let (own_is_json, own, own_key) = value_of(columns, own, row)?;
        let (other_is_json, other, other_key) = value_of(columns, other, row)?;
        let are_texts = !own_is_json && !other_is_json;
        if are_texts {
            self.pairs.turn(slice, &own.values, &other.values);
            if let Some(known) = self.pairs.known.get(&pair(own_key, other_key)) {
                return Some(*known);
            }
        }
        let (a, b) = (own.values.get(own_key as usize)?, other.values.get(other_key as usize)?);
        let answer = match &self.ask {
            Ask::Pair(_, comparisons) if are_texts => {
                let holds = |at: &u32| u64::from(engine.compares(*at, a, b));
                comparisons.iter().map(holds).collect()
            }
            // Of other values it may count which of their elements says what.
            _ => vec![pair(numbers.of(own_is_json, a), numbers.of(other_is_json, b)), u64::MAX],
        };
        let next = u32::try_from(self.answers.len()).ok().filter(|next| *next < VALUE)?;
        let answer = *self.answers.entry(answer.into()).or_insert(next);
        if are_texts {
            self.pairs.known.insert(pair(own_key, other_key), answer);
        }
        Some(answer)
    }
}

/// Two numbers as one.
#[inline]
fn pair(a: u32, b: u32) -> u64 {
    u64::from(a) << 32 | u64::from(b)
}

impl Awake {
    pub(super) fn new(number: u32, kind: Kind, looks: Vec<u32>) -> Self {
        Self {
            number,
            kind,
            looks,
            of_set: Vec::new(),
            asked: Vec::new(),
            asked_of: HashMap::new(),
            questions: Vec::new(),
            question_of: HashMap::new(),
            slice: 0,
            parts: Vec::new(),
            by_asked: Vec::new(),
            said: Vec::new(),
            text: String::new(),
            words: Vec::new(),
        }
    }

    /// How much memory it takes, in bytes; about.
    pub(super) fn bytes(&self) -> usize {
        let of = |answered: &Answered| answered.dense.len() * 4 + answered.sparse.capacity() * 9;
        let questions = self.questions.iter();
        let of_question = |one: &Question| {
            let numbered = one.pairs.known.capacity() * 17 + one.of_number.capacity() * 9;
            of(&one.texts) + of(&one.others) + numbered + one.answers.len() * 64 + 256
        };
        questions.map(of_question).sum::<usize>() + self.of_set.len() * 4 + self.asked.len() * 512
    }

    /// Forgets the values of the file before.
    pub(super) fn begin(&mut self) {
        for question in &mut self.questions {
            question.texts.begin();
            question.others.begin();
            question.pairs = Pairs::default();
        }
    }

    pub(super) fn begin_slice(&mut self, slice: u64, parts: &[Leaf]) {
        self.slice = slice;
        self.parts.clear();
        self.parts.extend_from_slice(parts);
    }

    /// Numbers what rows say in which sets of things wake rules: calls `says` with each row and its number, which is [`NOTHING`]
    /// if nothing is awake and [`SINGLE`] if it must be matched by itself, and whether none said so before.
    ///
    /// Question by question and not row by row: each goes through one column, whose answers stay in the processor's caches.
    pub(super) fn number_rows(
        &mut self,
        engine: &Engine,
        (sparks, numbers, sequences): (&Sparks, &mut Numbers, &mut Sequences),
        columns: &Columns<'_>,
        (rows, sets): (&[u32], &[u32]),
        says: &mut dyn FnMut(u32, u32, bool),
    ) {
        let mut by_asked = std::mem::take(&mut self.by_asked);
        for (row, set) in rows.iter().zip(sets) {
            let known = match *set {
                SINGLE => SINGLE,
                set => self.of_set.get(set as usize).copied().unwrap_or(UNKNOWN),
            };
            match if known == UNKNOWN { self.plan(engine, sparks, *set) } else { known } {
                SINGLE => says(*row, SINGLE, false),
                ASLEEP => says(*row, NOTHING, false),
                asked => {
                    if by_asked.len() <= asked as usize {
                        by_asked.resize(asked as usize + 1, Vec::new());
                    }
                    by_asked.get_mut(asked as usize).into_iter().for_each(|rows| rows.push(*row));
                }
            }
        }
        let mut said = std::mem::take(&mut self.said);
        for (rows, asked) in by_asked.iter_mut().zip(0..).filter(|(rows, _)| !rows.is_empty()) {
            let questions = self.asked.get(asked as usize).cloned().unwrap_or_default();
            let width = questions.len() + 2;
            said.clear();
            said.resize(rows.len() * width, asked);
            said.iter_mut().step_by(width).for_each(|kind| *kind = self.number);
            for (at, question) in (2..).zip(questions.iter()) {
                let slots = said.iter_mut().skip(at).step_by(width);
                self.answers(engine, numbers, columns, rows, *question, slots);
            }
            for (row, said) in rows.iter().zip(said.chunks_exact(width)) {
                let is_single = said.contains(&SINGLE);
                let (number, is_new) = if is_single { (SINGLE, false) } else { sequences.number_of(said) };
                says(*row, number, is_new);
            }
            rows.clear();
        }
        (self.by_asked, self.said) = (by_asked, said);
    }

    /// Writes the answers of some rows to a question; [`SINGLE`] for those that must be matched by themselves.
    fn answers<'o>(
        &mut self,
        engine: &Engine,
        numbers: &mut Numbers,
        columns: &Columns<'_>,
        rows: &[u32],
        question: u32,
        out: impl Iterator<Item = &'o mut u32>,
    ) {
        let Self { questions, parts, slice, text, words, .. } = self;
        let part = |leaf: usize| parts.get(leaf).and_then(|leaf| leaf.part);
        let question = questions.get_mut(question as usize);
        let Some((question, own)) = question.and_then(|one| part(one.leaf).map(|part| (one, part))) else {
            out.for_each(|slot| *slot = SINGLE);
            return;
        };
        let mut answer = |question: &mut Question, row: u32| match question.ask {
            Ask::Pair(other, _) => {
                let parts = (own, part(other)?);
                question.answer_of_pair(engine, numbers, parts, columns, *slice, row)
            }
            _ => question.answer(engine, numbers, (text, words), own, columns, *slice, row),
        };
        if let Some(column) = columns.get(own.text).filter(|_| !matches!(question.ask, Ask::Pair(..))) {
            question.texts.turn(*slice, &column.values);
            for (slot, row) in out.zip(rows) {
                let key = column.keys.get(*row as usize).copied().unwrap_or(ABSENT);
                let known = question.texts.dense.get(key as usize).copied().unwrap_or(UNKNOWN);
                *slot = if known == UNKNOWN { answer(question, *row).unwrap_or(SINGLE) } else { known };
            }
        } else {
            out.zip(rows).for_each(|(slot, row)| *slot = answer(question, *row).unwrap_or(SINGLE));
        }
    }

    /// Finds out what is asked of rows in which a set of things wakes rules.
    #[cold]
    fn plan(&mut self, engine: &Engine, sparks: &Sparks, set: u32) -> u32 {
        let mut rules = self.kind.always.clone();
        for spark in sparks.get(set) {
            self.kind.class.iter().for_each(|class| engine.woken(*class, *spark, &mut rules));
        }
        rules.sort_unstable();
        rules.dedup();
        let number = if rules.is_empty() {
            ASLEEP
        } else {
            let (asked, answered) = self.kind.asked(engine, &rules, sparks.get(set));
            let next = u32::try_from(self.asked.len()).unwrap_or(ASLEEP);
            let number = *self.asked_of.entry((rules, answered)).or_insert(next);
            if number == next {
                let asked = asked.into_iter().map(|one| self.question(one)).collect();
                self.asked.push(asked);
            }
            number
        };
        let at = set as usize;
        if self.of_set.len() <= at {
            self.of_set.resize(at + 1, UNKNOWN);
        }
        if let Some(slot) = self.of_set.get_mut(at) {
            *slot = number;
        }
        number
    }

    fn question(&mut self, (leaf, ask): (usize, Ask)) -> u32 {
        let next = u32::try_from(self.questions.len()).unwrap_or(u32::MAX);
        let number = *self.question_of.entry((leaf, ask.clone())).or_insert(next);
        if number == next {
            let (texts, others) = (Answered::default(), Answered::default());
            let (answers, pairs, of_number) = (HashMap::new(), Pairs::default(), HashMap::default());
            self.questions.push(Question { leaf, ask, answers, texts, others, pairs, of_number });
        }
        number
    }
}

/// What a value says to a question.
#[cold]
fn answer_of(
    engine: &Engine,
    ask: &Ask,
    known: &mut HashMap<Box<[u64]>, u32>,
    numbers: &mut Numbers,
    (text, answers): (&mut String, &mut Vec<u64>),
    is_json: bool,
    value: &str,
) -> Option<u32> {
    let mut scalar = String::new();
    let asked = match ask {
        Ask::Value | Ask::Pair(..) => None,
        Ask::Comparisons(asked) if !is_json => Some((asked, value)),
        Ask::Comparisons(asked) => {
            // Of a list it may count which of its elements has what.
            let json: Option<serde_json::Value> = serde_json::from_str(value).ok();
            let is_scalar = json.is_some_and(|json| write_scalar(&json, &mut scalar));
            is_scalar.then_some((asked, scalar.as_str()))
        }
    };
    let Some((asked, value)) = asked else {
        let number = numbers.of(is_json, value);
        return (number < VALUE).then_some(number | VALUE);
    };
    engine.answers(asked, value, text, answers);
    if let Some(number) = known.get(answers.as_slice()) {
        return Some(*number);
    }
    let next = u32::try_from(known.len()).ok().filter(|next| *next < VALUE)?;
    known.insert(answers.as_slice().into(), next);
    Some(next)
}
