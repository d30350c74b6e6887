//! The webhooks of the configuration, checked and ready: who is told what, in which words; and that it was not so
//! (`taken_back`).

pub(crate) mod taken_back;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use trunkline_model::settings::{
    Account, CallRules, Secret, Validity, Webhook as Settings, WebhookEvent,
};
use trunkline_model::time::Time;
use url::Url;

use crate::call::Call;
use crate::filter::Filter;
use crate::outbox::{Address, Id, Notice};
use crate::source::{self, Cause, OF_TWIN, Said};
use crate::template::Template;
use crate::twins::{Roles, Side};
use crate::wanted;
use taken_back::Standing;

/// Headers that are ours, or the connection's.
const OURS: [&str; 4] = ["connection", "content-length", "host", "transfer-encoding"];
const JSON: &str = "application/json";
/// A setting of a webhook that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, like `account.demo.webhook.crm.where`.
    pub key: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// The webhooks of all accounts.
#[derive(Debug, Default)]
pub struct Webhooks(BTreeMap<String, Own>);

/// Those of one account, and what of it they need.
#[derive(Debug)]
struct Own {
    rules: CallRules,
    /// What managers are called at providers, and whose an extension is.
    aliases: BTreeMap<String, String>,
    extensions: Vec<(String, Validity, String)>,
    webhooks: Vec<Arc<Webhook>>,
    roles: Roles,
}

/// A webhook.
#[derive(Debug)]
pub(crate) struct Webhook {
    pub(crate) address: Address,
    pub(crate) url: Uri,
    pub(crate) secret: Option<Secret>,
    pub(crate) headers: HeaderMap,
    pub(crate) events: Vec<WebhookEvent>,
    filter: Option<Filter>,
    body: Option<Template>,
    phones: bool,
}

impl Webhooks {
    /// Makes those of all accounts; errors with all that is wrong with them.
    pub fn new(accounts: &[Account]) -> Result<Self, Vec<Problem>> {
        let (mut all, mut problems) = (BTreeMap::new(), Vec::new());
        for account in accounts {
            let mut webhooks = Vec::new();
            for settings in &account.webhooks {
                match Webhook::new(account, settings) {
                    Ok(webhook) => webhooks.push(Arc::new(webhook)),
                    Err(mut wrong) => problems.append(&mut wrong),
                }
            }
            if !webhooks.is_empty() {
                all.insert(account.id.clone(), Own::new(account, webhooks));
            }
        }
        if problems.is_empty() {
            Ok(Self(all))
        } else {
            Err(problems)
        }
    }

    /// Says whether an account has any.
    pub(crate) fn has(&self, account: &str) -> bool {
        self.0.contains_key(account)
    }

    /// Lists those of an account.
    pub(crate) fn of(&self, account: &str) -> &[Arc<Webhook>] {
        self.0.get(account).map_or(&[], |own| &own.webhooks)
    }

    /// Finds one.
    pub(crate) fn find(&self, address: &Address) -> Option<&Arc<Webhook>> {
        let own = self.of(&address.account).iter();
        own.into_iter().find(|it| it.address == *address)
    }

    /// Gives what of a call decides whose twin it is; none if nobody tells of it too.
    pub(crate) fn side(&self, account: &str, call: &Call) -> Option<Side> {
        self.0.get(account)?.roles.side(call)
    }

    /// Makes the notices that a call gives, as it stands after the record at `offset` that arrived
    /// `now`, of those that were not told, or were taken back, nor were told of one of its `twins`; each with what it is
    /// known by, and what its receiver knows then, where that is to be kept.
    pub(crate) fn notices(
        &self,
        account: &str,
        (call, twins): (&Call, &[String]),
        (offset, now): (u64, Time),
        standing: impl Fn(Id) -> Standing,
    ) -> Vec<(Notice, Id, Option<Said>)> {
        let Some(own) = self.0.get(account) else {
            return Vec::new();
        };
        let kinds = wanted::kinds(call, &own.rules, now);
        let mut notices = Vec::new();
        for kind in kinds {
            let named = own.named(call.clone());
            for webhook in own.webhooks.iter().filter(|it| it.tells(kind)) {
                let before = standing(id(&webhook.address, kind, &call.call));
                let of_twin = |twin: &String| standing(id(&webhook.address, kind, twin)).holds();
                if before.holds() || twins.iter().any(of_twin) {
                    continue;
                }
                notices.extend(webhook.stands(kind, &named, (offset, now), before));
            }
        }
        notices
    }

    /// Says whether anybody is told what brought the calls of an account.
    pub(crate) fn tells_sources(&self, account: &str) -> bool {
        let all = self.of(account).iter();
        all.into_iter()
            .any(|it| it.tells(WebhookEvent::AttributedCall))
    }

