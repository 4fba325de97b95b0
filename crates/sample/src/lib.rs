//! Made-up access logs of a web shop: the work of a day, with attacks in it.
//!
//! For demonstrations and tests. The lines follow from a seed and an instant alone. Addresses are those set aside for
//! documentation and benchmarks, names end in `.example`; every payload is written for this crate and harms nobody.
//!
//! The stream does not end. Up to the instant it tells a day whose last hour holds a break-in from first look to shell
//! command (`story`); behind it goes on what goes on on every site at any time: customers, crawlers and scanners.

mod attacks;
mod chance;
mod line;
mod payloads;
mod story;
mod visitors;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chance::Chance;
use line::Request;

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
/// Minutes of the day that is told.
const DAY_MINUTES: i64 = 24 * 60;

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it is written, in nanoseconds UTC: a whole second.
    pub at: i64,
    /// The server that writes it.
    pub server: &'static str,
    /// The line, without its end.
    pub text: String,
}

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Nothing.
    Everything,
    /// The attacks: what is left must not alarm anybody.
    Peace,
}

/// The lines, in order of time.
#[derive(Debug)]
pub struct Traffic {
    chance: Chance,
    scene: Scene,
    /// The instant up to which the day is told.
    end: i64,
    /// The minute that is thought out next.
    next: i64,
    waiting: BinaryHeap<Reverse<(i64, u64, Box<Request>)>>,
    count: u64,
}

impl Traffic {
    /// The day that ends at `end`, in nanoseconds UTC, and what follows.
    pub fn new(seed: u64, end: i64, scene: Scene) -> Self {
        let end = end - end.rem_euclid(MINUTE);
        let next = end - DAY_MINUTES * MINUTE;
        Self { chance: Chance::new(seed), scene, end, next, waiting: BinaryHeap::new(), count: 0 }
    }

    /// Where the day that is told ends, in nanoseconds UTC: the start of a minute.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Thinks a minute out: who comes in it. What they do may take longer.
    fn plan(&mut self) {
        let minute = self.next;
        self.next += MINUTE;
        let mut come = Vec::new();
        visitors::come(minute, &mut self.chance, &mut come);
        if self.scene == Scene::Everything {
            let left = (self.end - minute) / MINUTE;
            story::come(minute, left, &mut self.chance, &mut come);
            attacks::come(minute, left, &mut self.chance, &mut come);
        }
        for request in come {
            let at = request.at - request.at.rem_euclid(SECOND);
            self.count += 1;
            self.waiting.push(Reverse((at, self.count, Box::new(request))));
        }
    }
}

impl Iterator for Traffic {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        // What is thought out later happens later.
        while self.waiting.peek().is_none_or(|Reverse((at, ..))| *at >= self.next) {
            self.plan();
        }
        let Reverse((at, _, request)) = self.waiting.pop()?;
        Some(Line { at, server: request.server(), text: request.text(at) })
    }
}
