//! The protocol: one loop that takes messages, answers, and between them checks what changed and reads what waits.
//!
//! Everything happens on one thread, in steps of a few milliseconds, so there is nothing to lock and nothing to race. A
//! document is checked [`CHECK_DELAY`] after its first change that is not checked yet: typing neither floods the editor
//! nor starves the findings. Messages are taken in before one is answered, so that a request that was cancelled while it
//! waited costs nothing.

mod answers;
mod findings;
mod options;
mod shapes;
mod stdio;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, never, select};
use gen_lsp_types as lsp;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};
use sigyn_lint::Config;

pub use options::Options;

use crate::text::Change;
use crate::uri;
use crate::workspace::{Checked, Host, Workspace};

/// How long after a change a document is checked.
pub const CHECK_DELAY: Duration = Duration::from_millis(40);
/// How many waiting files are read between two looks at the messages: about five milliseconds.
const FILES_PER_STEP: usize = 32;

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The editor said `shutdown`, then `exit`.
    Orderly,
    /// The editor went away.
    Abandoned,
}

/// Speaks the protocol over standard input and output until the editor is done.
///
/// # Errors
/// What was no message of the protocol.
pub fn serve_stdio(host: Arc<dyn Host>, defaults: Options) -> Result<Ending, String> {
    let (connection, threads) = stdio::open();
    let ending = serve(connection, host, defaults);
    // The reader has ended too: it does so behind `exit`, at the end of its input, and at what it cannot read.
    threads.join().map_err(|error| error.to_string())?;
    Ok(ending)
}

/// Speaks the protocol over a connection until the editor is done.
pub fn serve(connection: Connection, host: Arc<dyn Host>, defaults: Options) -> Ending {
    let Some((id, params)) = begin(&connection) else { return Ending::Abandoned };
    let client = options::Client::read(&params);
    let answer = json!({
        "capabilities": options::capabilities(&client),
        "serverInfo": {"name": "sigyn", "version": env!("CARGO_PKG_VERSION")},
    });
    let mut server = Server::new(connection, host, client, defaults);
    server.send(Response::new_ok(id, answer).into());
    server.start(&params);
    server.run()
}

/// Waits for `initialize`. As the protocol asks, other requests before it are refused and notes are passed over.
fn begin(connection: &Connection) -> Option<(RequestId, Value)> {
    for message in &connection.receiver {
        match message {
            Message::Request(request) if request.method == "initialize" => {
                return Some((request.id, request.params));
            }
            Message::Request(request) => {
                let code = ErrorCode::ServerNotInitialized as i32;
                let refusal = Response::new_err(request.id, code, "`initialize` comes first".to_owned());
                connection.sender.send(refusal.into()).ok()?;
            }
            Message::Notification(note) if note.method == "exit" => return None,
            Message::Notification(_) | Message::Response(_) => {}
        }
    }
    None
}

/// An open document.
struct Open {
    uri: String,
    version: i32,
}

/// What an answer of the editor is to.
enum Asked {
    /// The settings.
    Settings,
    /// Nothing that matters.
    Other,
}

struct Server {
    connection: Connection,
    workspace: Workspace,
    client: options::Client,
    options: Options,
    open: BTreeMap<Arc<Path>, Open>,
    queue: VecDeque<Message>,
    /// Documents that changed since they were checked, and when they are due.
    dirty: BTreeSet<Arc<Path>>,
    due: Option<Receiver<Instant>>,
    checked: HashMap<Arc<Path>, Arc<Checked>>,
    /// What the editor was told last, as it was sent.
    published: HashMap<Arc<Path>, Value>,
    asked: HashMap<RequestId, Asked>,
    requests: i32,
    has_shut_down: bool,
    is_reading: bool,
}

impl Server {
    fn new(connection: Connection, host: Arc<dyn Host>, client: options::Client, options: Options) -> Self {
        let workspace = Workspace::new(host, client.encoding);
        Self {
            connection,
            workspace,
            client,
            options,
            open: BTreeMap::new(),
            queue: VecDeque::new(),
            dirty: BTreeSet::new(),
            due: None,
            checked: HashMap::new(),
            published: HashMap::new(),
            asked: HashMap::new(),
            requests: 0,
            has_shut_down: false,
            is_reading: false,
        }
    }

    fn start(&mut self, params: &Value) {
        for folder in options::folders(params) {
            self.workspace.add_folder(folder);
        }
        let settings = params.get("initializationOptions").cloned().unwrap_or_default();
        self.options.take(&settings);
        self.configure();
        self.is_reading = self.workspace.waiting() > 0;
    }