    /// Lists what is known of a call's source by those who are told of it.
    pub(crate) fn who_knows(&self, account: &str, call: &str) -> Vec<Id> {
        let all = self.of(account).iter();
        let told = all.filter(|it| it.tells(WebhookEvent::AttributedCall));
        told.map(|it| id(&it.address, WebhookEvent::AttributedCall, call))
            .collect()
    }

    /// Makes the notices of what brought a call, for those who were told nothing of it or something else; each with what
    /// its receiver knows then. What a receiver was told is corrected whatever his `where` says by now. Who was told of one
    /// of the `trackers`, calls that are this one, is told nothing of it.
    pub(crate) fn sources(
        &self,
        account: &str,
        (call, trackers): (&Call, &[String]),
        (cause, now): (Cause, Time),
        said: impl Fn(Id) -> Option<Said>,
    ) -> Vec<(Notice, Id, Said)> {
        let (Some(own), Some(attribution)) = (self.0.get(account), &call.attribution) else {
            return Vec::new();
        };
        let (kind, digest) = (WebhookEvent::AttributedCall, source::digest(attribution));
        let (is_news, is_corrected) = (
            cause.is_new && wanted::is_attributed(call, now),
            wanted::is_corrected(call, now),
        );
        let named = own.named(call.clone());
        let mut notices = Vec::new();
        for webhook in own.webhooks.iter().filter(|it| it.tells(kind)) {
            let of = id(&webhook.address, kind, &call.call);
            let before = said(of);
            let of_tracker = |twin: &String| {
                let said = said(id(&webhook.address, kind, twin));
                said.is_some_and(|said| !said.is_taken_back())
            };
            // What was taken back for a twin comes again when that is known to be told no more, not when it is forgotten.
            let is_of_twin = before.is_some_and(|before| before.digest == OF_TWIN);
            if trackers.iter().any(of_tracker) || (is_of_twin && trackers.is_empty()) {
                continue;
            }
            let is_due = before.map_or(is_news, |before| is_corrected && before.digest != digest);
            if !is_due {
                continue;
            }
            let revision = before.map_or(0, |before| before.revision + 1);
            let telling = Telling {
                kind,
                id: source::id(of, digest, before.map(|_| cause.offset)),
                at: now,
                revision: revision.max(cause.offset),
                corrected: before.is_some(),
                retracted: false,
                twin: None,
            };
            let (revision, at) = (telling.revision, now.0);
            let said = Said {
                digest,
                revision,
                at,
            };
            let notice = webhook.notice(&telling, &named, cause.offset);
            notices.extend(notice.map(|notice| (notice, of, said)));
        }
        notices
    }
}

impl Own {
    fn new(account: &Account, webhooks: Vec<Arc<Webhook>>) -> Self {
        let extensions = account.extensions().into_iter();
        let extension = |of: trunkline_model::settings::ExtensionOf<'_>| {
            (of.extension.to_owned(), of.validity, of.manager.to_owned())
        };
        Self {
            rules: account.calls,
            aliases: account.aliases(),
            extensions: extensions.map(extension).collect(),
            webhooks,
            roles: Roles::of(&account.hooks),
        }
    }

    /// Gives the call with its managers by their ids: by their alias, else by their extension at its
    /// beginning, as in the reports.
    fn named(&self, mut call: Call) -> Call {
        for leg in &mut call.legs {
            let alias = leg.manager.as_ref().and_then(|it| self.aliases.get(it));
            let whose = || {
                let mut all = self.extensions.iter();
                let of = all.find(|(extension, when, _)| {
                    leg.extension.as_ref() == Some(extension) && when.holds(call.at)
                });
                of.map(|(.., manager)| manager)
            };
            let known = alias.or_else(|| leg.manager.is_none().then(whose).flatten());
            leg.manager = known.cloned().or_else(|| leg.manager.take());
        }
        call
    }
}

