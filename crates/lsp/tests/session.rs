//! A whole session over a connection in memory: what an editor says and hears.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Memory, RULE};
use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};
use sigyn_lsp::server::{Ending, Options, serve};

/// Longest wait for a message; a test that fails must not hang.
const WAIT: Duration = Duration::from_secs(20);
const URI: &str = "file:///rules/windows/a.yml";

/// An editor.
struct Editor {
    connection: Connection,
    server: std::thread::JoinHandle<Ending>,
    next: i32,
    notes: Vec<Notification>,
    requests: Vec<Request>,
}

impl Editor {
    fn start(host: Arc<Memory>, capabilities: Value, options: Value) -> (Self, Value) {
        let (connection, theirs) = Connection::memory();
        let server = std::thread::spawn(move || serve(theirs, host, Options::default()));
        let mut editor = Self { connection, server, next: 0, notes: Vec::new(), requests: Vec::new() };
        // Whatever comes before it is refused or passed over.
        editor.note("textDocument/didOpen", json!({}));
        assert_eq!(editor.ask("textDocument/hover", json!({})).unwrap_err().0, -32002);
        let params = json!({"capabilities": capabilities, "processId": null, "initializationOptions": options,
            "workspaceFolders": [{"uri": "file:///rules", "name": "rules"}]});
        let result = editor.ask("initialize", params).unwrap();
        editor.note("initialized", json!({}));
        (editor, result)
    }

    fn note(&self, method: &str, params: Value) {
        let note = Notification { method: method.to_owned(), params };
        self.connection.sender.send(note.into()).unwrap();
    }

    fn send(&mut self, method: &str, params: Value) -> RequestId {
        self.next += 1;
        let id = RequestId::from(self.next);
        let request = Request { id: id.clone(), method: method.to_owned(), params };
        self.connection.sender.send(request.into()).unwrap();
        id
    }

    fn ask(&mut self, method: &str, params: Value) -> Result<Value, (i32, String)> {
        let id = self.send(method, params);
        self.answer(&id)
    }

    /// Waits for an answer, and keeps what else comes. Requests of the server are answered with nothing.
    fn answer(&mut self, id: &RequestId) -> Result<Value, (i32, String)> {
        loop {
            match self.connection.receiver.recv_timeout(WAIT).expect("an answer") {
                Message::Response(Response { id: found, response_result }) if found == *id => {
                    return response_result.map_err(|error| (error.code, error.message));
                }
                Message::Response(_) => {}
                Message::Notification(note) => self.notes.push(note),
                Message::Request(request) => {
                    self.connection
                        .sender
                        .send(Response::new_ok(request.id.clone(), Value::Null).into())
                        .unwrap();
                    self.requests.push(request);
                }
            }
        }
    }

    /// The next findings that are sent for a document, as `line:code`.
    fn findings(&mut self, uri: &str) -> Vec<String> {
        let is_it = |note: &Notification| {
            note.method == "textDocument/publishDiagnostics" && note.params["uri"] == uri
        };
        loop {
            if let Some(at) = self.notes.iter().position(is_it) {
                let note = self.notes.remove(at);
                let found = note.params["diagnostics"].as_array().unwrap().iter();
                return found
                    .map(|found| {
                        format!("{}:{}", found["range"]["start"]["line"], found["code"].as_str().unwrap())
                    })
                    .collect();
            }
            match self.connection.receiver.recv_timeout(WAIT).expect("findings") {
                Message::Notification(note) => self.notes.push(note),
                Message::Request(request) => {
                    self.connection
                        .sender
                        .send(Response::new_ok(request.id.clone(), Value::Null).into())
                        .unwrap();
                    self.requests.push(request);
                }
                Message::Response(_) => {}
            }
        }
    }

