//! `sigyn demo`: a server with a made-up day going through it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use clap::Args;
use sigyn_node::{Given, Node, Running, Settings, now};
use sigyn_sample::{Line, Scene, Traffic};
use sigyn_server::{App, Config, Server};

use crate::Exit;
use crate::commands::serve::say;
use crate::screen::counted;

/// Where the page is if nobody says otherwise and nothing else is there.
const PORT: u16 = 7474;
/// The day is the same each time, but for its date.
const SEED: u64 = 0x5167_796e;
/// The rule whose signals would block an address (`BEHAVIOR-MULTI-001`), and for how long.
const BLOCKED_FOR: &str = "1315dabb-61d4-46f0-bdc0-13adeb95004d";
const BLOCK_SECONDS: u64 = 86_400;
/// How long the day takes for those who watch.
const DAY_TAKES: Duration = Duration::from_secs(25);
/// How much of the day is handed over at once.
const SLICE_NANOS: i64 = 5 * 60 * SECOND;
const SECOND: i64 = 1_000_000_000;
/// How long detection may take for what was handed over.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often it is asked whether detection is done.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How soon an overloaded event log is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// The rules, as parts of the program.
const RULES: &[super::samples::Sample] = super::samples::bundled!("../../../../../rules/web/";
    "behaviour.yml",
    "cmd.yml",
    "escalation.yml",
    "login.yml",
    "not_found.yml",
    "path.yml",
    "scan.yml",
    "sqli.yml",
    "timeout.yml",
    "user_agent.yml",
    "xss.yml",
);

/// The words of the command.
#[derive(Debug, Args)]
pub(super) struct Words {
    /// The port of the page on this machine [default: 7474, or any that is free]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Keep everything in this folder; without it all is removed at the end
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How much of the day runs through: its last hours, with the break-in in the last one
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u8).range(1..=24))]
    hours: u8,
    /// Let the day run through as fast as it goes, say what was found, and end
    #[arg(long)]
    no_wait: bool,
}

/// Runs it.
pub(super) fn run(words: &Words) -> Exit {
    match begin(words) {
        Ok(()) => Exit::Clean,
        Err(why) => {
            eprintln!("error: {why}");
            Exit::BadInput
        }
    }
}

fn begin(words: &Words) -> Result<(), String> {
    let (sender, stopped) = channel();
    ctrlc::set_handler(move || {
        // A second one while the first is at work changes nothing.
        let _ = sender.send(());
    })
    .map_err(|error| format!("signals cannot be handled: {error}"))?;
    let spare = match words.data {
        Some(_) => None,
        None => Some(tempfile::tempdir().map_err(|error| format!("no folder can be made: {error}"))?),
    };
    let folder = match (&words.data, &spare) {
        (Some(folder), _) => folder.as_path(),
        (None, Some(spare)) => spare.path(),
        (None, None) => return Err("there is no folder".to_owned()),
    };
    let node = Arc::new(Node::open(settings(folder)?).map_err(|error| error.told())?);
    let running = Running::start(&node).map_err(|error| error.told())?;
    let shown = show(&node, words, &stopped);
    running.stop();
    shown
}

/// The rules are written down as files: they can be read and changed while it runs.
fn settings(folder: &Path) -> Result<Settings, String> {
    let rules = folder.join("rules");
    if !rules.exists() {
        for (name, bytes) in RULES {
            crate::output::write_below(&rules, Path::new(name), bytes)
                .map_err(|error| format!("{} cannot be written: {error}", rules.join(name).display()))?;
        }
    }
    let salt = uuid::Uuid::new_v4().as_u64_pair().0;
    Ok(Settings { rules: vec![rules], salt, ..Settings::of(&folder.join("data")) })
}

/// Serves the page while the day goes through.
fn show(node: &Arc<Node>, words: &Words, stopped: &Receiver<()>) -> Result<(), String> {
    let (app, setup) = App::new(Arc::clone(node), Config { is_secure: false })?;
    let server = listen(&app, words.port)?;
    let address = server.address();
    say(format_args!("Sigyn listens at http://{address}"));
    if let Some(token) = setup.token {
        say(format_args!("Make the first admin with this token, once: {token}"));
        say(format_args!("  http://{address}/setup#{token}"));
    }
    // What response would do shows without doing it: a dry run.
    node.try_response("Break-ins", BLOCKED_FOR, BLOCK_SECONDS).map_err(|error| error.told())?;
    let is_again = node.tally().map_err(|error| error.told())?.events > 0;
    let mut traffic = Traffic::new(SEED, now(), Scene::Everything).peekable();
    let end = now();
    // Whether it goes on: it does not if somebody has stopped it meanwhile.
    let outcome = if is_again {
        say(format_args!("The day in this folder has run through before."));
        Ok(true)
    } else {
        let pace = if words.no_wait { Duration::ZERO } else { DAY_TAKES };
        let start = end - i64::from(words.hours) * 3_600 * SECOND;
        while traffic.next_if(|line| line.at < start).is_some() {}
        day(node, &mut traffic, (start, end), pace, stopped).and_then(|sent| match sent {
            Some(sent) => found(node, sent, &address, stopped),
            None => Ok(false),
        })
    };
    if matches!(outcome, Ok(true)) && !words.no_wait {
        say(format_args!(
            "Ctrl-C ends it. `{0} demo hunt` shows a hunt in files, `{0} serve` takes your logs.",
            super::program()
        ));
        while traffic.next_if(|line| line.at < end).is_some() {}
        goes_on(node, traffic, stopped)?;
    }
    server.stop();
    outcome.map(drop)
}