impl Webhook {
    fn new(account: &Account, settings: &Settings) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut note = |key: &str, message: String| {
            let key = format!("account.{}.webhook.{}.{key}", account.id, settings.id);
            problems.push(Problem { key, message });
        };
        let url = uri(&settings.url).map_err(|error| note("url", error)).ok();
        let headers = headers(&settings.headers)
            .map_err(|error| note("headers", error))
            .unwrap_or_default();
        let media = headers.get(http::header::CONTENT_TYPE);
        let media = media.and_then(|media| media.to_str().ok()).unwrap_or(JSON);
        let filter = settings.filter.as_deref().map(Filter::parse).transpose();
        let filter = filter.map_err(|error| note("where", error)).ok().flatten();
        let body = settings.body.as_deref();
        let body = body.map(|text| Template::parse(text, media)).transpose();
        let body = body.map_err(|error| note("body", error)).ok().flatten();
        let Some(url) = url.filter(|_| problems.is_empty()) else {
            return Err(problems);
        };
        Ok(Self {
            address: Address::new(&account.id, &settings.id),
            url,
            secret: settings.secret.clone(),
            headers,
            events: settings.events.clone(),
            filter,
            body,
            phones: settings.phones,
        })
    }

    fn tells(&self, kind: WebhookEvent) -> bool {
        self.events.contains(&kind)
    }

    /// Makes a notice about a call; none if the webhook is not to be told of it.
    fn notice(&self, telling: &Telling, call: &Call, offset: u64) -> Option<Notice> {
        if !telling.corrected
            && let Some(filter) = &self.filter
            && !filter.holds(&telling.json(&self.address, call))
        {
            return None;
        }
        let told = if self.phones {
            telling.json(&self.address, call)
        } else {
            telling.json(&self.address, &call.clone().masked())
        };
        Some(Notice {
            address: self.address.clone(),
            id: telling.id,
            kind: telling.kind.as_str().to_owned(),
            subject: call.call.clone(),
            contact: Arc::from(call.contact()),
            body: match &self.body {
                Some(template) => template.write(&told),
                None => told.to_string(),
            },
            made_at: telling.at,
            offset,
        })
    }
}

/// What a notice says beside the call.
struct Telling {
    kind: WebhookEvent,
    id: Id,
    at: Time,
    revision: u64,
    corrected: bool,
    retracted: bool,
    /// The call that counts in its place.
    twin: Option<String>,
}

impl Telling {
    /// Gives the notice as JSON: what filters and templates name, and the body by default.
    fn json(&self, address: &Address, call: &Call) -> Value {
        json!({
            "id": self.id.to_string(),
            "event": self.kind.as_str(),
            "account": &*address.account,
            "webhook": &*address.webhook,
            "at": self.at,
            "revision": self.revision,
            "corrected": self.corrected,
            "retracted": self.retracted,
            "twin": self.twin,
            "call": call,
        })
    }
}

/// Gives the notice that filters and templates are checked with.
pub(crate) fn sample() -> Value {
    let telling = Telling {
        kind: WebhookEvent::MissedCall,
        id: Id::default(),
        at: Time(0),
        revision: 0,
        corrected: false,
        retracted: false,
        twin: Some("call-2".to_owned()),
    };
    telling.json(&Address::new("acme", "crm"), &Call::sample())
}

/// Finds a field of a notice by its name, like `event`, or of its call, like `talk_s`,
/// `call.talk_s` or `attribution.source`.
pub(crate) fn find<'v>(notice: &'v Value, path: &str) -> Option<&'v Value> {
    let steps = |from: &'v Value| path.split('.').try_fold(from, |at, name| at.get(name));
    steps(notice).or_else(|| steps(notice.get("call")?))
}

/// Says that a field is unknown, and which may be meant.
pub(crate) fn unknown_field(field: &str) -> String {
    let sample = sample();
    let names = [&sample, &sample["call"]];
    let names = names.into_iter().filter_map(Value::as_object);
    let mut names: Vec<&str> = names.flat_map(|it| it.keys()).map(String::as_str).collect();
    names.sort_unstable();
    let nearest = names
        .iter()
        .min_by_key(|name| strsim::damerau_levenshtein(name, field))
        .filter(|name| strsim::damerau_levenshtein(name, field) <= 2);
    match nearest {
        Some(name) => format!("a notice has no field `{field}`: did you mean `{name}`?"),
        None => format!(
            "a notice has no field `{field}`; it has {}",
            names.join(", ")
        ),
    }
}

/// Makes the id of a notice: the same for the same thing at any time.
fn id(address: &Address, kind: WebhookEvent, subject: &str) -> Id {
    let parts = [&*address.account, &*address.webhook, kind.as_str(), subject];
    let digest = Sha256::digest(json!(parts).to_string());
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    Id(id)
}

fn uri(text: &str) -> Result<Uri, String> {
    let mut url = Url::parse(text).map_err(|error| format!("`{text}` is no address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("not an http or https address".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "an address with a password is written to logs: set Authorization among the headers"
                .to_owned(),
        );
    }
    url.set_fragment(None);
    let uri = url.as_str().parse();
    uri.map_err(|error| format!("`{text}` is no address: {error}"))
}

fn headers(settings: &BTreeMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in settings {
        let lower = name.to_ascii_lowercase();
        if OURS.contains(&lower.as_str()) || lower.starts_with("trunkline-") {
            return Err(format!("`{name}` is set by the service: take it out"));
        }
        let name = HeaderName::from_bytes(lower.as_bytes())
            .map_err(|_| format!("`{name}` is no name of a header"))?;
        let value = HeaderValue::from_str(value)
            .map_err(|_| format!("the value of `{name}` has characters that cannot be sent"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests;
