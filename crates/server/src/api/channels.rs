//! Channels: where alerts go.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sigyn_node::now;
use sigyn_respond::webhook::Secret;
use sigyn_respond::{Channel, Destination, Notice};
use sigyn_store::catalog::NewMessage;
use utoipa::ToSchema;

use super::DONE;
use super::documents::{self, Made, Meta};
use crate::access::{Caller, random_hex};
use crate::app::App;
use crate::problem::{Answer, Problem};

/// A channel. Secrets are taken and never given back: one that a change leaves out stays as it is.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelBody {
    /// What people call it.
    name: String,
    /// Whether messages are sent there; else they wait.
    #[serde(default = "yes")]
    is_enabled: bool,
    /// Where it leads.
    destination: DestinationBody,
    /// Whose certificates are believed there, as PEM, in place of the public authorities: for receivers of one's own.
    /// Changing it asks for the secret again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authorities: Option<String>,
    /// Its own words, in place of the usual ones.
    #[serde(default)]
    template: TemplateBody,
}

/// Where a channel leads.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum DestinationBody {
    /// An incoming webhook of Slack, or of what understands the same.
    Slack {
        /// Its address, which is a secret.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// Mail by SMTP.
    Email {
        /// The mail server.
        host: String,
        /// Its port: usually 587 with STARTTLS, 465 with TLS.
        port: u16,
        /// How the connection is encrypted.
        security: MailSecurityBody,
        /// Who logs in, if the server asks for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// Their password, which is a secret.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// Whom mail is from.
        from: String,
        /// Who gets it.
        to: Vec<String>,
    },
    /// A JSON body, signed as <https://www.standardwebhooks.com> says.
    Webhook {
        /// Its address.
        url: String,
        /// What it is signed with, `whsec_…`: a secret. Left out of a new channel, one is made and shown once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
    },
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MailSecurityBody {
    /// From the first byte.
    Tls,
    /// After `STARTTLS`; without it nothing is sent.
    Starttls,
    /// Not at all: for permitted internal servers alone.
    None,
}

/// A channel's own words, as Jinja templates; what is left out is as usual. Values: `headline`, `title`, `level`, `count`,
/// `total`, `first`, `last`, `alert_rule`, `is_test`, `entities` (`kind`, `value`) and `signals` (`id`, `rule`, `title`,
/// `level`, `time`, `why`, `link`).
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TemplateBody {
    /// The headline.
    title: Option<String>,
    /// Everything below it.
    text: Option<String>,
}

/// A channel with what it has to send.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelRow {
    #[serde(flatten)]
    meta: Meta,
    #[serde(flatten)]
    channel: ChannelBody,
    /// Where it leads, without secrets: a host, or recipients.
    place: String,
    /// Whether it has a secret.
    has_secret: bool,
    /// How many messages wait.
    waiting: u64,
    /// How many were given up.
    given_up: u64,
    /// What the last failure was.
    error: Option<String>,
}

/// A channel that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelMade {
    #[serde(flatten)]
    made: Made,
    /// What its requests are signed with, if it was made with it: it is shown this once.
    secret: Option<String>,
}

/// A message that was put into the outbox.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestSent {
    /// Its key, as the list of deliveries has it.
    key: String,
}

/// How many.
#[derive(Serialize, ToSchema)]
pub(crate) struct Count {
    /// How many.
    pub(super) count: usize,
}

fn yes() -> bool {
    true
}

/// Lists the channels, with what they have to send
#[utoipa::path(get, path = "/api/v1/channels", tag = "alerts", operation_id = "channels",
    security(("session" = ["read"]), ("key" = ["read"])), responses((status = 200, body = Vec<ChannelRow>)))]
pub(crate) async fn list(State(app): State<App>) -> Answer<Json<Vec<ChannelRow>>> {
    let counts = app.read(|view| view.outbox()).await?;
    let mut rows = Vec::new();
    for (meta, channel) in documents::list::<Channel>(&app).await? {
        let own = counts.iter().find(|one| one.channel == meta.id);
        rows.push(ChannelRow {
            channel: documents::shown(&channel.masked())?,
            place: channel.destination.place_shown(),
            has_secret: channel.has_secret(),
            waiting: own.map_or(0, |own| own.waiting),
            given_up: own.map_or(0, |own| own.given_up),
            error: own.and_then(|own| own.error.clone()),
            meta,
        });
    }
    Ok(Json(rows))
}

