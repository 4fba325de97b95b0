//! Requests to programs, signed as <https://www.standardwebhooks.com> describes: an id that stays the same however often it
//! is sent, the time, and an HMAC-SHA256 over both and the body. Any of its libraries checks them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::template::{Template, link, moment};
use crate::{Notice, Refusal, SECOND, text};

/// The header with the id that is the same for the same message.
pub const ID: &str = "webhook-id";
/// The header with the time of sending, in seconds UTC.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signature.
pub const SIGNATURE: &str = "webhook-signature";

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What requests are signed with.
pub struct Secret(Vec<u8>);

impl Secret {
    /// Reads `whsec_` and base64.
    ///
    /// # Errors
    /// If it is something else.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let bytes = text.strip_prefix(PREFIX).and_then(|rest| STANDARD.decode(rest).ok());
        let bytes = bytes.filter(|bytes| BYTES.contains(&bytes.len()));
        bytes.map(Self).ok_or_else(|| format!("a secret is {PREFIX} and base64 of 24 to 64 bytes"))
    }

    /// A secret of these bytes, as [`parse`](Self::parse) reads it.
    pub fn show(bytes: &[u8]) -> String {
        format!("{PREFIX}{}", STANDARD.encode(bytes))
    }

    /// The value of the header [`SIGNATURE`].
    ///
    /// # Errors
    /// None that a secret of this length can have.
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> Result<String, Refusal> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(|error| error.to_string())?;
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body.as_bytes());
        Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }

    /// The three headers of a request.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn headers(&self, id: &str, now: i64, body: &str) -> Result<[(&'static str, String); 3], Refusal> {
        let seconds = now.div_euclid(SECOND);
        Ok([
            (ID, id.to_owned()),
            (TIMESTAMP, seconds.to_string()),
            (SIGNATURE, self.sign(id, seconds, body)?),
        ])
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The body of a request about signals.
///
/// # Errors
/// What is wrong with the template.
pub fn body(notice: &Notice, template: &Template, page: Option<&str>) -> Result<Value, Refusal> {
    let signals: Vec<Value> = notice
        .signals
        .iter()
        .map(|signal| {
            json!({
                "id": signal.id, "rule": signal.rule, "title": signal.title, "level": signal.level,
                "time": moment(signal.ts), "why": signal.why, "link": link(page, &signal.id),
            })
        })
        .collect();
    let entities: Vec<Value> =
        notice.entities.iter().map(|(kind, value)| json!({ "kind": kind, "value": value })).collect();
    let mut data = json!({
        "headline": template.title(notice, page, text::defanged)?,
        "alert_rule": notice.alert_rule, "level": notice.level, "count": notice.count, "total": notice.total,
        "first": moment(notice.first), "last": moment(notice.last), "entities": entities, "signals": signals,
    });
    if template.text.is_some() {
        data["text"] = template.text(notice, page, text::defanged)?.into();
    }
    let kind = if notice.is_test { "test" } else { "signals" };
    Ok(json!({ "type": kind, "data": data }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // The example of the specification's own libraries.
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature =
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}").unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let headers = secret.headers("id", 5 * SECOND + 1, "").unwrap();
        assert_eq!([headers[0].1.as_str(), headers[1].1.as_str()], ["id", "5"]);
    }

    #[test]
    fn secrets_are_long_enough() {
        let check = |text: &str, expect: bool| assert_eq!(Secret::parse(text).is_ok(), expect, "{text}");
        check(&Secret::show(&[1; 24]), true);
        check(&Secret::show(&[1; 64]), true);
        check(&Secret::show(&[1; 23]), false);
        check(&Secret::show(&[1; 65]), false);
        check("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false);
        check("whsec_!", false);
    }
}