    fn open(&self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.note("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn change(&self, uri: &str, version: i32, changes: Value) {
        let document = json!({"uri": uri, "version": version});
        self.note("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    fn end(mut self) {
        self.ask("shutdown", Value::Null).unwrap();
        assert!(self.ask("textDocument/hover", json!({})).is_err(), "nothing is answered behind shutdown");
        self.note("exit", Value::Null);
        assert_eq!(self.server.join().unwrap(), Ending::Orderly);
    }
}

fn at(line: u32, character: u32) -> Value {
    json!({"line": line, "character": character})
}

fn place(uri: &str, line: u32, character: u32) -> Value {
    json!({"textDocument": {"uri": uri}, "position": at(line, character)})
}

/// The line of a text, from 0.
fn line(text: &str, part: &str) -> u32 {
    u32::try_from(text.lines().position(|line| line.contains(part)).unwrap()).unwrap()
}

#[test]
fn a_session_goes_well() {
    let host = Memory::new(&[("/rules/windows/a.yml", RULE)]);
    let (mut editor, result) = Editor::start(host, json!({}), Value::Null);
    assert_eq!(result["capabilities"]["positionEncoding"], "utf-16");
    assert_eq!(result["serverInfo"]["name"], "sigyn");
    editor.open(URI, RULE);
    let clean = editor.findings(URI);
    assert!(!clean.iter().any(|found| found.contains("unknown-field")), "{clean:?}");

    // A character of two units before the field: what stands behind it is still hit.
    let user = line(RULE, "User: 'x'");
    let change = json!([{"range": {"start": at(user, 14), "end": at(user, 17)}, "text": "'😀', Userr: x}"},
        {"range": {"start": at(user, 8), "end": at(user, 8)}, "text": "{"}]);
    editor.change(URI, 2, json!([{"range": {"start": at(user, 0), "end": at(user, 8)}, "text": "        "}]));
    editor.change(URI, 3, change);
    let text = RULE.replace("User: 'x'", "{User: '😀', Userr: x}");
    let found = editor.findings(URI);
    assert!(found.contains(&format!("{user}:unknown-field")), "{found:?}\n{text}");
    let hover = editor.ask("textDocument/hover", place(URI, user, 22)).unwrap();
    assert!(hover["contents"]["value"].as_str().unwrap().contains("Did you mean `User`"), "{hover}");
    assert_eq!(hover["range"]["start"]["character"], 21);

    let completion = editor.ask("textDocument/completion", place(URI, user, 24)).unwrap();
    assert!(completion["items"].as_array().unwrap().iter().any(|item| item["label"] == "CommandLine"));
    let condition = line(&text, "condition:");
    let definition = editor.ask("textDocument/definition", place(URI, condition, 45)).unwrap();
    assert_eq!(definition[0]["range"]["start"]["line"], line(&text, "filter_main_x:"));
    let renamed = editor.ask("textDocument/rename", {
        let mut params = place(URI, condition, 45);
        params["newName"] = "filter_main_y".into();
        params
    });
    assert_eq!(renamed.unwrap()["changes"][URI].as_array().unwrap().len(), 2);
    let refused = editor.ask("textDocument/rename", {
        let mut params = place(URI, condition, 45);
        params["newName"] = "selection_x".into();
        params
    });
    assert!(refused.unwrap_err().1.contains("selection_*"));
    let symbols = editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": URI}})).unwrap();
    assert_eq!(symbols[0]["name"], "Certutil Fetches A File");
    let range = json!({"start": at(user, 0), "end": at(user, 40)});
    let actions = editor.ask(
        "textDocument/codeAction",
        json!({"textDocument": {"uri": URI}, "range": range, "context": {"diagnostics": []}}),
    );
    let actions = actions.unwrap();
    assert!(
        actions.as_array().unwrap().iter().any(|action| action["title"] == "Allow unknown-field here"),
        "{actions}"
    );
    let preview = editor.ask(
        "workspace/executeCommand",
        json!({"command": "sigyn.convert", "arguments": [{"uri": URI, "target": "splunk"}]}),
    );
    assert!(preview.unwrap()["text"].as_str().unwrap().contains("urlcache"));
    let page = editor
        .ask("workspace/executeCommand", json!({"command": "sigyn.explain", "arguments": ["unknown-field"]}));
    assert!(page.unwrap().as_str().unwrap().starts_with("# unknown-field"));
    editor.note("textDocument/didClose", json!({"textDocument": {"uri": URI}}));
    assert_eq!(editor.findings(URI), Vec::<String>::new());
    editor.end();
}

#[test]
fn findings_follow_other_files() {
    let correlation = "title: Burst Of Certutil\nid: 6f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a12\ncorrelation:\n    type: event_count\n    rules:\n        - certutil\n    group-by:\n        - User\n    timespan: 5m\n    condition:\n        gte: 3\n";
    let host = Memory::new(&[]);
    let (mut editor, _) = Editor::start(host.clone(), json!({}), Value::Null);
    let uri = "file:///rules/b.yml";
    editor.open(uri, correlation);
    assert!(editor.findings(uri).contains(&"5:unknown-rule".to_owned()));
    host.write("/rules/windows/a.yml", RULE);
    editor.note("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": URI, "type": 1}]}));
    assert!(!editor.findings(uri).contains(&"5:unknown-rule".to_owned()));
    // The other document, changed in the editor, has its say at once.
    editor.open(URI, &RULE.replace("name: certutil", "name: other"));
    assert!(editor.findings(uri).contains(&"5:unknown-rule".to_owned()));
    editor.note("textDocument/didClose", json!({"textDocument": {"uri": URI}}));
    assert!(!editor.findings(uri).contains(&"5:unknown-rule".to_owned()));
    editor.end();
}

