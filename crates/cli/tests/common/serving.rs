//! `sigyn serve` as a process with a folder of its own, and how tests talk to it.

#![allow(dead_code, reason = "each test binary uses a part of this")]
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may end here, and shares its helpers"
)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

/// How long something may take that happens in the background.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with rules and data, for one server after the other.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub agent: Agent,
}

/// A server that runs; killed when it is dropped.
pub struct Serving {
    pub child: Child,
    pub address: String,
    pub token: Option<String>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Place {
    /// A place with rules: file names and texts.
    pub fn with(rules: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        for (name, text) in rules {
            std::fs::write(folder.path().join("rules").join(name), text).unwrap();
        }
        let agent =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into();
        Self { folder, agent }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What starts a server here.
    pub fn command(&self, listen: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigyn"));
        command.args(["serve", "--listen", listen, "--data"]).arg(self.path("data"));
        command.arg("-r").arg(self.path("rules")).args(more).stdout(Stdio::piped());
        command
    }

    /// Starts a server at any port.
    pub fn start(&self, more: &[&str]) -> Serving {
        self.start_at("127.0.0.1:0", more)
    }

    /// Starts a server at an address and waits until it listens.
    pub fn start_at(&self, listen: &str, more: &[&str]) -> Serving {
        let mut child = self.command(listen, more).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut serving = Serving { child, address: String::new(), token: None };
        let first = lines.next().expect("it says where it listens");
        serving.address = first.rsplit("http://").next().unwrap().to_owned();
        // The second line tells of rules; a third is there if a token is.
        let is_new = !self.path("key").exists();
        serving.token = lines
            .take(if is_new { 2 } else { 1 })
            .find_map(|line| line.split("once: ").nth(1).map(str::to_owned));
        serving
    }

    /// Makes the admin and a key with all scopes; what stands behind `authorization`.
    pub fn key(&self, serving: &Serving) -> String {
        if let Ok(key) = std::fs::read_to_string(self.path("key")) {
            return key;
        }
        let setup = json!({ "token": serving.token, "name": "ann", "password": "a long password" });
        let response = self
            .agent
            .post(format!("http://{}/api/v1/setup", serving.address))
            .content_type("application/json")
            .send(setup.to_string())
            .unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let wanted = json!({ "name": "test", "scopes": ["read", "triage", "rules", "ingest", "admin"] });
        let mut made = self
            .agent
            .post(format!("http://{}/api/v1/keys", serving.address))
            .header("cookie", cookie)
            .header("x-sigyn-request", "1")
            .content_type("application/json")
            .send(wanted.to_string())
            .unwrap();
        let made = read(&mut made);
        let key = format!("ApiKey {}", made["encoded"].as_str().unwrap());
        std::fs::write(self.path("key"), &key).unwrap();
        key
    }

    pub fn get(&self, serving: &Serving, path: &str) -> Value {
        let key = self.key(serving);
        let mut response = self
            .agent
            .get(format!("http://{}{path}", serving.address))
            .header("authorization", key)
            .call()
            .unwrap();
        assert_eq!(response.status(), 200, "{path}");
        read(&mut response)
    }

    pub fn post(&self, serving: &Serving, path: &str, body: &str) -> (u16, Value) {
        let key = self.key(serving);
        let request = self.agent.post(format!("http://{}{path}", serving.address));
        let request = request.header("authorization", key).header("content-type", "application/x-ndjson");
        match request.send(body) {
            Ok(mut response) => (response.status().as_u16(), read(&mut response)),
            // The process is gone.
            Err(_) => (0, Value::Null),
        }
    }

    /// Waits until as many signals of a rule are there.
    pub fn signals(&self, serving: &Serving, rule: &str, count: usize) -> Vec<Value> {
        let start = Instant::now();
        loop {
            let page = self.get(serving, &format!("/api/v1/signals?limit=1000&rule={rule}"));
            let items = page["items"].as_array().unwrap().clone();
            if items.len() >= count {
                assert_eq!(items.len(), count, "signals of {rule}");
                return items;
            }
            assert!(start.elapsed() < PATIENCE, "{} of {count} signals of {rule}", items.len());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// The body of an answer as JSON.
pub fn read(response: &mut ureq::http::Response<ureq::Body>) -> Value {
    let text = response.body_mut().read_to_string().unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}
