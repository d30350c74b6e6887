//! Who may do what: tokens by their hash, and the accounts they belong to.
//!
//! A token is looked up by its SHA-256, so the time of a look-up says nothing about how much of a
//! guess was right, and only hashes are ever held. Every failure gets the same answer. One
//! directory is made of one configuration and never changes; a reload stores another.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use trunkline_model::settings::{Account, Scope, Token};
use trunkline_model::time::{Time, Tz};
use trunkline_reports::{AccountView, Restriction, Schedules, Targets};

use crate::people::People;
use crate::problem::{Code, Problem};

/// What every failure is told.
const UNAUTHORIZED: &str = "send a valid token as `Authorization: Bearer <token>`";

/// The tokens of all accounts.
#[derive(Debug, Default)]
pub struct Directory {
    grants: HashMap<[u8; 32], Arc<Grant>>,
}

/// What a token allows.
#[derive(Debug)]
pub struct Grant {
    /// The account it belongs to.
    pub account: Arc<str>,
    timezone: Tz,
    targets: Arc<Targets>,
    schedules: Arc<Schedules>,
    people: Arc<People>,
    scopes: Vec<Scope>,
    expires: Option<Time>,
    teams: Vec<String>,
    managers: Vec<String>,
    origins: Vec<String>,
}

/// A token that was good when it was shown, to be looked at again later.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    hash: [u8; 32],
    /// What it allows.
    pub(crate) grant: Arc<Grant>,
}

impl Directory {
    /// Makes the directory of the accounts of one configuration, which has been checked: a
    /// malformed hash admits nobody, and of equal hashes the first holds.
    pub fn new<'a>(accounts: impl IntoIterator<Item = &'a Account>) -> Self {
        let mut grants = HashMap::new();
        for account in accounts {
            let id: Arc<str> = account.id.as_str().into();
            let targets = Arc::new(Targets::of(account));
            let schedules = Arc::new(Schedules::of(account));
            let people = Arc::new(People::of(account));
            for token in &account.tokens {
                if let Some(hash) = token.digest() {
                    let (targets, schedules) = (Arc::clone(&targets), Arc::clone(&schedules));
                    let known = (targets, schedules, Arc::clone(&people));
                    let grant = Grant::new(&id, account.zone(), known, token);
                    grants.entry(hash).or_insert_with(|| Arc::new(grant));
                }
            }
        }
        Self { grants }
    }

    /// Finds what the request's token allows, and whether `scope` is part of it.
    pub(crate) fn admit(
        &self,
        headers: &HeaderMap,
        scope: Scope,
        now: Time,
    ) -> Result<Arc<Grant>, Problem> {
        Ok(self.key(bearer(headers), scope, now)?.grant)
    }

    /// Finds a token that will be looked at again.
    pub(crate) fn key(
        &self,
        token: Option<&[u8]>,
        scope: Scope,
        now: Time,
    ) -> Result<Key, Problem> {
        let hash: [u8; 32] = Sha256::digest(token.unwrap_or_default()).into();
        let grant = self
            .grants
            .get(&hash)
            .filter(|grant| token.is_some() && grant.holds(now));
        let grant = grant.ok_or_else(|| Problem::new(Code::Unauthorized, UNAUTHORIZED))?;
        if !grant.may(scope) {
            let detail = format!("this token lacks the scope `{}`", scope.as_str());
            return Err(Problem::new(Code::Forbidden, detail));
        }
        let grant = Arc::clone(grant);
        Ok(Key { hash, grant })
    }

    /// Finds what a token allows now that was admitted before, after time or a reload.
    pub(crate) fn again(&self, key: &Key, scope: Scope, now: Time) -> Option<Arc<Grant>> {
        let grant = self.grants.get(&key.hash)?;
        self.still_admits(key, scope, now)
            .then(|| Arc::clone(grant))
    }

    /// Whether a token still allows what it was admitted for, after time or a reload.
    pub(crate) fn still_admits(&self, key: &Key, scope: Scope, now: Time) -> bool {
        let grant = self.grants.get(&key.hash);
        grant.is_some_and(|grant| {
            grant.account == key.grant.account && grant.holds(now) && grant.may(scope)
        })
    }
}

impl Grant {
    fn new(
        account: &Arc<str>,
        timezone: Tz,
        (targets, schedules, people): (Arc<Targets>, Arc<Schedules>, Arc<People>),
        token: &Token,
    ) -> Self {
        Self {
            account: Arc::clone(account),
            timezone,
            targets,
            schedules,
            people,
            scopes: token.scopes.clone(),
            expires: token.expires.map(|expires| expires.instant(timezone)),
            teams: token.only.teams.clone(),
            managers: token.only.managers.clone(),
            origins: token.origins.clone(),
        }
    }

    fn holds(&self, now: Time) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    /// Whether the token has a scope.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether a browser may use the token from a page of this origin.
    pub(crate) fn welcomes(&self, origin: &str) -> bool {
        let mut known = self.origins.iter();
        known.any(|known| known.trim_end_matches('/').eq_ignore_ascii_case(origin))
    }