#[test]
fn folders_come_and_go() {
    let host = Memory::new(&[("/rules/windows/a.yml", RULE)]);
    let (mut editor, _) = Editor::start(host.clone(), json!({}), Value::Null);
    let named = |editor: &mut Editor, expect: usize| {
        let found = editor.ask("workspace/symbol", json!({"query": "certutil"})).unwrap();
        assert_eq!(found.as_array().unwrap().len(), expect, "{found}");
    };
    editor.open("file:///rules/open.yml", &RULE.replace("Certutil", "Another"));
    editor.findings("file:///rules/open.yml");
    // The word is in the name of the rule, which both have.
    named(&mut editor, 2);
    host.files.lock().unwrap().clear();
    editor.note(
        "workspace/didChangeWatchedFiles",
        json!({"changes": [{"uri": "file:///rules/windows", "type": 3}]}),
    );
    named(&mut editor, 1);
    host.write("/rules/new/b.yml", RULE);
    host.write("/rules/new/c.yml", RULE);
    editor.note(
        "workspace/didChangeWatchedFiles",
        json!({"changes": [{"uri": "file:///rules/new", "type": 1}]}),
    );
    editor.note("textDocument/didClose", json!({"textDocument": {"uri": "file:///rules/open.yml"}}));
    // What waits is read between messages.
    editor.open(URI, RULE);
    editor.findings(URI);
    named(&mut editor, 3);
    editor.end();
}

#[test]
fn settings_and_capabilities_are_respected() {
    let host = Memory::new(&[("/rules/checks.yml", "checks: {unknown-field: off}\n")]);
    let capabilities = json!({
        "general": {"positionEncodings": ["utf-16", "utf-8"]},
        "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}},
    });
    let options = json!({"validationConfig": "checks.yml", "docs": "https://example.com/docs"});
    let (mut editor, result) = Editor::start(host.clone(), capabilities, options);
    assert_eq!(result["capabilities"]["positionEncoding"], "utf-8");
    let text = RULE.replace("User: 'x'", "Userr: 'x'").replace("title: C", "title: Ä 😀 c");
    editor.open(URI, &text);
    let found = editor.findings(URI);
    assert!(!found.iter().any(|found| found.ends_with(":unknown-field")), "{found:?}");
    assert!(editor.requests.iter().any(|request| request.method == "client/registerCapability"));
    host.write("/rules/checks.yml", "checks: {unknown-field: error}\n");
    editor.note(
        "workspace/didChangeWatchedFiles",
        json!({"changes": [{"uri": "file:///rules/checks.yml", "type": 2}]}),
    );
    let found = editor.findings(URI);
    assert!(found.iter().any(|found| found.ends_with(":unknown-field")), "{found:?}");
    // Positions count bytes: `title: Ä 😀 ` has 14.
    let hover = editor.ask("textDocument/hover", place(URI, 0, 2)).unwrap();
    assert_eq!(hover["range"]["end"], at(0, 5));
    host.write("/rules/checks.yml", "checks: {nothing: error}\n");
    editor.note(
        "workspace/didChangeWatchedFiles",
        json!({"changes": [{"uri": "file:///rules/checks.yml", "type": 2}]}),
    );
    editor.ask("textDocument/hover", place(URI, 0, 2)).unwrap();
    assert!(editor.notes.iter().any(|note| note.method == "window/showMessage"));
    editor.end();
}

