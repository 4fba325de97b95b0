//! `sigyn-blocker`: blocks addresses on this machine on behalf of `sigyn serve`, and does nothing else.
//!
//! It is the one part that needs the right to change the kernel's packet filter. It takes requests at a socket or from its
//! input, reads its own settings, and answers what the kernel says. See docs/response.md.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::{User, geteuid};
use sigyn_blocker::machine::addresses;
use sigyn_blocker::nft::{Kernel, Nft};
use sigyn_blocker::service::Service;

const USAGE: &str = "\
Blocks addresses on this machine on behalf of `sigyn serve`.

Usage: sigyn-blocker [--config FILE] --socket PATH --user NAME
       sigyn-blocker [--config FILE] --stdio

  --config FILE   its settings, which only root may write [default: /etc/sigyn/blocker.conf]
  --socket PATH   take requests here
  --user NAME     from this user alone, and root
  --stdio         take requests from the input, answer at the output";

/// Where the settings stand if nothing else is said.
const CONFIG: &str = "/etc/sigyn/blocker.conf";
/// How long a connection may keep the others waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// The words of the command.
#[derive(Default)]
struct Words {
    config: Option<PathBuf>,
    socket: Option<PathBuf>,
    user: Option<String>,
    is_stdio: bool,
}

fn main() -> ExitCode {
    let words = match words(std::env::args_os().skip(1)) {
        Ok(Some(words)) => words,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("error: {why}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Reads the command's words; none if help is asked for.
fn words(mut all: impl Iterator<Item = OsString>) -> Result<Option<Words>, String> {
    let mut words = Words::default();
    while let Some(word) = all.next() {
        let mut value = || all.next().ok_or_else(|| format!("{} needs a value", word.display()));
        match word.to_str() {
            Some("--config") => words.config = Some(value()?.into()),
            Some("--socket") => words.socket = Some(value()?.into()),
            Some("--user") => words.user = Some(value()?.into_string().map_err(|_| "that is no user")?),
            Some("--stdio") => words.is_stdio = true,
            Some("--help" | "-h") => return Ok(None),
            _ => return Err(format!("{} means nothing here", word.display())),
        }
    }
    match (words.is_stdio, &words.socket, &words.user) {
        (true, None, None) | (false, Some(_), Some(_)) => Ok(Some(words)),
        _ => Err("say either --stdio or --socket with --user".to_owned()),
    }
}

fn run(words: &Words) -> io::Result<()> {
    let config = words.config.as_deref().unwrap_or(Path::new(CONFIG));
    let mut service = Service::new(Nft::find()?, config, addresses)?;
    match (&words.socket, &words.user) {
        (Some(socket), Some(user)) => listen(&mut service, socket, user),
        _ => service.serve(io::stdin().lock(), &mut io::stdout().lock()),
    }
}

/// Takes connections of one user, one after the other.
fn listen<K: Kernel>(service: &mut Service<K>, path: &Path, user: &str) -> io::Result<()> {
    let known = User::from_name(user)?.ok_or_else(|| io::Error::other(format!("there is no user {user}")))?;
    // What is left of a helper before this one; nothing but a socket is removed.
    if fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    chown(path, Some(known.uid.as_raw()), None)?;
    println!("sigyn-blocker listens at {} for {user}", path.display());
    loop {
        let (stream, _) = listener.accept()?;
        let peer = getsockopt(&stream, PeerCredentials).map(|peer| peer.uid());
        let is_known = peer.is_ok_and(|uid| uid == known.uid.as_raw() || uid == geteuid().as_raw());
        if !is_known {
            continue;
        }
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        // A connection that breaks or says nothing for too long ends; the next is served.
        let _ = stream.try_clone().and_then(|mut output| service.serve(&stream, &mut output));
    }
}