    /// The account as reports see it.
    pub(crate) fn view(&self) -> AccountView<'_> {
        AccountView {
            id: &self.account,
            timezone: self.timezone,
            aliases: self.people.aliases(),
        }
    }

    /// The account's zone.
    pub(crate) fn timezone(&self) -> Tz {
        self.timezone
    }

    /// Who is who in it.
    pub(crate) fn people(&self) -> &People {
        &self.people
    }

    /// Whether the token may see what is a manager's now; `None` is nobody's.
    pub(crate) fn sees(&self, manager: Option<&str>, now: Time) -> bool {
        if self.teams.is_empty() && self.managers.is_empty() {
            return true;
        }
        manager.is_some_and(|manager| {
            let team = self.people.team(manager, now);
            self.managers.iter().any(|own| own == manager)
                || team.is_some_and(|team| self.teams.iter().any(|own| own == team))
        })
    }

    /// How soon replies are due in it.
    pub(crate) fn targets(&self) -> &Targets {
        &self.targets
    }

    /// When it is open.
    pub(crate) fn schedules(&self) -> &Schedules {
        &self.schedules
    }

    /// What the token may see of it.
    pub(crate) fn restriction(&self) -> Restriction<'_> {
        Restriction {
            teams: &self.teams,
            managers: &self.managers,
        }
    }
}

/// Reads the token; a header given twice is none.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 of `trk_test`, of `trk_old` and of nothing, computed with `sha256sum`.
    const TEST: &str = "65fd2ab352c04135fedd14f12a323bdb51b15fdcaa820a1c827651b02878c77c";
    const OLD: &str = "c4fb9ee4c909df6914a2384950f9307a088edd48a955bee7769cc6956ae7e1e6";
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn directory() -> Directory {
        let json = serde_json::json!({
            "id": "demo", "timezone": "Europe/Madrid",
            "token": [
                {"name": "a", "sha256": TEST, "scopes": ["ingest"], "only": {"managers": ["ana"]},
                 "origins": ["https://crm.example/"]},
                {"name": "b", "sha256": OLD, "scopes": ["ingest"], "expires": "1970-01-02"},
                {"name": "c", "sha256": EMPTY, "scopes": ["ingest"]},
            ],
        });
        let account: Account = serde_json::from_value(json).unwrap();
        Directory::new([&account])
    }

    fn admit(authorization: &[&'static str], scope: Scope, now: i64) -> Result<Arc<Grant>, String> {
        let headers = authorization
            .iter()
            .map(|it| (AUTHORIZATION, it.parse().unwrap()));
        let admitted = directory().admit(&headers.collect(), scope, Time(now));
        admitted.map_err(|problem| problem.body())
    }

    #[test]
    fn a_token_is_found_by_its_hash() {
        let grant = admit(&["Bearer trk_test"], Scope::Ingest, 0).unwrap();
        assert_eq!(&*grant.account, "demo");
        assert_eq!(grant.view().timezone.name(), "Europe/Madrid");
        assert_eq!(grant.restriction().managers, ["ana"]);
        assert!(admit(&["bEARER  trk_test "], Scope::Ingest, 0).is_ok());
    }

    #[test]
    fn every_failure_gets_the_same_answer() {
        let day = 86_400_000;
        let failures = [
            admit(&[], Scope::Ingest, 0),
            admit(&["Bearer "], Scope::Ingest, 0),
            admit(&["Bearer trk_tesT"], Scope::Ingest, 0),
            admit(&["Basic trk_test"], Scope::Ingest, 0),
            admit(&["trk_test"], Scope::Ingest, 0),
            admit(&["Bearer trk_test", "Bearer trk_test"], Scope::Ingest, 0),
            admit(&["Bearer trk_old"], Scope::Ingest, day),
        ];
        let bodies: Vec<_> = failures.into_iter().map(Result::unwrap_err).collect();
        assert!(
            bodies[0].contains("\"code\":\"unauthorized\""),
            "{}",
            bodies[0]
        );
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    }

    #[test]
    fn a_token_expires_at_its_day_in_the_zone_of_the_account() {
        let midnight_in_madrid = 82_800_000;
        assert!(admit(&["Bearer trk_old"], Scope::Ingest, midnight_in_madrid - 1).is_ok());
        assert!(admit(&["Bearer trk_old"], Scope::Ingest, midnight_in_madrid).is_err());
    }

    #[test]
    fn a_key_is_good_until_its_token_expires_or_goes_away() {
        let (day, scope) = (86_400_000, Scope::Ingest);
        let key = directory().key(Some(b"trk_old"), scope, Time(0)).unwrap();
        assert!(directory().still_admits(&key, scope, Time(day / 2)));
        assert!(!directory().still_admits(&key, scope, Time(day)));
        assert!(!directory().still_admits(&key, Scope::Read, Time(0)));
        assert!(!Directory::default().still_admits(&key, scope, Time(0)));
    }

    #[test]
    fn a_token_is_for_pages_of_its_origins_only() {
        let key = directory().key(Some(b"trk_test"), Scope::Ingest, Time(0));
        let grant = key.unwrap().grant;
        assert!(grant.welcomes("https://crm.example"));
        assert!(grant.welcomes("HTTPS://crm.example"));
        for other in ["", "null", "https://crm.example.org", "http://crm.example"] {
            assert!(!grant.welcomes(other), "{other}");
        }
    }

    #[test]
    fn a_missing_scope_is_named() {
        let problem = admit(&["Bearer trk_test"], Scope::Read, 0).unwrap_err();
        assert!(problem.contains("\"code\":\"forbidden\""), "{problem}");
        assert!(problem.contains("`read`"), "{problem}");
    }
}