/// Makes a channel
#[utoipa::path(post, path = "/api/v1/channels", tag = "alerts", operation_id = "add_channel",
    security(("session" = ["admin"]), ("key" = ["admin"])), request_body = ChannelBody,
    responses((status = 200, body = ChannelMade), (status = 400, body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    Json(mut sent): Json<ChannelBody>,
) -> Answer<Json<ChannelMade>> {
    let mut made_secret = None;
    if let DestinationBody::Webhook { secret: secret @ None, .. } = &mut sent.destination {
        let random = random_hex(32).map_err(|_| Problem::internal())?;
        made_secret = Some(Secret::show(random.as_bytes()));
        secret.clone_from(&made_secret);
    }
    let channel: Channel = documents::stored(&sent)?;
    let made = documents::add(&app, caller, &channel).await?;
    Ok(Json(ChannelMade { made, secret: made_secret }))
}

/// Changes a channel
#[utoipa::path(put, path = "/api/v1/channels/{id}", tag = "alerts", operation_id = "change_channel",
    security(("session" = ["admin"]), ("key" = ["admin"])), request_body = ChannelBody,
    params(("id" = String, Path, description = "the channel's id"),
        ("version" = Option<u64>, Query, description = "only if it still has this version")),
    responses((status = 200, body = Made), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(text): RawQuery,
    caller: Caller,
    Json(sent): Json<ChannelBody>,
) -> Answer<Json<Made>> {
    let version = documents::version_of(text.as_deref())?;
    let (meta, old) = documents::get::<Channel>(&app, &id).await?;
    // Its secret is that of this version and no other.
    let version = version.unwrap_or(meta.version);
    let value = serde_json::to_value(&sent).map_err(|_| Problem::internal())?;
    let new: Channel = serde_json::from_value(value).map_err(|error| Problem::invalid(error.to_string()))?;
    let new = new.with_secrets_of(&old).map_err(Problem::invalid)?;
    new.check().map_err(Problem::invalid)?;
    Ok(Json(documents::put(&app, caller, (id, Some(version)), &new).await?))
}

/// Removes a channel, with what it has not sent
#[utoipa::path(delete, path = "/api/v1/channels/{id}", tag = "alerts", operation_id = "remove_channel",
    security(("session" = ["admin"]), ("key" = ["admin"])),
    params(("id" = String, Path, description = "the channel's id")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<StatusCode> {
    let dropped = id.clone();
    documents::remove::<Channel>(&app, caller, id).await?;
    app.write(move |tx, _| tx.drop_channel(&dropped)).await?;
    Ok(DONE)
}

/// Sends a test message to a channel; the list of deliveries says how it went
#[utoipa::path(post, path = "/api/v1/channels/{id}/test", tag = "alerts", operation_id = "test_channel",
    security(("session" = ["admin"]), ("key" = ["admin"])),
    params(("id" = String, Path, description = "the channel's id")),
    responses((status = 200, body = TestSent), (status = 404, body = Problem)))]
pub(crate) async fn test(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<Json<TestSent>> {
    let (_, channel) = documents::get::<Channel>(&app, &id).await?;
    let key = format!("test-{}", random_hex(16).map_err(|_| Problem::internal())?);
    let payload =
        serde_json::to_string(&Notice::test(&channel.name, now())).map_err(|_| Problem::internal())?;
    let sent = key.clone();
    app.write(move |tx, at| {
        let new = NewMessage { key: &sent, channel: &id, payload: &payload, at, due: at, group: "" };
        tx.send(&new)?;
        caller.audit(tx, at, "channel.test", &id, &json!({ "key": sent }))
    })
    .await?;
    app.node().respond().wake();
    Ok(Json(TestSent { key }))
}

/// Tries everything of a channel again that was given up
#[utoipa::path(post, path = "/api/v1/channels/{id}/retry", tag = "alerts", operation_id = "retry_channel",
    security(("session" = ["respond"]), ("key" = ["respond"])),
    params(("id" = String, Path, description = "the channel's id")),
    responses((status = 200, body = Count)))]
pub(crate) async fn retry(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<Json<Count>> {
    let count = app
        .write(move |tx, at| {
            let count = tx.retry_channel(&id, at)?;
            caller.audit(tx, at, "channel.retry", &id, &json!({ "count": count }))?;
            Ok(count)
        })
        .await?;
    app.node().respond().wake();
    Ok(Json(Count { count }))
}

/// Whether a channel leads to a program that can block.
pub(super) fn is_hook(channel: &Channel) -> bool {
    matches!(channel.destination, Destination::Webhook { .. })
}
