//! The server that is measured: a process of its own with a folder of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use ureq::Agent;

/// `sigyn serve` at work; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(super) address: String,
    pub(super) key: String,
    agent: Agent,
    folder: PathBuf,
}

impl Server {
    /// Starts the server on empty data, makes the admin and a key.
    pub(crate) fn start(sigyn: &Path, rules: &[PathBuf]) -> Result<Self> {
        Self::start_on(sigyn, rules, |_| Ok(()))
    }

    /// The same on what `prepare` puts into its folder.
    pub(crate) fn start_on(
        sigyn: &Path,
        rules: &[PathBuf],
        prepare: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Self> {
        // On the disk of the workspace, because its syncs are part of what is measured.
        let folder = crate::workspace().join("target/bench-serve");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        prepare(&folder)?;
        let mut command = Command::new(sigyn);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&folder);
        for rules in rules {
            command.arg("-r").arg(rules);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().context("the server does not start")?;
        let out = child.stdout.take().context("what it says is piped")?;
        let mut lines = BufReader::new(out).lines().map_while(Result::ok);
        let address = lines.find_map(|line| Some(line.split_once("http://")?.1.to_owned()));
        let token = lines.find_map(|line| Some(line.split_once("once: ")?.1.to_owned()));
        let agent: Agent =
            Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).build().into();
        let address = address.context("it says where it listens")?;
        let mut server = Self { child, address, key: String::new(), agent, folder };
        server.make_key(&token.context("it says its token")?)?;
        Ok(server)
    }

    fn make_key(&mut self, token: &str) -> Result<()> {
        let send = |path: &str, body: Value, cookie: &str| {
            let request = self.agent.post(format!("http://{}{path}", self.address));
            let request = request.content_type("application/json").header("x-sigyn-request", "1");
            request.header("cookie", cookie).send(body.to_string())
        };
        let admin = json!({ "token": token, "name": "bench", "password": "a password to measure" });
        let response = send("/api/v1/setup", admin, "")?;
        let cookie = response.headers().get("set-cookie").context("there is a session")?.to_str()?;
        let wanted = json!({ "name": "bench", "scopes": ["read", "ingest", "triage"] });
        let text = send("/api/v1/keys", wanted, cookie.split(';').next().unwrap_or_default())?
            .body_mut()
            .read_to_string()?;
        let made: Value = serde_json::from_str(&text)?;
        self.key = format!("ApiKey {}", made["encoded"].as_str().context("the key is told")?);
        Ok(())
    }

    /// What is at a path.
    pub(crate) fn text(&self, path: &str) -> Result<String> {
        let request = self.agent.get(format!("http://{}{path}", self.address));
        Ok(request.header("authorization", &self.key).call()?.body_mut().read_to_string()?)
    }

    /// The same as JSON.
    pub(crate) fn json(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.text(path)?)?)
    }

    /// Sends a body; gives the status of the answer.
    pub(crate) fn send(&self, path: &str, kind: &str, body: &[u8]) -> Result<u16> {
        let request = self.agent.post(format!("http://{}{path}", self.address)).content_type(kind);
        let request = request.config().http_status_as_error(false).build();
        Ok(request.header("authorization", &self.key).send(body)?.status().as_u16())
    }

    /// Sends JSON; gives the JSON of the answer.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.agent.post(format!("http://{}{path}", self.address));
        let request = request.content_type("application/json").header("authorization", &self.key);
        Ok(serde_json::from_str(&request.send(body.to_string())?.body_mut().read_to_string()?)?)
    }

    /// The lines of the stream of changes.
    pub(super) fn stream(&self) -> Result<impl Iterator<Item = std::io::Result<String>> + use<>> {
        // Without a limit of time: it goes on.
        let request = Agent::new_with_defaults().get(format!("http://{}/api/v1/stream", self.address));
        let response = request.header("authorization", &self.key).call()?;
        Ok(BufReader::new(response.into_body().into_reader()).lines())
    }

    /// The position behind the last event on disk, and the one up to which events have been through detection.
    pub(crate) fn positions(&self) -> Result<(u64, u64)> {
        let text = self.text("/metrics")?;
        let figure = |name: &str| -> Result<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            Ok(line.with_context(|| format!("there is no figure {name}"))?.trim().parse()?)
        };
        Ok((figure("sigyn_log_end")?, figure("sigyn_log_detected")?))
    }

    /// Its largest resident set so far, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        crate::process::peak(self.child.id()).unwrap_or(0)
    }

    /// Processor time that it took so far, user and kernel (Linux).
    pub(super) fn processor(&self) -> Duration {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // Behind the name, which may hold anything: user time and kernel time are the 12th and 13th, in hundredths.
        let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks = rest.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<u64>().ok());
        Duration::from_millis(ticks.sum::<u64>() * 10)
    }

    /// How much its data take on disk, in bytes.
    pub(super) fn stored(&self) -> u64 {
        fn size(folder: &Path) -> u64 {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries
                .map(|entry| match entry.metadata() {
                    Ok(metadata) if metadata.is_dir() => size(&entry.path()),
                    Ok(metadata) => metadata.len(),
                    Err(_) => 0,
                })
                .sum()
        }
        size(&self.folder)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
