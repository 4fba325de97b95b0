//! Random tokens, and the cookie that carries one.

use sha2::{Digest, Sha256};
use sigyn_store::catalog::Catalog;

/// The name of the cookie.
pub(crate) const COOKIE: &str = "sigyn_session";
/// How long a session is good that nobody uses, in nanoseconds.
pub(crate) const ENDS_AFTER: i64 = 12 * 3_600 * 1_000_000_000;
/// Where the hash of the setup token is kept until it is used.
pub(crate) const SETUP_TOKEN: &str = "setup_token";

/// So many random bytes in hexadecimal digits.
pub(crate) fn random_hex(bytes: usize) -> Result<String, String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|error| format!("the system gives no randomness: {error}"))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What is kept of a token.
pub(crate) fn hash_of(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Makes a new setup token if there is no user yet.
pub(crate) fn new_setup_token(catalog: &Catalog) -> Result<Option<String>, String> {
    let token = random_hex(16)?;
    let hash = hash_of(&token);
    let made = catalog.write(|tx| {
        let is_needed = tx.users()?.is_empty();
        tx.set_setting(SETUP_TOKEN, is_needed.then_some(&hash))?;
        Ok(is_needed)
    });
    made.map(|is_made| is_made.then_some(token)).map_err(|error| error.to_string())
}

/// The header that sets a session's cookie.
pub(crate) fn session_cookie(token: &str, is_secure: bool) -> String {
    let secure = if is_secure { "; Secure" } else { "" };
    let seconds = ENDS_AFTER / 1_000_000_000;
    format!("{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// The header that takes it back.
pub(crate) fn expired_cookie() -> String {
    format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
}
