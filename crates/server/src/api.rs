//! The endpoints, one file each for what belongs together, and the document made from them.

mod alert_rules;
mod attack;
mod audit;
mod backup;
mod bulk;
mod chains;
mod channels;
mod dead_letters;
mod deliveries;
mod documents;
mod events;
mod health;
mod hunts;
mod keys;
mod metrics;
mod overview;
mod policies;
mod response;
mod rules;
mod session;
mod settings;
mod setup;
mod signal;
mod signals;
mod silences;
mod sources;
mod storage;
mod stream;
mod users;

use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
pub(crate) use events::source_name;

/// What stands at the top of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sigyn",
        version = "1",
        description = "Signals, rules, sources and everything else that `sigyn serve` knows.\n\nA page calls with the cookie of a \
                       session and, to change something, with the header `X-Sigyn-Request: 1`; a program with \
                       `Authorization: ApiKey <base64 of id:secret>`. Each operation names the scopes it asks for. \
                       Errors are `application/problem+json`. Lists come in pages: `next` of one is `cursor` of the following.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Schemes)
)]
struct Api;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let cookie = ApiKeyValue::with_description(crate::access::COOKIE, "who has logged in");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let header = ApiKeyValue::with_description(
            "authorization",
            "`ApiKey <base64 of id:secret>`, `Basic` or `Bearer id:secret`",
        );
        components.add_security_scheme("key", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
}

/// All endpoints of the API.
pub(crate) fn routes() -> OpenApiRouter<App> {
    let mut routes = endpoints();
    name_operations(routes.get_openapi_mut());
    routes
}

/// Names each operation by what its path is about and what is done: `signals_list`. Clients made from the document are named
/// so, and names must not come twice; the functions' own are short ones that do.
fn name_operations(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        let about = path.trim_start_matches("/api/v1").split('/').find(|part| !part.is_empty());
        let about = about.unwrap_or_default().replace('-', "_");
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.options,
            &mut item.head,
            &mut item.patch,
            &mut item.trace,
        ];
        for operation in operations.into_iter().flatten() {
            let done = operation.operation_id.take().unwrap_or_default();
            operation.operation_id = Some(if done == about { done } else { format!("{about}_{done}") });
        }
    }
}

fn endpoints() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(setup::needed, setup::set_up))
        .routes(routes!(session::me, session::log_in, session::log_out))
        .routes(routes!(session::change_password))
        .routes(routes!(signals::list))
        .routes(routes!(signals::count))
        .routes(routes!(signals::summary))
        .routes(routes!(signal::show, signal::change))
        .routes(routes!(bulk::select))
        .routes(routes!(bulk::change))
        .routes(routes!(bulk::undo))
        .routes(routes!(overview::overview))
        .routes(routes!(rules::list))
        .routes(routes!(rules::show, rules::change))
        .routes(routes!(rules::query))
        .routes(routes!(rules::reload))
        .routes(routes!(rules::targets))
        .routes(routes!(chains::graph))
        .routes(routes!(attack::matrix))
        .routes(routes!(events::take))
        .routes(routes!(sources::list))
        .routes(routes!(sources::forget))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::replay))
        .routes(routes!(hunts::list, hunts::order))
        .routes(routes!(hunts::show, hunts::remove))
        .routes(routes!(hunts::cancel))
        .routes(routes!(hunts::detections))
        .routes(routes!(hunts::detection))
        .routes(routes!(storage::show))
        .routes(routes!(storage::change))
        .routes(routes!(backup::backup))
        .routes(routes!(response::blocks, response::add))
        .routes(routes!(response::check))
        .routes(routes!(response::undo))
        .routes(routes!(response::until))
        .routes(routes!(response::of_signal))
        .routes(routes!(response::alerts))
        .routes(routes!(policies::show, policies::change_response))
        .routes(routes!(policies::stop))
        .routes(routes!(policies::list, policies::add))
        .routes(routes!(policies::change, policies::remove))
        .routes(routes!(channels::list, channels::add))
        .routes(routes!(channels::change, channels::remove))
        .routes(routes!(channels::test))
        .routes(routes!(channels::retry))
        .routes(routes!(alert_rules::list, alert_rules::add))
        .routes(routes!(alert_rules::change, alert_rules::remove))
        .routes(routes!(alert_rules::alerting, alert_rules::change_alerting))
        .routes(routes!(silences::list, silences::add))
        .routes(routes!(silences::end))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::retry))
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::change, users::remove))
        .routes(routes!(keys::list, keys::add))
        .routes(routes!(keys::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(audit::verify))
        .routes(routes!(settings::show))
        .routes(routes!(settings::views, settings::keep_views))
        .routes(routes!(stream::stream))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::metrics))
}

/// The OpenAPI document, as `docs/openapi.json` holds it.
pub fn document() -> Document {
    routes().split_for_parts().1
}

/// A short answer to a change that has no more to say.
pub(crate) const DONE: axum::http::StatusCode = axum::http::StatusCode::NO_CONTENT;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_operation_has_a_name_of_its_own() {
        let document = serde_json::to_value(document()).unwrap();
        let mut names = HashSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name.to_owned()), "{name} of {method} {path} comes twice");
            }
        }
        assert!(names.contains("signals_list") && names.contains("overview"), "{names:?}");
    }
}