#[test]
fn what_makes_no_sense_is_refused_and_the_session_goes_on() {
    let (mut editor, _) = Editor::start(Memory::new(&[]), json!({}), Value::Null);
    assert_eq!(editor.ask("textDocument/hover", json!({"position": 1})).unwrap_err().0, -32602);
    assert_eq!(editor.ask("textDocument/nothing", json!({})).unwrap_err().0, -32601);
    assert_eq!(editor.ask("textDocument/hover", place("file:///none.yml", 1, 1)), Ok(Value::Null));
    assert!(editor.ask("workspace/executeCommand", json!({"command": "rm"})).is_err());
    assert!(editor.ask("workspace/executeCommand", json!({"command": "sigyn.convert", "arguments": [{"uri": "file:///none.yml", "target": "splunk"}]})).is_err());
    editor.note("textDocument/didChange", json!({"textDocument": 7}));
    editor.change("file:///none.yml", 1, json!([{"text": "x"}]));
    editor.open(URI, RULE);
    editor.change(
        URI,
        2,
        json!([{"range": {"start": at(999, 999), "end": at(0, 0)}, "text": "x"}, {"text": RULE}]),
    );
    assert_ne!(editor.ask("textDocument/hover", place(URI, 0, 1)), Ok(Value::Null));
    assert_eq!(editor.ask("textDocument/hover", place(URI, u32::MAX, u32::MAX)), Ok(Value::Null));
    editor.end();
}

#[test]
fn other_yaml_is_left_alone() {
    let (mut editor, _) = Editor::start(Memory::new(&[]), json!({}), Value::Null);
    let mut check = |text: &str, line: u32, is_ours: bool| {
        editor.open(URI, text);
        let found = editor.ask("textDocument/completion", place(URI, line, 0)).unwrap();
        assert_eq!(found["items"].as_array().is_some_and(|items| !items.is_empty()), is_ours, "{text}");
        editor.note("textDocument/didClose", json!({"textDocument": {"uri": URI}}));
    };
    check("", 0, true);
    check("title: x\n", 1, true);
    check("name: build\non: push\n", 2, false);
    check("services:\n    web:\n        image: x\n", 3, false);
    let long = "# 😀\n".repeat(sigyn_lsp::TEXT_BYTES_MAX / 6);
    check(&format!("{long}title: x\n"), 0, false);
    editor.open(URI, &format!("{long}services:\n"));
    let other = "file:///rules/long.yml";
    editor.open(other, &format!("{long}detection:\n"));
    assert_eq!(editor.findings(other), ["0:file-too-large"]);
    assert!(
        !editor.notes.iter().any(|note| note.params["uri"] == URI && note.params["diagnostics"] != json!([]))
    );
    editor.end();
}

#[test]
fn cancelled_requests_are_answered_as_such() {
    let (mut editor, _) = Editor::start(Memory::new(&[]), json!({}), Value::Null);
    editor.open(URI, RULE);
    // Whether the server has begun is a race; either way there is one answer, and the session goes on.
    let id = editor.send("textDocument/hover", place(URI, 0, 1));
    editor.note("$/cancelRequest", json!({"id": editor.next}));
    if let Err((code, _)) = editor.answer(&id) {
        assert_eq!(code, -32800);
    }
    editor.end();
}

#[test]
fn an_editor_that_goes_away_ends_the_session() {
    let (editor, _) = Editor::start(Memory::new(&[]), json!({}), Value::Null);
    editor.open(URI, RULE);
    let Editor { connection, server, .. } = editor;
    drop(connection);
    assert_eq!(server.join().unwrap(), Ending::Abandoned);
    let (editor, _) = Editor::start(Memory::new(&[]), json!({}), Value::Null);
    editor.note("exit", Value::Null);
    assert_eq!(editor.server.join().unwrap(), Ending::Abandoned);
}
