//! Who calls, and whether they may.
//!
//! A session (cookie) is a person in a browser; an API key (`Authorization`) is a program. What an endpoint asks for
//! stands in its description; see [`Doors`]. Passwords are hashed with Argon2id, random tokens with SHA-256: those have 256
//! bits, so nobody guesses them, and a slow hash would only cost each request.

mod caller;
mod guard;
mod origin;
mod password;
mod throttle;
mod token;

pub(crate) use caller::Caller;
pub(crate) use guard::{Doors, guard, identify};
pub(crate) use origin::origin;
pub(crate) use password::{check_password, hash_password};
pub(crate) use throttle::Throttle;
pub(crate) use token::{
    COOKIE, ENDS_AFTER, SETUP_TOKEN, expired_cookie, hash_of, new_setup_token, random_hex, session_cookie,
};
