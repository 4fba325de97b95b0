//! Passwords.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};

use crate::problem::{Answer, Problem};

/// In characters.
const LENGTH_MIN: usize = 12;
/// In bytes: more only costs time.
const LENGTH_MAX: usize = 1_024;

/// Hashes a password with Argon2id and the parameters that OWASP names first (19 MiB, two passes).
pub(crate) fn hash_password(password: &str) -> Answer<String> {
    if password.chars().count() < LENGTH_MIN || password.len() > LENGTH_MAX {
        return Err(Problem::invalid(format!("a password has {LENGTH_MIN} characters or more")));
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| Problem::internal())?;
    let salt = SaltString::encode_b64(&random).map_err(|_| Problem::internal())?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|_| Problem::internal())
}

/// Whether a password is the one of a hash. Without a hash it takes as long and is wrong: so nobody learns which users
/// there are.
pub(crate) fn check_password(password: &str, hash: Option<&str>) -> bool {
    /// Of a password that nobody has: its salt and hash are zeros.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    if password.len() > LENGTH_MAX {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_checked_against_its_hash_alone() {
        let hash = hash_password("correct horse battery").unwrap();
        assert!(check_password("correct horse battery", Some(&hash)));
        assert!(!check_password("correct horse batterY", Some(&hash)));
        assert!(!check_password("", None));
        assert!(!check_password("correct horse battery", Some("nonsense")));
        assert!(hash_password("short").is_err());
    }

    #[test]
    fn who_is_not_there_takes_as_long() {
        // The stand-in must be read as a hash, or checking it would be for nothing.
        let start = std::time::Instant::now();
        check_password("a password of somebody", None);
        assert!(start.elapsed() > std::time::Duration::from_millis(2));
    }
}
