//! Argon2id, a few at a time.

use crate::{KeyringError, secret};
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use data_encoding::BASE64URL_NOPAD;
use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// OWASP's parameters: 19 MiB, two passes, one lane. A hash made with others is made anew when its password is next
/// entered, so they may be raised here.
const PARAMETERS: (u32, u32, u32) = (19 * 1024, 2, 1);
/// How long one waits for one's turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hashes and checks passwords, with a limit on the memory this takes.
pub(crate) struct Hasher {
    argon2: Argon2<'static>,
    /// Of no password: what is compared with where there is nothing to compare with.
    nobodys: String,
    pub free: Mutex<usize>,
    given_back: Condvar,
    pub patience: Duration,
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher")
    }
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Wrong,
    Right,
    /// Right, but hashed with other parameters than today's.
    RightButOld,
}

fn failed(error: impl std::fmt::Display) -> KeyringError {
    KeyringError::Hashing(error.to_string())
}

/// A turn, given back when it is over.
struct Turn<'h>(&'h Hasher);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.given_back.notify_one();
    }
}

impl Hasher {
    /// At most so many hashes at once.
    pub fn new(at_once: usize) -> Result<Hasher, KeyringError> {
        let (memory, passes, lanes) = PARAMETERS;
        let parameters = Params::new(memory, passes, lanes, None).map_err(failed)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
        let mut hasher =
            Hasher { argon2, nobodys: String::new(), free: Mutex::new(at_once.max(1)), given_back: Condvar::new(), patience: PATIENCE };
        hasher.nobodys = hasher.hash(&BASE64URL_NOPAD.encode(&secret::random::<32>()?))?;
        Ok(hasher)
    }

    fn turn(&self) -> Result<Turn<'_>, KeyringError> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut free, waited) =
            self.given_back.wait_timeout_while(free, self.patience, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(KeyringError::Busy);
        }
        *free -= 1;
        Ok(Turn(self))
    }

    /// A hash with a salt of its own, as a PHC string.
    pub fn hash(&self, password: &str) -> Result<String, KeyringError> {
        let salt = secret::random::<16>()?;
        let _turn = self.turn()?;
        let hash: PasswordHash = self.argon2.hash_password_with_salt(password.as_bytes(), &salt).map_err(failed)?;
        Ok(hash.to_string())
    }

    /// Compares a password with what is kept of it. With nothing kept, it is as much work.
    pub fn check(&self, password: &str, kept: Option<&str>) -> Result<Check, KeyringError> {
        let kept_or_nobodys = kept.unwrap_or(&self.nobodys);
        let hash = PasswordHash::new(kept_or_nobodys).map_err(failed)?;
        let turn = self.turn()?;
        let right = self.argon2.verify_password(password.as_bytes(), &hash).is_ok();
        drop(turn);
        let today = PasswordHash::new(&self.nobodys).map_err(failed)?;
        let is_old = (hash.algorithm, hash.version, &hash.params) != (today.algorithm, today.version, &today.params);
        Ok(match (right && kept.is_some(), is_old) {
            (false, _) => Check::Wrong,
            (true, false) => Check::Right,
            (true, true) => Check::RightButOld,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::{sync::Arc, time::Instant};

    #[test]
    fn a_hash_is_argon2id_with_owasps_parameters_and_a_salt_of_its_own() {
        let hasher = Hasher::new(1).unwrap();
        let (one, other) = (hasher.hash("a few unrelated words").unwrap(), hasher.hash("a few unrelated words").unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert_eq!(hasher.check("a few unrelated words", Some(&one)).unwrap(), Check::Right);
        assert_eq!(hasher.check("a few unrelated word", Some(&one)).unwrap(), Check::Wrong);
    }

    #[test]
    fn nobodys_password_is_never_right() {
        let hasher = Hasher::new(1).unwrap();
        assert_eq!(hasher.check("", None).unwrap(), Check::Wrong);
        let nobodys = hasher.nobodys.clone();
        assert_eq!(hasher.check(&nobodys, None).unwrap(), Check::Wrong);
    }

    #[test]
    fn other_parameters_are_told() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let old: PasswordHash = weak.hash_password_with_salt(b"a few unrelated words", b"0123456789abcdef").unwrap();
        let hasher = Hasher::new(1).unwrap();
        assert_eq!(hasher.check("a few unrelated words", Some(&old.to_string())).unwrap(), Check::RightButOld);
        assert_eq!(hasher.check("other", Some(&old.to_string())).unwrap(), Check::Wrong);
    }

    #[test]
    fn no_more_than_the_limit_hash_at_once() {
        let hasher = Arc::new(Hasher::new(2).unwrap());
        let turns = (hasher.turn().unwrap(), hasher.turn().unwrap());
        let waiting = std::thread::spawn({
            let hasher = hasher.clone();
            move || {
                let begun = Instant::now();
                hasher.hash("a few unrelated words").map(|_| begun.elapsed())
            }
        });
        std::thread::sleep(Duration::from_millis(300));
        assert!(!waiting.is_finished());
        drop(turns);
        assert!(waiting.join().unwrap().unwrap() >= Duration::from_millis(300));
    }
}
