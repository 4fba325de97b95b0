//! `sigyn check --watch`, run as a program while files change under it.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use common::Folder;

/// How long a state may take to come: much longer than it does, so that a busy machine does not matter.
const PATIENCE: Duration = Duration::from_secs(60);
/// Ends the standard error of each state.
const END: &str = "; Ctrl-C ends";

struct Watch {
    child: Child,
    stderr: Receiver<String>,
}

impl Watch {
    fn of(folder: &Folder, words: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sigyn"))
            .args(words.split_whitespace())
            .current_dir(&folder.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, stderr) = mpsc::channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, stderr }
    }

    /// Waits for a state whose summary holds a text. A state between may have been printed: files change one by one.
    fn until(&self, expect: &str) {
        let mut seen = String::new();
        loop {
            match self.stderr.recv_timeout(PATIENCE) {
                Ok(line) if line.ends_with(END) && seen.contains(expect) => return,
                Ok(line) if line.ends_with(END) => seen.clear(),
                Ok(line) => seen += &(line + "\n"),
                Err(error) => panic!("no `{expect}` came ({error}); last: {seen}"),
            }
        }
    }

    /// Sends Ctrl-C; the exit code and all of standard output.
    fn stop(mut self) -> (Option<i32>, String) {
        let told = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        (self.child.wait().unwrap().code(), stdout)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn rule(title: &str, id: char, more: &str) -> String {
    format!(
        "title: {title}\nid: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a1{id}\n{more}logsource:\n    product: x\ndetection:\n    a:\n        \
         b: c{id}\n    condition: a\n"
    )
}

const CHECK: &str = "check --watch --select id-used-twice";

#[test]
fn each_change_gives_a_new_state() {
    let folder = Folder::with(&[("r/a.yml", &rule("One", '1', "")), ("r/readme.txt", "-")]);
    let watch = Watch::of(&folder, &format!("{CHECK} r"));
    watch.until("1 rule: 0 errors, 0 warnings");
    // Another rule with the same id, in a new folder: both have the finding.
    folder.write("r/new/b.yml", rule("Two", '1', "").as_bytes());
    watch.until("2 rules: 0 errors, 2 warnings");
    folder.write("r/new/b.yml", rule("Two", '2', "").as_bytes());
    watch.until("2 rules: 0 errors, 0 warnings");
    // As editors save: another file takes its place.
    folder.write("r/new/b.yml~", b"title: [");
    std::fs::rename(folder.0.join("r/new/b.yml~"), folder.0.join("r/new/b.yml")).unwrap();
    watch.until("1 rule: 1 error, 0 warnings");
    // A correlation of a rule in another file, which then goes away.
    let correlation = "title: Three\ncorrelation:\n    type: event_count\n    rules: [one]\n    timespan: 1m\n    group-by: [x]\n    \
                       condition: {gte: 2}\n";
    folder.write("r/a.yml", rule("One", '1', "name: one\n").as_bytes());
    folder.write("r/new/b.yml", correlation.as_bytes());
    watch.until("2 rules: 0 errors, 0 warnings");
    std::fs::remove_file(folder.0.join("r/a.yml")).unwrap();
    watch.until("1 rule: 1 error, 0 warnings");
    let (code, stdout) = watch.stop();
    assert_eq!(code, Some(1), "the last state has an error");
    assert_eq!(stdout.matches("warning[S8801]").count(), 2, "{stdout}");
    assert!(!stdout.contains('\x1b'), "nothing is cleared that is no terminal");
}

#[test]
fn a_single_file_is_watched_through_replacement_and_the_code_is_that_of_the_last_state() {
    let folder = Folder::with(&[("a.yml", "title: [")]);
    let watch = Watch::of(&folder, &format!("{CHECK} a.yml"));
    watch.until("0 rules: 1 error");
    folder.write("b.tmp", rule("One", '1', "").as_bytes());
    std::fs::rename(folder.0.join("b.tmp"), folder.0.join("a.yml")).unwrap();
    watch.until("1 rule: 0 errors");
    assert_eq!(watch.stop().0, Some(0));
}

#[test]
fn what_cannot_be_watched_is_said() {
    let folder = Folder::with(&[]);
    assert_eq!(folder.run(&format!("{CHECK} gone.yml")).code, 2);
    assert_eq!(folder.run(&format!("{CHECK} -")).code, 2);
    assert_eq!(folder.run("check --watch --fix .").code, 2);
}
