//! What items may ask of the world outside, answered by the caller.

use sigyn_ir::Data;

/// Reads on behalf of a pipeline. Each answer is a text or the reason why there is none, in lower case and
/// without a full stop. The default of every method refuses.
pub trait Files: Send + Sync {
    /// The text of a file.
    fn read(&self, path: &str) -> Result<String, String> {
        Err(format!("reading `{path}` is switched off"))
    }

    /// The body that an HTTP request gives.
    fn fetch(&self, request: &HttpRequest) -> Result<String, String> {
        Err(format!("requesting `{}` is switched off", request.url))
    }

    /// What a command prints.
    fn run(&self, command: &Command) -> Result<String, String> {
        Err(format!("running `{}` is switched off", command.arguments.join(" ")))
    }

    /// Whether items may ask at all (`*_placeholders`); templates under `path` do not need this.
    fn allows_external(&self) -> bool {
        false
    }
}

/// Refuses everything.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {}

/// A request of `http_placeholders`.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpRequest {
    /// Where.
    pub url: String,
    /// `GET` unless the item says otherwise.
    pub method: String,
    /// How long the answer may take.
    pub timeout_seconds: u64,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// Parameters of the URL in order.
    pub params: Vec<(String, String)>,
    /// A form to send.
    pub form: Option<Data>,
    /// A JSON body to send.
    pub json: Option<Data>,
    /// The largest answer that is taken.
    pub body_bytes_max: u64,
}

/// A command of `command_placeholders`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// One element is a line for the shell, several are a program with its arguments.
    pub arguments: Vec<String>,
    /// Whether the command was written as one line for the shell.
    pub is_shell: bool,
    /// How long it may run.
    pub timeout_seconds: u64,
    /// The most it may print.
    pub stdout_bytes_max: u64,
}
