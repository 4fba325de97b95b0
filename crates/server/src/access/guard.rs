//! The guard in front of all endpoints.

use std::collections::HashMap;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::caller::{Caller, client_of};
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::shape::Scope;

/// The header that requests of the page carry when they change something. Another site cannot send it without being
/// asked about it first (CORS), and is never allowed.
const HEADER: &str = "x-sigyn-request";

/// What each endpoint asks for, as its description says.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    by_endpoint: HashMap<(Method, String), Need>,
}

/// What an endpoint asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Need {
    /// Nothing.
    Open,
    /// A caller who is known and has all of these.
    Scopes(Vec<Scope>),
}

impl Doors {
    /// Reads the document. What it does not say is closed.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let json = serde_json::to_value(document).unwrap_or_default();
        let mut doors = Self::default();
        for (path, item) in json["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let Ok(method) = Method::from_bytes(method.to_ascii_uppercase().as_bytes()) else { continue };
                if let Some(need) = need(&operation["security"]) {
                    doors.by_endpoint.insert((method, path.clone()), need);
                }
            }
        }
        doors
    }

    fn need(&self, method: &Method, path: &str) -> Option<&Need> {
        // Whoever may GET may ask for the headers alone.
        let method = if method == Method::HEAD { Method::GET } else { method.clone() };
        self.by_endpoint.get(&(method, path.to_owned()))
    }
}

/// The requirements of an operation: `[{}]` is open, `[{"session": [...]}, {"key": [...]}]` asks for scopes.
fn need(security: &Value) -> Option<Need> {
    let first = security.as_array()?.first()?.as_object()?;
    let Some((_, scopes)) = first.iter().next() else { return Some(Need::Open) };
    let scopes = scopes.as_array()?.iter().map(|scope| Scope::parse(scope.as_str()?));
    // A scope that is not known closes the endpoint.
    scopes.collect::<Option<Vec<Scope>>>().map(Need::Scopes)
}

/// Lets a request through to its endpoint, with who calls, or answers why not.
pub(crate) async fn guard(
    State(app): State<App>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Answer<Response> {
    let need = app.doors().need(request.method(), path.as_str()).cloned();
    let Some(need) = need else { return Err(Problem::forbidden("nobody may call this")) };
    let client = client_of(request.extensions());
    if let Need::Scopes(scopes) = need {
        let caller =
            Caller::of(&app, request.headers(), client).await?.ok_or_else(Problem::unauthenticated)?;
        if caller.session.is_some() {
            check_origin(request.method(), request.headers())?;
        }
        if let Some(missing) = scopes.iter().find(|scope| !caller.may(**scope)) {
            return Err(Problem::forbidden(format!("this needs the scope `{}`", missing.name())));
        }
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

/// Finds out who sends a request that names no scopes in the document. It gives a future that does not hold the request: bodies
/// are not shared between threads.
pub(crate) fn identify(app: &App, request: &Request) -> impl Future<Output = Answer<Caller>> + Send + use<> {
    let (app, client) = (app.clone(), client_of(request.extensions()));
    let (method, headers) = (request.method().clone(), request.headers().clone());
    async move {
        let caller = Caller::of(&app, &headers, client).await?.ok_or_else(Problem::unauthenticated)?;
        if caller.session.is_some() {
            check_origin(&method, &headers)?;
        }
        Ok(caller)
    }
}

/// Refuses a change that another site makes a browser ask for.
fn check_origin(method: &Method, headers: &HeaderMap) -> Answer<()> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let is_own = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    if is_own && headers.contains_key(HEADER) {
        return Ok(());
    }
    Err(Problem::forbidden(format!("changes in a session need the header `{HEADER}`, from the page itself")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_description_asks_for() {
        let check = |text: &str, expect: Option<Need>| {
            assert_eq!(need(&serde_json::from_str(text).unwrap()), expect, "{text}");
        };
        check("[{}]", Some(Need::Open));
        check(r#"[{"session":["read"]},{"key":["read"]}]"#, Some(Need::Scopes(vec![Scope::Read])));
        check(r#"[{"session":[]}]"#, Some(Need::Scopes(Vec::new())));
        check(r#"[{"session":["everything"]}]"#, None);
        check("[]", None);
        check("null", None);
    }
}
