//! The action for GitHub's workflows and the hooks for pre-commit, run as far as they can be without the services: the
//! action's steps as the shell scripts that they are, the hooks by pre-commit itself where it is installed.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{Folder, root};
use serde_json::Value;

const SIGYN: &str = env!("CARGO_BIN_EXE_sigyn");
/// A rule with a warning.
const WRONG: &str = "title: Wrong\nid: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11\nlogsource:\n    category: process_creation\n    \
                     product: windows\ndetection:\n    selection:\n        CmdLine|contains: x\n    condition: selection\n";

fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(root().join(name)).unwrap()).unwrap()
}

/// What a job of a workflow holds while the action runs.
struct Job<'a> {
    folder: &'a Folder,
    inputs: BTreeMap<String, String>,
    /// By `STEP.KEY`.
    outputs: BTreeMap<String, String>,
    /// Where `cargo` is looked for before the rest of the path.
    tools: Option<PathBuf>,
    log: String,
}

impl<'a> Job<'a> {
    fn new(folder: &'a Folder, inputs: &[(&str, &str)]) -> Self {
        let specs = yaml("action.yml")["inputs"].clone();
        let default =
            |(name, spec): (&String, &Value)| (name.clone(), spec["default"].as_str().unwrap().to_owned());
        let mut all: BTreeMap<String, String> = specs.as_object().unwrap().iter().map(default).collect();
        for (name, value) in inputs {
            assert!(all.insert((*name).to_owned(), (*value).to_owned()).is_some(), "{name} is no input");
        }
        Self { folder, inputs: all, outputs: BTreeMap::new(), tools: None, log: String::new() }
    }

    /// The value of an expression of the few forms that the action has; any other fails the test.
    fn value(&self, expression: &str) -> String {
        if let Some((left, right)) = expression.split_once(" == ") {
            return (self.value(left) == right.trim_matches('\'')).to_string();
        }
        match expression.split('.').collect::<Vec<_>>()[..] {
            ["inputs", name] => self.inputs[name].clone(),
            ["steps", id, "outputs", key] => {
                self.outputs.get(&format!("{id}.{key}")).cloned().unwrap_or_default()
            }
            ["runner", "temp"] => self.temp().display().to_string(),
            ["runner", "os" | "arch"] => "here".to_owned(),
            _ => panic!("unknown expression `{expression}`"),
        }
    }

    fn temp(&self) -> PathBuf {
        self.folder.0.join("runner temp")
    }

    fn expand(&self, text: &str) -> String {
        let mut parts = text.split("${{");
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            let (expression, rest) = part.split_once("}}").unwrap();
            out += &self.value(expression.trim());
            out += rest;
        }
        out
    }

    /// Runs all steps, up to the first that fails; its exit code.
    fn run(&mut self) -> i32 {
        std::fs::create_dir_all(self.temp()).unwrap();
        for step in yaml("action.yml")["runs"]["steps"].as_array().unwrap() {
            if step["if"].as_str().is_some_and(|when| self.expand(when) != "true") {
                continue;
            }
            let Some(script) = step["run"].as_str() else {
                assert!(step["uses"].as_str().unwrap().starts_with("actions/cache@"));
                step["with"].as_object().unwrap().values().for_each(|value| {
                    assert!(!self.expand(value.as_str().unwrap()).is_empty());
                });
                continue;
            };
            assert!(!script.contains("${{"), "words of the user are no part of a script");
            let run = self.step(script, &step["env"]);
            self.log += &(String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr));
            self.take_outputs(step["id"].as_str());
            if !run.status.success() {
                return run.status.code().unwrap();
            }
        }
        0
    }

    /// As the service runs `shell: bash`.
    fn step(&self, script: &str, env: &Value) -> Output {
        self.folder.write("step.sh", script.as_bytes());
        self.folder.write("outputs", b"");
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(self.folder.0.join("step.sh"));
        command.current_dir(&self.folder.0).env("GITHUB_OUTPUT", self.folder.0.join("outputs"));
        command.env("GITHUB_ACTION_PATH", root()).env("RUNNER_TEMP", self.temp());
        if let Some(tools) = &self.tools {
            command.env("PATH", format!("{}:{}", tools.display(), std::env::var("PATH").unwrap()));
        }
        for (name, value) in env.as_object().into_iter().flatten() {
            command.env(name, self.expand(value.as_str().unwrap()));
        }
        command.output().unwrap()
    }

    fn take_outputs(&mut self, id: Option<&str>) {
        let written = self.folder.read("outputs");
        for (key, value) in written.lines().map(|line| line.split_once('=').unwrap()) {
            self.outputs.insert(format!("{}.{key}", id.unwrap()), value.to_owned());
        }
    }

    fn output(&self, name: &str) -> String {
        self.expand(yaml("action.yml")["outputs"][name]["value"].as_str().unwrap())
    }
}