/// At the port that was asked for, else at the usual one, else at any.
fn listen(app: &App, port: Option<u16>) -> Result<Server, String> {
    let at = |port| Server::start(app, SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let wanted = port.unwrap_or(PORT);
    let started = match at(wanted) {
        Err(_) if port.is_none() => at(0),
        started => started,
    };
    started.map_err(|error| format!("port {wanted} of this machine cannot be listened at: {error}"))
}

/// Lets the day run through. Returns how many lines it has; none if it was stopped.
fn day(
    node: &Node,
    traffic: &mut std::iter::Peekable<Traffic>,
    (start, end): (i64, i64),
    takes: Duration,
    stopped: &Receiver<()>,
) -> Result<Option<u64>, String> {
    let started = Instant::now();
    let mut sent = 0;
    let mut until = start;
    let rules = node.book().rules.len();
    say(format_args!("A made-up day of a web shop goes through {rules} rules now."));
    while until < end {
        until = (until + SLICE_NANOS).min(end);
        let mut slice = Vec::new();
        while let Some(line) = traffic.next_if(|line| line.at < until) {
            slice.push(line);
        }
        sent += slice.len() as u64;
        send(node, &slice)?;
        let share = 1.0 - (end - until) as f64 / (end - start) as f64;
        let rest = takes.mul_f64(share.clamp(0.0, 1.0)).saturating_sub(started.elapsed());
        if !matches!(stopped.recv_timeout(rest), Err(RecvTimeoutError::Timeout)) {
            return Ok(None);
        }
    }
    Ok(Some(sent))
}

/// Waits until detection has seen all, and says what it found. Returns whether it was not stopped meanwhile.
fn found(node: &Node, sent: u64, address: &SocketAddr, stopped: &Receiver<()>) -> Result<bool, String> {
    let started = Instant::now();
    loop {
        let tally = node.tally().map_err(|error| error.told())?;
        if tally.events >= sent {
            say(format_args!(
                "{} of {}, {} critical: http://{address}/signals",
                counted(tally.signals, "signal"),
                counted(tally.events, "request"),
                tally.critical
            ));
            return Ok(true);
        }
        if let Some(failure) = node.failure() {
            return Err(failure);
        }
        if started.elapsed() > PATIENCE {
            return Err(format!("only {} of {sent} requests have been looked at", tally.events));
        }
        if !matches!(stopped.recv_timeout(LOOK_EVERY), Err(RecvTimeoutError::Timeout)) {
            return Ok(false);
        }
    }
}

/// Lets the shop go on as it does, until it is told to stop.
fn goes_on(node: &Node, traffic: impl Iterator<Item = Line>, stopped: &Receiver<()>) -> Result<(), String> {
    for line in traffic {
        let wait = Duration::from_nanos(line.at.saturating_sub(now()).try_into().unwrap_or(0));
        if !matches!(stopped.recv_timeout(wait), Err(RecvTimeoutError::Timeout)) {
            return Ok(());
        }
        send(node, &[line])?;
    }
    Ok(())
}

/// Hands lines over, as those of the servers that write them.
fn send(node: &Node, lines: &[Line]) -> Result<(), String> {
    let sources: Vec<String> = lines.iter().map(|line| format!("demo:{}", line.server)).collect();
    let given = lines.iter().zip(&sources);
    let given: Vec<Given<'_>> =
        given.map(|(line, source)| Given { source, id: None, bytes: line.text.as_bytes() }).collect();
    while let Err(error) = node.take(&given) {
        if !error.store().is_some_and(|error| error.is_overloaded()) {
            return Err(error.told());
        }
        std::thread::sleep(RETRY_AFTER);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_web_pack_is_part_of_the_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/web");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut there: Vec<String> = names
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| !name.ends_with(".test.yml"))
            .collect();
        there.sort_unstable();
        let bundled: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
        assert_eq!(bundled, there);
        let texts = RULES.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes));
        assert!(
            texts.collect::<String>().contains(&format!("id: {BLOCKED_FOR}\nname: BEHAVIOR-MULTI-001\n"))
        );
    }
}
