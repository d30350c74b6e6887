//! Who is logged in, and links that log in once.
//!
//! Both are kept in memory alone, by the SHA-256 of a random name of 32 bytes that only the viewer's
//! browser has. A login holds a week, and half a day without a look. What it lets see is decided at
//! each look by the token that it was made with, not here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use rand::RngExt;
use sha2::{Digest, Sha256};
use trunkline_model::time::Time;

const MINUTE: i64 = 60_000;
/// How long a login holds, and how long without a look.
const HOLDS: i64 = 7 * 24 * 60 * MINUTE;
const IDLE: i64 = 12 * 60 * MINUTE;
/// How long a link can be used.
const LINK_HOLDS: i64 = 10 * MINUTE;
/// The most of either; one more takes the place of the one that was used least lately.
const MOST: usize = 10_000;

/// Logins, each with what it was made with.
#[derive(Debug)]
pub struct Logins<T>(Mutex<HashMap<[u8; 32], Login<T>>>);

#[derive(Debug)]
struct Login<T> {
    of: T,
    began: Time,
    seen: Time,
}

impl<T> Default for Logins<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Logins<T> {
    /// Begins a login and gives its name, for the cookie.
    pub fn begin(&self, of: T, now: Time) -> String {
        let name = random_name();
        let mut logins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if logins.len() >= MOST {
            logins.retain(|_, login| login.holds(now));
            let oldest = logins.iter().min_by_key(|(_, login)| login.seen);
            let oldest = oldest.map(|(hash, _)| *hash);
            if let Some(oldest) = oldest.filter(|_| logins.len() >= MOST) {
                logins.remove(&oldest);
            }
        }
        let login = Login {
            of,
            began: now,
            seen: now,
        };
        logins.insert(hash(&name), login);
        name
    }

    /// Finds what a login was made with, while it holds.
    pub fn find(&self, name: &str, now: Time) -> Option<T> {
        let mut logins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = hash(name);
        let login = logins.get_mut(&hash)?;
        if !login.holds(now) {
            logins.remove(&hash);
            return None;
        }
        login.seen = login.seen.max(now);
        Some(login.of.clone())
    }

    /// Ends a login.
    pub fn end(&self, name: &str) {
        let mut logins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logins.remove(&hash(name));
    }
}

impl<T> Login<T> {
    fn holds(&self, now: Time) -> bool {
        now.since(self.began) < HOLDS && now.since(self.seen) < IDLE
    }
}

/// Links that log in once, with a token.
#[derive(Debug, Default)]
pub struct Links(Mutex<HashMap<[u8; 32], (String, Time)>>);

impl Links {
    /// Makes a link for a token and gives its name; it holds for ten minutes.
    pub fn offer(&self, token: &str, now: Time) -> String {
        let name = random_name();
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, (_, made)| now.since(*made) < LINK_HOLDS);
        if links.len() < MOST {
            links.insert(hash(&name), (token.to_owned(), now));
        }
        name
    }

    /// Gives the token of a link, once.
    pub fn take(&self, name: &str, now: Time) -> Option<String> {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, made) = links.remove(&hash(name))?;
        (now.since(made) < LINK_HOLDS).then_some(token)
    }
}

/// Makes a name that cannot be guessed.
fn random_name() -> String {
    let random: [u8; 32] = rand::rng().random();
    hex::encode(random)
}

fn hash(name: &str) -> [u8; 32] {
    Sha256::digest(name).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_holds_while_it_is_used_and_a_week_at_most() {
        let logins = Logins::default();
        let name = logins.begin("ana", Time(0));
        assert_eq!(name.len(), 64);
        let mut now = 0;
        while now < HOLDS {
            assert_eq!(logins.find(&name, Time(now)), Some("ana"), "{now}");
            now += IDLE - 1;
        }
        assert_eq!(logins.find(&name, Time(HOLDS)), None);
        let idle = logins.begin("eva", Time(0));
        assert_eq!(logins.find(&idle, Time(IDLE)), None);
        assert_eq!(logins.find(&idle, Time(1)), None, "it does not come back");
    }

    #[test]
    fn a_login_ends_when_told_and_no_other_with_it() {
        let logins = Logins::default();
        let names = [1, 2].map(|of| logins.begin(of, Time(0)));
        logins.end(&names[0]);
        let found = names.map(|name| logins.find(&name, Time(1)));
        assert_eq!(found, [None, Some(2)]);
        assert_eq!(logins.find("", Time(1)), None);
    }

    #[test]
    fn memory_is_bounded_and_the_least_used_goes_first() {
        let logins = Logins::default();
        let names: Vec<_> = (0..=MOST as i64)
            .map(|number| logins.begin(number, Time(number)))
            .collect();
        assert_eq!(logins.0.lock().unwrap().len(), MOST);
        let now = Time(MOST as i64);
        assert_eq!(logins.find(&names[0], now), None);
        assert_eq!(logins.find(&names[1], now), Some(1));
    }

    #[test]
    fn a_link_works_once_and_not_for_long() {
        let links = Links::default();
        let name = links.offer("trk_x", Time(0));
        assert_eq!(links.take("no such link", Time(1)), None);
        assert_eq!(links.take(&name, Time(1)).as_deref(), Some("trk_x"));
        assert_eq!(links.take(&name, Time(2)), None);
        let late = links.offer("trk_x", Time(0));
        assert_eq!(links.take(&late, Time(LINK_HOLDS)), None);
    }
}