    /// The editor said `initialized`: from here on it may be asked for things.
    fn ready(&mut self) {
        if self.client.can_watch {
            let watchers = json!({"watchers": [{"globPattern": "**/*.{yml,yaml}"}]});
            let method = "workspace/didChangeWatchedFiles";
            let registration = json!({"id": "files", "method": method, "registerOptions": watchers});
            self.request("client/registerCapability", json!({"registrations": [registration]}), Asked::Other);
        }
        if self.is_reading {
            self.progress(json!({"kind": "begin", "title": "Sigyn reads the rules"}));
        }
    }

    fn run(&mut self) -> Ending {
        let inbox = self.connection.receiver.clone();
        loop {
            let is_closed = self.take_in(&inbox);
            if let Some(message) = self.queue.pop_front() {
                if let Some(ending) = self.handle(message) {
                    return ending;
                }
                continue;
            }
            if is_closed {
                return Ending::Abandoned;
            }
            if self.due.as_ref().is_some_and(|due| due.try_recv().is_ok()) {
                self.publish();
                continue;
            }
            if self.is_reading {
                self.read_on();
                continue;
            }
            let due = self.due.clone().unwrap_or_else(never);
            select! {
                recv(inbox) -> message => match message {
                    Ok(message) => self.queue.push_back(message),
                    Err(_) => return Ending::Abandoned,
                },
                recv(due) -> _ => self.publish(),
            }
        }
    }

