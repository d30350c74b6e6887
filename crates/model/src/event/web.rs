//! Events of the site: visits and forms.

use schemars::JsonSchema;
use serde::Deserialize;

use super::hash::{Fields, Hashed};
use super::source::{self, Source, Sourced};
use super::{Kind, null};
use crate::text::{Id, LongText, Party, Text};
use crate::time::Time;

/// A visit of the site (`type`: `visit`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Visit<'a> {
    /// The visit.
    #[serde(borrow)]
    pub visit: Id<'a>,
    /// The visitor.
    #[serde(borrow)]
    pub visitor: Id<'a>,
    /// The address of the page, with its marketing tags.
    #[serde(borrow)]
    pub url: LongText<'a>,
    /// When the page was seen.
    pub at: Time,
    /// The page before it.
    #[serde(borrow)]
    pub referrer: Option<LongText<'a>>,
    /// The page's title.
    #[serde(borrow)]
    pub title: Option<LongText<'a>>,
    /// Whether the visit ended; `false` by default.
    #[serde(default, deserialize_with = "null::is_default")]
    #[schemars(with = "Option<bool>")]
    pub ended: bool,
    /// The browser's name for itself.
    #[serde(borrow)]
    pub user_agent: Option<LongText<'a>>,
    /// The number that was shown. One that another tracker showed is recorded, never granted.
    #[serde(borrow)]
    pub number: Option<Party<'a>>,
    /// The site, by its key. This and the fields below it are written by Trunkline for the visits that it decides on.
    #[serde(borrow)]
    pub site: Option<Id<'a>>,
    /// The pool that the number comes from.
    #[serde(borrow)]
    pub pool: Option<Id<'a>>,
    /// Whether the number is the visit's own for as long as it lives; `false` by default: it may be shown to others.
    #[serde(default, deserialize_with = "null::is_default")]
    #[schemars(with = "Option<bool>")]
    pub served: bool,
    /// Whether this is a sign of life and no page; `false` by default.
    #[serde(default, deserialize_with = "null::is_default")]
    #[schemars(with = "Option<bool>")]
    pub beat: bool,
    /// Until when the visit lives without a further sign.
    pub expires_at: Option<Time>,
    /// What Google Analytics knows the visitor by: of its cookie `_ga` the last two numbers.
    #[serde(borrow)]
    pub ga_client_id: Option<Id<'a>>,
    /// What Yandex Metrica knows the visitor by: its cookie `_ym_uid`.
    #[serde(borrow)]
    pub ym_client_id: Option<Id<'a>>,
    /// Whether the visitor agreed that those who sell advertising are told what came of the visit; absent: not told.
    pub consent: Option<bool>,
    /// The import's run, so that it can be taken back.
    #[serde(borrow)]
    pub batch: Option<Id<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
}

impl Hashed for Visit<'_> {
    const KIND: Kind = Kind::Visit;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.visit);
        to.text(2, &self.visitor);
        to.text(3, &self.url);
        to.time(4, self.at);
        to.option(5, self.referrer.as_ref());
        to.option(6, self.title.as_ref());
        to.flag(7, self.ended);
        to.option(8, self.user_agent.as_ref());
        to.option(9, self.number.as_ref());
        to.option(10, self.site.as_ref());
        to.option(11, self.pool.as_ref());
        // What was stored before there were these has neither.
        if self.served {
            to.flag(12, true);
        }
        if self.beat {
            to.flag(13, true);
        }
        to.maybe_time(14, self.expires_at);
        to.option(15, self.ga_client_id.as_ref());
        to.option(16, self.ym_client_id.as_ref());
        if let Some(consent) = self.consent {
            to.flag(17, consent);
        }
    }
}

/// A form that was sent (`type`: `form`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
pub struct Form<'a> {
    /// The form.
    #[serde(borrow)]
    pub form: Id<'a>,
    /// When it was sent.
    pub at: Time,
    /// The visit in which it was sent.
    #[serde(borrow)]
    pub visit: Option<Id<'a>>,
    /// The visitor who sent it.
    #[serde(borrow)]
    pub visitor: Option<Id<'a>>,
    /// The contact who sent it.
    #[serde(borrow)]
    pub contact: Option<Id<'a>>,
    /// The phone as it was typed.
    #[serde(borrow)]
    pub phone: Option<Party<'a>>,
    /// The e-mail address.
    #[serde(borrow)]
    pub email: Option<Text<'a>>,
    /// The run of the import that brought it, so that it can be taken back with the others.
    #[serde(borrow)]
    pub batch: Option<Id<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
    /// Where the contact came from.
    #[serde(skip)]
    pub source: Option<Box<Source<'a>>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Form<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        source::deserialize(from)
    }
}

impl<'de: 'a, 'a> Sourced<'de> for Form<'a> {
    fn fields<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // The derived function, which knows all fields but those of the source.
        Self::deserialize(from)
    }

    fn set_source(&mut self, source: Box<Source<'de>>) {
        self.source = Some(source);
    }
}

impl Hashed for Form<'_> {
    const KIND: Kind = Kind::Form;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.form);
        to.time(2, self.at);
        to.option(3, self.visit.as_ref());
        to.option(4, self.visitor.as_ref());
        to.option(5, self.contact.as_ref());
        to.option(6, self.phone.as_ref());
        to.option(7, self.email.as_ref());
        if let Some(source) = &self.source {
            source.fields(to);
        }
    }
}
