//! Who may do what: users, their sessions, keys of programs. Secrets are here as hashes only; what makes a hash is the
//! caller's matter, and so is comparing them.

use rusqlite::{Row, params};

use crate::catalog::codes::{code, value_at};
use crate::catalog::sql::failed;
use crate::catalog::{Role, Tx, View};
use crate::{Error, Result};

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name to log in with.
    pub name: String,
    /// The password's hash, with how it was made.
    pub password_hash: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may do nothing.
    pub is_disabled: bool,
    /// Since when.
    pub made: i64,
    /// How often in a row a wrong password was given.
    pub failures: u32,
    /// No login before.
    pub locked_until: i64,
}

/// Somebody who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The user.
    pub user: String,
    /// What they may do now.
    pub role: Role,
    /// Since when.
    pub made: i64,
    /// Until when.
    pub expires: i64,
    /// When it was last used.
    pub last_used: i64,
    /// From where.
    pub client: String,
}

/// A key for a program.
#[derive(Clone, Copy, Debug)]
pub struct NewApiKey<'k> {
    /// What is shown of it.
    pub id: &'k str,
    /// The hash of what is not.
    pub hash: &'k [u8],
    /// What it is for.
    pub name: &'k str,
    /// Who made it. It lives on when they go.
    pub owner: &'k str,
    /// What it may do.
    pub scopes: &'k [&'k str],
    /// When it was made, in nanoseconds UTC.
    pub made: i64,
    /// Until when it is good.
    pub expires: Option<i64>,
}

/// A key for a program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewApiKey`, unless said")]
pub struct ApiKey {
    pub id: String,
    pub hash: Vec<u8>,
    pub name: String,
    pub owner: String,
    pub scopes: Vec<String>,
    pub made: i64,
    pub expires: Option<i64>,
    /// When it was last used.
    pub last_used: Option<i64>,
    /// When it was taken back.
    pub revoked_at: Option<i64>,
}

impl ApiKey {
    /// Whether it is good at a time.
    pub fn is_good(&self, now: i64) -> bool {
        self.revoked_at.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

const USER: &str = "SELECT name, password_hash, role, is_disabled, made, failures, locked_until FROM users";

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        name: row.get(0)?,
        password_hash: row.get(1)?,
        role: value_at(row, 2)?,
        is_disabled: row.get(3)?,
        made: row.get(4)?,
        failures: row.get(5)?,
        locked_until: row.get(6)?,
    })
}

const KEY: &str = "SELECT id, hash, name, owner, scopes, made, expires, last_used, revoked_at FROM api_keys";

fn api_key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    let scopes: String = row.get(4)?;
    Ok(ApiKey {
        id: row.get(0)?,
        hash: row.get(1)?,
        name: row.get(2)?,
        owner: row.get(3)?,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        made: row.get(5)?,
        expires: row.get(6)?,
        last_used: row.get(7)?,
        revoked_at: row.get(8)?,
    })
}

impl View<'_> {
    /// All users by name.
    ///
    /// # Errors
    /// What the database says.
    pub fn users(&self) -> Result<Vec<User>> {
        self.all(&format!("{USER} ORDER BY name"), (), user)
    }

    /// A user.
    ///
    /// # Errors
    /// What the database says.
    pub fn user(&self, name: &str) -> Result<Option<User>> {
        self.one(&format!("{USER} WHERE name = ?1"), [name], user)
    }

    /// The session with a token's hash, if it is good at a time and its user may do anything.
    ///
    /// # Errors
    /// What the database says.
    pub fn session(&self, hash: &[u8], now: i64) -> Result<Option<Session>> {
        let sql = "SELECT u.name, u.role, s.made, s.expires, s.last_used, s.client FROM sessions s \
                   JOIN users u ON u.n = s.user WHERE s.hash = ?1 AND s.expires > ?2 AND u.is_disabled = 0";
        self.one(sql, params![hash, now], |row| {
            Ok(Session {
                user: row.get(0)?,
                role: value_at(row, 1)?,
                made: row.get(2)?,
                expires: row.get(3)?,
                last_used: row.get(4)?,
                client: row.get(5)?,
            })
        })
    }

    /// All keys, the good and the others.
    ///
    /// # Errors
    /// What the database says.
    pub fn api_keys(&self) -> Result<Vec<ApiKey>> {
        self.all(&format!("{KEY} ORDER BY made, id"), (), api_key)
    }

    /// A key.
    ///
    /// # Errors
    /// What the database says.
    pub fn api_key(&self, id: &str) -> Result<Option<ApiKey>> {
        self.one(&format!("{KEY} WHERE id = ?1"), [id], api_key)
    }

    /// A setting, as [`Tx::set_setting`] left it.
    ///
    /// # Errors
    /// What the database says.
    pub fn setting(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.one("SELECT value FROM settings WHERE key = ?1", [key], |row| row.get(0))
    }
}