#[test]
fn findings_are_shown_written_and_fail_the_job_if_they_shall() {
    let folder = Folder::with(&[("my rules/wrong.yml", WRONG), ("conf.yml", "validators: [nothing]\n")]);
    let check = |inputs: &[(&str, &str)], code: i32, exit_code: &str, log: &str| {
        let inputs: Vec<_> = inputs.iter().copied().chain([("binary", SIGYN)]).collect();
        let mut job = Job::new(&folder, &inputs);
        assert_eq!(job.run(), code, "{}", job.log);
        assert_eq!(job.output("exit-code"), exit_code, "{}", job.log);
        assert!(job.log.contains(log), "{}", job.log);
        job
    };
    let shown = "::warning file=my rules/wrong.yml,line=8,";
    check(&[("rules", "my rules")], 1, "1", shown);
    check(&[("rules", "my rules"), ("fail", "false")], 0, "1", shown);
    check(&[("rules", "my rules"), ("annotations", "false")], 1, "1", "warning[S8307]");
    check(&[("rules", "my rules"), ("args", "--exclude\nunknown-field\n")], 0, "0", "sigyn ");
    check(&[("rules", "my rules/wrong.yml\nmy rules"), ("target", "nothing")], 2, "2", "`nothing`");
    // A wrong call fails, whatever is said of findings.
    check(
        &[("rules", "my rules"), ("config", "conf.yml"), ("fail", "false")],
        2,
        "2",
        "there is no check `nothing`",
    );
    check(&[("rules", "gone")], 2, "2", "`gone`");
    let job = check(&[("rules", "my rules"), ("sarif", "out.sarif")], 1, "1", shown);
    assert_eq!(job.output("sarif"), "out.sarif");
    let sarif: Value = serde_json::from_str(&folder.read("out.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(!sarif["runs"][0]["results"].as_array().unwrap().is_empty());
    // Words of the user stay words.
    check(
        &[("rules", "my rules"), ("args", "--exclude=$(touch pwned); touch pwned")],
        2,
        "2",
        "there is no check",
    );
    check(&[("rules", "$(touch pwned)\n--help")], 2, "2", "`--help`");
    assert!(!folder.0.join("pwned").exists());
}

/// A `cargo` that writes down its words and puts the binary where the real one would.
fn fake_cargo(folder: &Folder, target: &str) -> PathBuf {
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> '{}/calls'\nmkdir -p \"$(dirname '{target}')\"\nln -sf '{SIGYN}' '{target}'\n",
        folder.0.display()
    );
    folder.write("tools/cargo", script.as_bytes());
    let path = folder.0.join("tools/cargo");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder.0.join("tools")
}

#[test]
fn the_action_builds_what_it_does_not_find() {
    let folder = Folder::with(&[("rules/wrong.yml", WRONG)]);
    let mut job = Job::new(&folder, &[]);
    let built = job.temp().join("sigyn/bin/sigyn");
    job.tools = Some(fake_cargo(&folder, built.to_str().unwrap()));
    assert_eq!(job.run(), 1, "{}", job.log);
    assert_eq!(job.outputs["source.key"].len(), 40);
    let calls = folder.read("calls");
    assert!(
        calls.starts_with("install --quiet --locked --path ") && calls.contains("crates/cli --root "),
        "{calls}"
    );
    // The second time it is there.
    assert_eq!(job.run(), 1, "{}", job.log);
    assert_eq!(folder.read("calls"), calls);
}

#[test]
fn every_input_is_described() {
    let page = std::fs::read_to_string(root().join("docs/ci.md")).unwrap();
    for (name, input) in yaml("action.yml")["inputs"].as_object().unwrap() {
        let default = input["default"].as_str().unwrap();
        let row = match default {
            "" => format!("| `{name}` | | "),
            default => format!("| `{name}` | `{default}` | "),
        };
        assert!(page.contains(&row), "{row}");
        assert!(!input["description"].as_str().unwrap().is_empty());
    }
}

fn hook(id: &str) -> Value {
    let hooks = yaml(".pre-commit-hooks.yaml");
    hooks.as_array().unwrap().iter().find(|hook| hook["id"] == id).unwrap().clone()
}

#[test]
fn the_hook_builds_once_and_checks() {
    let folder = Folder::with(&[("rules/wrong.yml", WRONG)]);
    let hook = hook("sigyn-check");
    let (script, words) = hook["entry"].as_str().unwrap().split_once(' ').unwrap();
    // A checkout of this repository, as far as the hook needs it.
    let checkout = folder.0.join("checkout");
    folder.write(&format!("checkout/{script}"), &std::fs::read(root().join(script)).unwrap());
    let built = checkout.join("target/release/sigyn");
    let tools = fake_cargo(&folder, built.to_str().unwrap());
    let run = || {
        let mut command = Command::new("bash");
        command.arg(checkout.join(script)).args(words.split(' ')).current_dir(&folder.0);
        command.args(hook["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()));
        command.env("PATH", format!("{}:{}", tools.display(), std::env::var("PATH").unwrap()));
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let first = run();
    assert!(first.0 == Some(1) && first.1.contains("warning[S8307]"), "{first:?}");
    let calls = folder.read("calls");
    assert!(calls.starts_with("build --quiet --release --locked --package sigyn-cli "), "{calls}");
    assert_eq!((run(), folder.read("calls")), (first, calls));
}

fn git(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(words).current_dir(folder);
    command.output().unwrap()
}

/// Makes a folder a repository with one commit; the commit.
fn commit(folder: &Path) -> String {
    for words in [&["init", "-q"][..], &["add", "--all", "--force"], &["commit", "-q", "-m", "first"]] {
        let run = git(folder, words);
        assert!(run.status.success(), "{words:?}: {}", String::from_utf8_lossy(&run.stderr));
    }
    String::from_utf8(git(folder, &["rev-parse", "HEAD"]).stdout).unwrap().trim().to_owned()
}

#[test]
fn pre_commit_runs_the_hook() {
    let has = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !has("pre-commit") || !has("git") {
        eprintln!("skipped: pre-commit is not installed");
        return;
    }
    let folder = Folder::with(&[("work/rules/wrong.yml", WRONG), ("work/notes.txt", "-")]);
    for name in [".pre-commit-hooks.yaml", "tools/pre-commit.sh"] {
        folder.write(&format!("hooks/{name}"), &std::fs::read(root().join(name)).unwrap());
    }
    let script = folder.0.join("hooks/tools/pre-commit.sh");
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let revision = commit(&folder.0.join("hooks"));
    let config = format!(
        "repos:\n  - repo: {}\n    rev: {revision}\n    hooks:\n      - id: sigyn-check\n",
        folder.0.join("hooks").display()
    );
    folder.write("work/.pre-commit-config.yaml", config.as_bytes());
    commit(&folder.0.join("work"));
    let run = || {
        let mut command = Command::new("pre-commit");
        command.args(["run", "--all-files", "--color", "never"]).current_dir(folder.0.join("work"));
        command.env("PRE_COMMIT_HOME", folder.0.join("home")).env("SIGYN", SIGYN);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = run();
    assert!(code == Some(1) && said.contains("Failed") && said.contains("warning[S8307]"), "{said}");
    folder.write("work/rules/wrong.yml", WRONG.replace("CmdLine", "CommandLine").as_bytes());
    let (code, said) = run();
    assert!(code == Some(0) && said.contains("Passed"), "{said}");
}
