//! What shippers made for Elasticsearch and OpenSearch call: `_bulk`, and what they ask for before.
//!
//! It is a compatible endpoint, not Elasticsearch: the header `X-Elastic-Product` is on its answers because official clients
//! refuse to talk without it. A document that is acknowledged is on disk. Overload is 429 for the whole request and never for
//! a single item, because some clients take an item's 429 for done. What cannot be read as an event is taken
//! (201) and shows among the dead letters, so that one bad line can neither be lost nor come again for ever.

mod bulk;
mod stubs;

pub(crate) use stubs::Kept;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};

use crate::access::identify;
use crate::app::App;
use crate::problem::Problem;
use crate::shape::Scope;

/// The endpoints, at the root and below `/es` and `/os`; the latter says that it is OpenSearch.
pub(crate) fn routes(app: &App) -> Router<App> {
    let own = Router::new()
        .route("/_bulk", post(bulk::bulk).put(bulk::bulk))
        .route("/{index}/_bulk", post(bulk::bulk_of).put(bulk::bulk_of))
        .route("/{index}/_doc", post(bulk::one))
        .route("/{index}/_doc/{id}", post(bulk::one_named).put(bulk::one_named))
        .route("/{index}/_create/{id}", post(bulk::one_named).put(bulk::one_named))
        .route("/_license", get(stubs::license))
        .route("/_xpack", get(stubs::xpack))
        .route("/_cluster/health", get(stubs::health))
        .route("/_cluster/settings", any(stubs::settings))
        .route("/_nodes/http", get(stubs::nodes))
        .route("/_cat/{*rest}", get(stubs::cat))
        .route("/_ilm/policy", get(stubs::empty))
        .route("/_ilm/policy/{name}", any(stubs::kept))
        .route("/_index_template/{name}", any(stubs::kept))
        .route("/_component_template/{name}", any(stubs::kept))
        .route("/_template/{name}", any(stubs::kept))
        .route("/_ingest/pipeline/{name}", any(stubs::kept))
        .route("/_data_stream/{name}", any(stubs::kept))
        .route("/_alias/{name}", any(stubs::kept))
        .route("/_aliases", any(stubs::acknowledged));
    let banner = |is_open_search: bool| get(move || stubs::banner(is_open_search));
    Router::new()
        .merge(own.clone())
        .nest("/es", own.clone())
        .nest("/os", own)
        .route("/es", banner(false))
        .route("/es/", banner(false))
        .route("/os", banner(true))
        .route("/os/", banner(true))
        .route_layer(middleware::from_fn_with_state(app.clone(), guard))
}

/// Lets through who may send events.
async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let (echoed, is_held) = (media_type(&request), bulk::drops_what_is_refused(request.headers()));
    let caller = loop {
        let asked = identify(&app, &request);
        match asked.await {
            // Who calls cannot be looked up now, because the disk is full: that is no document's fault either.
            Err(problem) if is_held && bulk::is_passing(&problem) => tokio::time::sleep(bulk::HELD_FOR).await,
            caller => break caller,
        }
    };
    let mut response = match caller {
        Ok(caller) if caller.may(Scope::Ingest) => next.run(request).await,
        Ok(_) => Problem::forbidden("this needs the scope `ingest`").into_response(),
        Err(problem) => problem.into_response(),
    };
    dress(response.headers_mut(), echoed);
    response
}

/// The banner at the root, for callers that are no browsers.
pub(crate) async fn root(app: App, request: Request) -> Response {
    let (caller, echoed) = (identify(&app, &request), media_type(&request));
    let mut response = match caller.await {
        Ok(_) => stubs::banner(false).await.into_response(),
        Err(problem) => problem.into_response(),
    };
    dress(response.headers_mut(), echoed);
    response
}

/// The media type that clients of version 8 and later want to see again.
fn media_type(request: &Request) -> Option<HeaderValue> {
    let accept = request.headers().get(header::ACCEPT)?.to_str().ok()?;
    let own = accept.split(',').map(str::trim).find(|kind| kind.contains("compatible-with="))?;
    HeaderValue::from_str(&own.replace("x-ndjson", "json")).ok()
}

fn dress(headers: &mut axum::http::HeaderMap, echoed: Option<HeaderValue>) {
    headers.insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
    if let Some(kind) = echoed
        && headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json")
    {
        headers.insert(header::CONTENT_TYPE, kind);
    }
}