impl View<'_> {
    /// Where people are logged in from, as the sessions that are good say it.
    ///
    /// # Errors
    /// What the database says.
    pub fn session_clients(&self, now: i64) -> Result<Vec<String>> {
        self.all("SELECT DISTINCT client FROM sessions WHERE expires > ?1", [now], |row| row.get(0))
    }
}

impl Tx<'_> {
    /// Adds a user.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if there is one of that name; what the database says.
    pub fn add_user(&self, name: &str, password_hash: &str, role: Role, at: i64) -> Result<()> {
        let sql = "INSERT INTO users (name, password_hash, role, made) VALUES (?1, ?2, ?3, ?4)";
        self.run(sql, params![name, password_hash, code(role), at]).map(drop)
    }

    /// Changes a user. A new password, or being disabled, ends all sessions. The last admin who may do anything stays one.
    ///
    /// # Errors
    /// [`Error::is_missing`], [`Error::is_invalid`] for the last admin, what the database says.
    pub fn change_user(
        &self,
        name: &str,
        password_hash: Option<&str>,
        role: Option<Role>,
        is_disabled: Option<bool>,
    ) -> Result<()> {
        let sql = "UPDATE users SET password_hash = coalesce(?2, password_hash), role = coalesce(?3, role), \
                   is_disabled = coalesce(?4, is_disabled), failures = iif(?2 IS NULL, failures, 0), \
                   locked_until = iif(?2 IS NULL, locked_until, 0) WHERE name = ?1";
        let before = self.count_admins()?;
        if self.run(sql, params![name, password_hash, role.map(code), is_disabled])? == 0 {
            return Err(Error::missing(format!("there is no user {name}")));
        }
        self.keep_an_admin(before)?;
        if password_hash.is_some() || is_disabled == Some(true) {
            self.end_sessions(name)?;
        }
        Ok(())
    }

    /// Removes a user with their sessions. What they did stays.
    ///
    /// # Errors
    /// As [`change_user`](Self::change_user).
    pub fn remove_user(&self, name: &str) -> Result<()> {
        let before = self.count_admins()?;
        if self.run("DELETE FROM users WHERE name = ?1", [name])? == 0 {
            return Err(Error::missing(format!("there is no user {name}")));
        }
        self.keep_an_admin(before)
    }

    fn count_admins(&self) -> Result<i64> {
        let sql = "SELECT count(*) FROM users WHERE role = ?1 AND is_disabled = 0";
        Ok(self.one(sql, [code(Role::Admin)], |row| row.get(0))?.unwrap_or(0))
    }

    /// Refuses, and so undoes, what would lock everybody out.
    fn keep_an_admin(&self, before: i64) -> Result<()> {
        if before > 0 && self.count_admins()? == 0 {
            return Err(Error::invalid("somebody must stay admin"));
        }
        Ok(())
    }

    /// Notes a right password (`None`), or a wrong one with the time before which no other is tried. Returns how often in a
    /// row it was wrong.
    ///
    /// # Errors
    /// What the database says.
    pub fn note_login(&self, name: &str, locked_until: Option<i64>) -> Result<u32> {
        let sql = "UPDATE users SET failures = iif(?2 IS NULL, 0, failures + 1), locked_until = coalesce(?2, 0) \
                   WHERE name = ?1 RETURNING failures";
        Ok(self.one(sql, params![name, locked_until], |row| row.get(0))?.unwrap_or(0))
    }

    /// Begins a session.
    ///
    /// # Errors
    /// [`Error::is_missing`] if there is no such user; what the database says.
    pub fn add_session(&self, hash: &[u8], user: &str, at: i64, expires: i64, client: &str) -> Result<()> {
        let sql = "INSERT INTO sessions (hash, user, made, expires, last_used, client) \
                   SELECT ?1, n, ?3, ?4, ?3, ?5 FROM users WHERE name = ?2";
        if self.run(sql, params![hash, user, at, expires, client])? == 0 {
            return Err(Error::missing(format!("there is no user {user}")));
        }
        Ok(())
    }

    /// Notes from where a session is used now.
    ///
    /// # Errors
    /// What the database says.
    pub fn move_session(&self, hash: &[u8], client: &str) -> Result<()> {
        self.run("UPDATE sessions SET client = ?2 WHERE hash = ?1", params![hash, client]).map(drop)
    }

    /// Notes that a session is used, and how long it is good from now on.
    ///
    /// # Errors
    /// What the database says.
    pub fn touch_session(&self, hash: &[u8], at: i64, expires: i64) -> Result<()> {
        self.run(
            "UPDATE sessions SET last_used = ?2, expires = ?3 WHERE hash = ?1",
            params![hash, at, expires],
        )
        .map(drop)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// What the database says.
    pub fn end_session(&self, hash: &[u8]) -> Result<()> {
        self.run("DELETE FROM sessions WHERE hash = ?1", [hash]).map(drop)
    }

    /// Ends all sessions of a user. Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub fn end_sessions(&self, user: &str) -> Result<usize> {
        self.run("DELETE FROM sessions WHERE user = (SELECT n FROM users WHERE name = ?1)", [user])
    }

    /// Removes sessions whose time is over. Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub fn trim_sessions(&self, now: i64) -> Result<usize> {
        self.run("DELETE FROM sessions WHERE expires <= ?1", [now])
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if there is one of that id, [`Error::is_invalid`] for a scope with a space in it, what the
    /// database says.
    pub fn add_api_key(&self, new: &NewApiKey<'_>) -> Result<()> {
        if new.scopes.iter().any(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
            return Err(Error::invalid("a scope is one word"));
        }
        let sql = "INSERT INTO api_keys (id, hash, name, owner, scopes, made, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let params =
            params![new.id, new.hash, new.name, new.owner, new.scopes.join(" "), new.made, new.expires];
        self.run(sql, params).map(drop)
    }

    /// Notes that a key is used.
    ///
    /// # Errors
    /// What the database says.
    pub fn touch_api_key(&self, id: &str, at: i64) -> Result<()> {
        self.run("UPDATE api_keys SET last_used = ?2 WHERE id = ?1", params![id, at]).map(drop)
    }

    /// Takes a key back. Returns whether it was good.
    ///
    /// # Errors
    /// What the database says.
    pub fn revoke_api_key(&self, id: &str, at: i64) -> Result<bool> {
        let sql = "UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        self.run(sql, params![id, at]).map(|count| count > 0)
    }

    /// Keeps something small under a name; nothing removes it.
    ///
    /// # Errors
    /// What the database says.
    pub fn set_setting(&self, key: &str, value: Option<&[u8]>) -> Result<()> {
        match value {
            None => self.run("DELETE FROM settings WHERE key = ?1", [key]).map(drop),
            Some(value) => {
                let sql = "INSERT INTO settings (key, value) VALUES (?1, ?2) \
                           ON CONFLICT (key) DO UPDATE SET value = excluded.value";
                self.run(sql, params![key, value]).map(drop)
            }
        }
    }

    /// Takes a setting if it is there: of two who try, one gets it. For what may be used once, such as the setup token.
    ///
    /// # Errors
    /// What the database says.
    pub fn take_setting(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let mut statement = self
            .connection
            .prepare_cached("DELETE FROM settings WHERE key = ?1 RETURNING value")
            .map_err(failed)?;
        let mut rows = statement.query([key]).map_err(failed)?;
        let Some(row) = rows.next().map_err(failed)? else { return Ok(None) };
        row.get(0).map(Some).map_err(failed)
    }
}
