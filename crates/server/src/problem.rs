//! Errors as clients see them: problem documents of RFC 9457.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a call has failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of problem: a word that stays, behind `urn:sigyn:problem:`.
    #[serde(rename = "type")]
    #[schema(example = "urn:sigyn:problem:conflict")]
    kind: String,
    /// The kind in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// In how many seconds it may be tried again.
    #[serde(skip)]
    retry_after: Option<u32>,
}

/// What handlers return.
pub(crate) type Answer<T> = Result<T, Problem>;

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &'static str) -> Self {
        let kind = format!("urn:sigyn:problem:{kind}");
        Self { kind, title, status: status.as_u16(), detail: None, retry_after: None }
    }

    fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Nobody is known to call.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "log in or send an API key")
    }

    /// Who calls may not.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "this is not allowed").because(detail)
    }

    /// What is named is not there.
    pub(crate) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "missing", "there is no such thing").because(detail)
    }

    /// The call has no meaning.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", "the request has no meaning").because(detail)
    }

    /// Somebody else was faster.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "it has changed meanwhile").because(detail)
    }

    /// Too much at once.
    pub(crate) fn too_many(detail: impl Into<String>, retry_after: u32) -> Self {
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "too much at once");
        problem.retry_after = Some(retry_after);
        problem.because(detail)
    }

    /// More than is taken.
    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "too much in one request").because(detail)
    }

    /// The body did not come in time.
    pub(crate) fn slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "slow", "the request did not come to its end in time")
    }

    /// Nothing can be stored now.
    pub(crate) fn full(detail: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "full", "there is no space left");
        problem.retry_after = Some(30);
        problem.because(detail)
    }

    /// A defect, or a disk that fails. What it was is not told to clients.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong inside")
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// In how many seconds it may be tried again.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// What went wrong, in words.
    pub(crate) fn words(&self) -> &str {
        self.detail.as_deref().unwrap_or(self.title)
    }
}

impl From<sigyn_store::Error> for Problem {
    fn from(error: sigyn_store::Error) -> Self {
        match () {
            () if error.is_missing() => Self::missing(error.to_string()),
            () if error.is_conflict() => Self::conflict(error.to_string()),
            () if error.is_too_large() => Self::too_large(error.to_string()),
            () if error.is_invalid() => Self::invalid(error.to_string()),
            () if error.is_overloaded() => Self::too_many(error.to_string(), 1),
            () if error.is_full() => Self::full(error.to_string()),
            () => Self::internal(),
        }
    }
}

impl From<sigyn_node::Error> for Problem {
    fn from(error: sigyn_node::Error) -> Self {
        match error.store() {
            Some(store) if store.is_overloaded() => Self::too_many(store.to_string(), 1),
            Some(store) if store.is_full() => Self::full(store.to_string()),
            Some(store) if store.is_too_large() => Self::too_large(store.to_string()),
            Some(store) if store.is_conflict() => Self::conflict(store.to_string()),
            _ if error.is_overloaded() => Self::too_many(error.to_string(), 60),
            _ if error.is_conflict() => Self::conflict(error.to_string()),
            _ if error.is_missing() => Self::missing(error.to_string()),
            _ if error.is_invalid() => Self::invalid(error.to_string()),
            _ => Self::internal(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status(), self.retry_after);
        let mut response = (status, Json(self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            // Basic would make browsers ask for a password by themselves.
            let how = HeaderValue::from_static("ApiKey realm=\"sigyn\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
        response
    }
}

/// Bytes of a refusal's words.
const WORDS_BYTES_MAX: usize = 4_096;

/// Refusals that come from below the handlers, of bodies and queries that cannot be read, as problem documents too.
pub(crate) async fn documented(response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !response.status().is_client_error() || !kind.is_some_and(|kind| kind.starts_with("text/plain")) {
        return response;
    }
    let status = response.status();
    let words = axum::body::to_bytes(response.into_body(), WORDS_BYTES_MAX).await.unwrap_or_default();
    let problem = Problem { status: status.as_u16(), ..Problem::invalid(String::from_utf8_lossy(&words)) };
    problem.into_response()
}
