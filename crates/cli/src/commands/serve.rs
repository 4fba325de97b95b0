//! `sigyn serve`: events in, signals out, a page for people.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;

use clap::Args;
use sigyn_node::{Lateness, Node, Pace, Running, Settings, storage};
use sigyn_server::{App, Config, Server};

use crate::Exit;

/// Bytes of a gigabyte.
const GIGABYTE: u64 = 1_000_000_000;

/// The words of the command.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Rule files or folders; they are read again when they change
    #[arg(short, long, required = true, value_name = "RULES")]
    rules: Vec<PathBuf>,
    /// Where everything is kept; made if it is not there
    #[arg(long, default_value = "sigyn-data", value_name = "DIR")]
    data: PathBuf,
    /// Where the page and the interface are; by default only this machine reaches it
    #[arg(long, default_value = "127.0.0.1:7474", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Listen at an address that others reach although nothing is encrypted: behind a proxy that is
    #[arg(long)]
    insecure_http: bool,
    /// A log file to follow, through rotations; may be repeated
    #[arg(long, value_name = "FILE")]
    tail: Vec<PathBuf>,
    /// Take syslog here, over UDP and TCP; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    syslog: Vec<SocketAddr>,
    /// The socket of the helper that blocks addresses, see docs/response.md; without it nothing is blocked on this machine
    #[arg(long, value_name = "SOCKET")]
    blocker: Option<PathBuf>,
    /// How long to wait for events that come late before results are final: seconds, or `adaptive`, which is as long as all but
    /// one of a thousand events of a source need, up to ten minutes. It never changes what is found
    #[arg(long, default_value = "60", value_name = "SECONDS|adaptive", value_parser = lateness)]
    lateness: Lateness,
    /// Events that are older go; kept as a setting, as the next two. 90 unless it is said otherwise
    #[arg(long, value_name = "DAYS")]
    retention_days: Option<u32>,
    /// The oldest events go until the lake takes no more than so many gigabytes
    #[arg(long, value_name = "GB")]
    lake_max_gb: Option<u64>,
    /// Rules that are new or switched on are hunted for so far back; 0 for not at all, 24 unless it is said otherwise
    #[arg(long, value_name = "HOURS")]
    back_fill_hours: Option<u32>,
    /// Closed signals go so many days (7 at least) after they happened and anybody did something with them, with their history.
    /// Kept as a setting; they stay for ever unless it is said otherwise, and those that are not closed always do
    #[arg(long, value_name = "DAYS")]
    signal_retention_days: Option<u32>,
    /// For tests of what a crash leaves: what can wait is done all the time
    #[arg(long, hide = true)]
    restless: bool,
}

pub(crate) fn run(serve: &Serve) -> Exit {
    match begin(serve) {
        Ok(()) => Exit::Clean,
        Err(why) => {
            eprintln!("error: {why}");
            Exit::BadInput
        }
    }
}

fn begin(serve: &Serve) -> Result<(), String> {
    if !serve.listen.ip().is_loopback() && !serve.insecure_http {
        return Err(format!(
            "{} is reached from elsewhere, and passwords would travel unencrypted; put a proxy with TLS before it and say \
             --insecure-http, or listen at 127.0.0.1",
            serve.listen
        ));
    }
    let (sender, stopped) = channel();
    ctrlc::set_handler(move || {
        // A second one while the first is at work changes nothing.
        let _ = sender.send(());
    })
    .map_err(|error| format!("signals cannot be handled: {error}"))?;
    let settings = Settings {
        data: serve.data.clone(),
        rules: serve.rules.clone(),
        tail: serve.tail.clone(),
        syslog: serve.syslog.clone(),
        blocker: serve.blocker.clone(),
        lateness: serve.lateness.clone(),
        salt: uuid::Uuid::new_v4().as_u64_pair().0,
    };
    let pace = if serve.restless { Pace::restless() } else { Pace::standard() };
    let node = Arc::new(Node::open_with(settings, pace).map_err(|error| error.told())?);
    keep_policy(serve, &node).map_err(|error| error.told())?;
    let running = Running::start(&node).map_err(|error| error.told())?;
    let (app, setup) = App::new(Arc::clone(&node), Config { is_secure: false })?;
    let server = Server::start(&app, serve.listen)
        .map_err(|error| format!("{} cannot be listened at: {error}", serve.listen))?;
    let book = node.book();
    say(format_args!("Sigyn listens at http://{}", server.address()));
    say(format_args!("{} rules in force, {} refused", book.in_force(), book.refused.len()));
    if let Some(why) = node.rebuilt() {
        say(format_args!("warning: {why}"));
    }
    if let Some(token) = setup.token {
        say(format_args!("Make the first admin with this token, once: {token}"));
        say(format_args!("  http://{}/setup#{token}", server.address()));
    }
    // Ends with an error if the handler is gone, which it is not.
    let _ = stopped.recv();
    say(format_args!("stopping"));
    server.stop();
    running.stop();
    Ok(())
}

/// The longest time that events are waited for, in seconds: a day.
const LATENESS_SECONDS_MAX: u32 = 86_400;

/// How late events may come.
fn lateness(text: &str) -> Result<Lateness, String> {
    if text == "adaptive" {
        return Ok(Lateness::adaptive());
    }
    match text.parse::<u32>() {
        Ok(seconds) if seconds <= LATENESS_SECONDS_MAX => {
            Ok(Lateness { usual: i64::from(seconds) * 1_000_000_000, ..Lateness::standard() })
        }
        _ => Err(format!("`adaptive` or seconds up to {LATENESS_SECONDS_MAX}")),
    }
}

/// Keeps how long events and signals stay, if that is said.
fn keep_policy(serve: &Serve, node: &Node) -> sigyn_node::Result<()> {
    let kept = storage::state(node)?.policy;
    let policy = storage::Policy {
        retention_days: serve.retention_days.or(kept.retention_days),
        lake_bytes_max: serve.lake_max_gb.map(|size| size.saturating_mul(GIGABYTE)).or(kept.lake_bytes_max),
        back_fill_hours: serve.back_fill_hours.unwrap_or(kept.back_fill_hours),
        signal_retention_days: serve.signal_retention_days.or(kept.signal_retention_days),
    };
    if policy == kept { Ok(()) } else { storage::keep_policy(node, &policy) }
}

/// Says something to whoever started it. If nobody listens any more, it goes on: events do.
pub(crate) fn say(text: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
