//! The last hour of the day that is told: one address breaks in, others try the same door.
//!
//! It looks around with a scanner, finds an old page, injects SQL into it first by a tool and then by hand with its browser
//! under another name, reads files, guesses at the administrator's login and ends with commands in a shell. Every step
//! alone is what sites see each day; together they are an attack.

use crate::attacks::{Burst, Kind, SCANNER, burst};
use crate::chance::Chance;
use crate::line::{OFFICE, Request};
use crate::visitors::browser;
use crate::{MINUTE, SECOND};

/// Who breaks in.
const INTRUDER: [u8; 4] = [203, 0, 113, 47];
/// Who guesses at customers' passwords.
const GUESSER: [u8; 4] = [198, 51, 100, 23];
const SQL_TOOL: &str = "sqlmap/1.9.11#stable (https://sqlmap.org)";
const GUESSING_TOOL: &str = "python-requests/2.32.5";

/// What a minute of the story holds; `left` are the minutes to the end of the day.
pub(crate) fn come(minute: i64, left: i64, chance: &mut Chance, out: &mut Vec<Request>) {
    match left {
        52 => look_around(minute, chance, out),
        44 => inject(minute, chance, out),
        33 => guess(minute, chance, out),
        21 => take_over(minute, chance, out),
        _ => {}
    }
}

fn look_around(start: i64, chance: &mut Chance, out: &mut Vec<Request>) {
    let many = Burst { kind: Kind::Sensitive, count: 120, pause_seconds: 1 };
    burst(start, INTRUDER, SCANNER, many, chance, out);
}

fn inject(start: i64, chance: &mut Chance, out: &mut Vec<Request>) {
    let tool = Burst { kind: Kind::Sql, count: 64, pause_seconds: 2 };
    let end = burst(start, INTRUDER, SQL_TOOL, tool, chance, out);
    let hand = Burst { kind: Kind::Sql, count: 9, pause_seconds: 14 };
    burst(end + MINUTE, INTRUDER, browser(chance), hand, chance, out);
}

fn guess(start: i64, chance: &mut Chance, out: &mut Vec<Request>) {
    let many = Burst { kind: Kind::Login("/login"), count: 90, pause_seconds: 3 };
    burst(start, GUESSER, GUESSING_TOOL, many, chance, out);
}

/// Files are read, the office's door is tried and opens, commands run.
fn take_over(start: i64, chance: &mut Chance, out: &mut Vec<Request>) {
    let agent = browser(chance);
    let files = Burst { kind: Kind::Steps, count: 14, pause_seconds: 3 };
    let mut at = burst(start, INTRUDER, agent, files, chance, out);
    let first = out.len();
    let door = Burst { kind: Kind::Login("/admin/login"), count: 23, pause_seconds: 4 };
    at = burst(at + 20 * SECOND, INTRUDER, agent, door, chance, out);
    let mut inside = Request::get(at, INTRUDER, "/admin/login", agent);
    (inside.method, inside.status) = ("POST", 302);
    out.push(inside);
    for request in out.iter_mut().skip(first) {
        request.site = OFFICE;
    }
    let first = out.len();
    let commands = Burst { kind: Kind::Command, count: 17, pause_seconds: 4 };
    burst(at + 30 * SECOND, INTRUDER, agent, commands, chance, out);
    for request in out.iter_mut().skip(first) {
        (request.site, request.user, request.status, request.bytes) = (OFFICE, "admin", 200, 640);
    }
}