    /// Takes in what has come; true if nothing more will. What is cancelled is answered at once.
    fn take_in(&mut self, inbox: &Receiver<Message>) -> bool {
        loop {
            match inbox.try_recv() {
                Ok(Message::Notification(note)) if note.method == "$/cancelRequest" => {
                    self.cancel(&note.params)
                }
                Ok(message) => self.queue.push_back(message),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    fn cancel(&mut self, params: &Value) {
        let Ok(id) = serde_json::from_value::<RequestId>(params.get("id").cloned().unwrap_or_default())
        else {
            return;
        };
        let waits = |message: &Message| matches!(message, Message::Request(request) if request.id == id);
        if let Some(at) = self.queue.iter().position(waits) {
            self.queue.remove(at);
            let code = ErrorCode::RequestCanceled as i32;
            self.send(Response::new_err(id, code, "cancelled".to_owned()).into());
        }
    }

    /// Reads some of the files that wait. When the last is read, findings about several files can be told.
    fn read_on(&mut self) {
        if !self.workspace.step(FILES_PER_STEP) {
            self.is_reading = false;
            self.progress(json!({"kind": "end"}));
            self.all_dirty();
        }
    }

    fn progress(&mut self, value: Value) {
        if !self.client.has_progress {
            return;
        }
        let token = "sigyn/reading";
        if value.get("kind").and_then(Value::as_str) == Some("begin") {
            self.request("window/workDoneProgress/create", json!({"token": token}), Asked::Other);
        }
        self.notify("$/progress", json!({"token": token, "value": value}));
    }

    fn handle(&mut self, message: Message) -> Option<Ending> {
        match message {
            Message::Request(request) if request.method == "shutdown" => {
                self.has_shut_down = true;
                self.send(Response::new_ok(request.id, Value::Null).into());
            }
            Message::Request(request) if self.has_shut_down => {
                let code = ErrorCode::InvalidRequest as i32;
                self.send(Response::new_err(request.id, code, "the server has shut down".to_owned()).into());
            }
            Message::Request(request) => self.answer(request),
            Message::Notification(note) if note.method == "exit" => {
                return Some(if self.has_shut_down { Ending::Orderly } else { Ending::Abandoned });
            }
            Message::Notification(note) => {
                // A defect of ours costs this message, not the session.
                let outcome = catch_unwind(AssertUnwindSafe(|| self.take_note(note)));
                if outcome.is_err() {
                    self.show("a defect in Sigyn: a message was lost");
                }
            }
            Message::Response(response) => {
                if let (Some(Asked::Settings), Ok(Value::Array(settings))) =
                    (self.asked.remove(&response.id), response.response_result)
                    && let Some(settings) = settings.first()
                {
                    self.options.take(settings);
                    self.configure();
                }
            }
        }
        None
    }

    fn answer(&mut self, request: Request) {
        let Request { id, method, params } = request;
        let outcome = catch_unwind(AssertUnwindSafe(|| self.request_answer(&method, params)));
        let response = match outcome {
            Ok(Ok(result)) => Response::new_ok(id, result),
            Ok(Err((code, message))) => Response::new_err(id, code as i32, message),
            Err(_) => Response::new_err(
                id,
                ErrorCode::InternalError as i32,
                format!("a defect in Sigyn ({method})"),
            ),
        };
        self.send(response.into());
    }

    fn take_note(&mut self, note: Notification) {
        let Notification { method, params } = note;
        match method.as_str() {
            "initialized" => self.ready(),
            "textDocument/didOpen" => {
                let Some(lsp::DidOpenTextDocumentParams { text_document: document }) = read(params) else {
                    return;
                };
                let path = path_of(document.uri.as_ref());
                self.workspace.open(&path, &document.text);
                let open = Open { uri: document.uri.0, version: document.version };
                self.open.insert(path.clone(), open);
                self.changed(&path);
            }
            "textDocument/didChange" => {
                let Some(params) = read::<lsp::DidChangeTextDocumentParams>(params) else { return };
                let document = params.text_document;
                let path = path_of(document.text_document_identifier.uri.as_ref());
                let changes: Vec<Change> = params.content_changes.into_iter().map(shapes::change).collect();
                if self.workspace.change(&path, &changes) {
                    if let Some(open) = self.open.get_mut(&path) {
                        open.version = document.version;
                    }
                    self.changed(&path);
                }
            }
            "textDocument/didClose" => {
                let Some(params) = read::<lsp::DidCloseTextDocumentParams>(params) else { return };
                let path = path_of(params.text_document.uri.as_ref());
                self.workspace.close(&path);
                self.forget(&path);
                self.changed(&path);
            }
            "workspace/didChangeWatchedFiles" => {
                let Some(params) = read::<lsp::DidChangeWatchedFilesParams>(params) else { return };
                self.files_changed(
                    params.changes.iter().filter_map(|change| uri::to_path(change.uri.as_ref())),
                );
            }
            "workspace/didChangeWorkspaceFolders" => {
                let Some(params) = read::<lsp::DidChangeWorkspaceFoldersParams>(params) else { return };
                let paths = |folders: &[lsp::WorkspaceFolder]| -> Vec<PathBuf> {
                    folders.iter().filter_map(|folder| uri::to_path(folder.uri.as_ref())).collect()
                };
                paths(&params.event.removed).iter().for_each(|folder| self.workspace.remove_folder(folder));
                paths(&params.event.added).into_iter().for_each(|folder| self.workspace.add_folder(folder));
                self.is_reading = self.workspace.waiting() > 0;
                self.all_dirty();
            }
            "workspace/didChangeConfiguration" => {
                if self.client.has_settings {
                    let params = json!({"items": [{"section": "sigyn"}]});
                    self.request("workspace/configuration", params, Asked::Settings);
                } else if let Some(settings) = params.get("settings") {
                    self.options.take(settings.get("sigyn").unwrap_or(settings));
                    self.configure();
                }
            }
            _ => {}
        }
    }

    /// Files were written, made or removed outside the editor.
    fn files_changed(&mut self, paths: impl Iterator<Item = PathBuf>) {
        let config = self.config_path();
        for path in paths {
            if config.as_deref() == Some(&path) {
                self.configure();
            }
            self.workspace.changed_on_disk(&path);
        }
        self.is_reading |= self.workspace.waiting() > 0;
        self.all_dirty();
    }

    fn config_path(&self) -> Option<PathBuf> {
        let path = PathBuf::from(self.options.validation_config.as_ref()?);
        Some(self.workspace.absolute(path))
    }

    /// Reads the configuration of checks that the options name.
    fn configure(&mut self) {
        let config = match self.config_path() {
            None => Ok(Config::all()),
            Some(path) => self.workspace.host().read(&path).and_then(|text| {
                Config::from_yaml(sigyn_diagnostics::SourceId::default(), &text).map_err(|found| {
                    found.into_iter().map(|found| found.message).collect::<Vec<_>>().join("; ")
                })
            }),
        };
        match config {
            Ok(config) => self.workspace.configure(config),
            Err(why) => self.show(&format!("the configuration of checks is not used: {why}")),
        }
        self.all_dirty();
    }

    fn show(&self, message: &str) {
        self.notify("window/showMessage", json!({"type": 2, "message": format!("Sigyn: {message}")}));
    }

    fn notify(&self, method: &str, params: Value) {
        self.send(Notification { method: method.to_owned(), params }.into());
    }

    fn request(&mut self, method: &str, params: Value, asked: Asked) {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        self.asked.insert(id.clone(), asked);
        self.send(Request { id, method: method.to_owned(), params }.into());
    }

    /// A message to an editor that has gone is lost; the loop ends when it looks for the next one.
    fn send(&self, message: Message) {
        let _ = self.connection.sender.send(message);
    }
}

/// The key of a document: its path, or its address if it is no file.
fn path_of(uri: &str) -> Arc<Path> {
    uri::to_path(uri).unwrap_or_else(|| PathBuf::from(uri)).into()
}

fn read<T: serde::de::DeserializeOwned>(params: Value) -> Option<T> {
    serde_json::from_value(params).ok()
}
