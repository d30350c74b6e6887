//! A call as receivers are told of it: the fields of `GET /v1/calls/{call}` but `contact`, and the
//! same forms. Seconds are numbers with milliseconds.

use serde::{Serialize, Serializer};
use trunkline_model::event::Direction;
use trunkline_model::phone;
use trunkline_model::time::Time;

/// A call as it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// The call's id.
    pub call: String,
    /// The hook that told of it first; `api` if none did.
    pub hook: String,
    /// Which way it goes; a callback is inbound whichever way it was dialled.
    pub direction: Direction,
    /// What made it, like `callback`; none for a person.
    pub origin: Option<String>,
    /// Who is outside: E.164 where it is a phone number, else as told; none if unknown.
    pub caller: Option<String>,
    /// The number of ours.
    pub number: Option<String>,
    /// When it began.
    pub at: Time,
    /// When it was queued first.
    pub queued_at: Option<Time>,
    /// When it rang first.
    pub ringing_at: Option<Time>,
    /// When a person answered first.
    pub answered_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// How it ended; none while it has not.
    pub disposition: Option<String>,
    /// Whether it was answered for less than `min_answer_s`.
    pub ghost: bool,
    /// Time in menus before a person answered.
    pub menu_s: f64,
    /// Time in queues before a person answered.
    pub queue_s: f64,
    /// Time of ringing before a person answered.
    pub ring_s: f64,
    /// Time on hold.
    pub hold_s: f64,
    /// Time until a person answered, or until the end; none while it waits.
    pub wait_s: Option<f64>,
    /// From the answer to the end without hold.
    pub talk_s: f64,
    /// Its tags, in order.
    pub tags: Vec<String>,
    /// Whether it is spam.
    pub spam: bool,
    /// What it is worth, in the account's currency.
    pub value: Option<String>,
    /// The address of its recording.
    pub recording: Option<String>,
    /// The weakest of what told of it: `verified`, `weak` or `unverified`.
    pub integrity: String,
    /// The source that brought it, once it is known; its `source`, `medium`, `campaign` and `certainty` stand beside it
    /// too, as in lists of calls.
    #[serde(flatten, serialize_with = "brought")]
    pub attribution: Option<Attribution>,
    /// The legs of persons, in order of ringing.
    pub legs: Vec<Leg>,
}

/// Which source brought a call (`metrics.md` §3); what is not known is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Attribution {
    /// `certain`, `likely`, `repeat`, `ambiguous` or `unattributed`.
    pub certainty: Option<String>,
    /// Why it is not attributed.
    pub reason: Option<String>,
    /// The visit that dialled it, or the likeliest.
    pub visit: Option<String>,
    /// The source.
    pub source: Option<String>,
    /// Its medium.
    pub medium: Option<String>,
    /// Its campaign.
    pub campaign: Option<String>,
    /// Its content.
    pub content: Option<String>,
    /// Its term.
    pub term: Option<String>,
    /// The id of a click on Google.
    pub gclid: Option<String>,
    /// The same from an app.
    pub gbraid: Option<String>,
    /// The same to an app.
    pub wbraid: Option<String>,
    /// The id of a click on Facebook.
    pub fbclid: Option<String>,
    /// The id of a click on Yandex.
    pub yclid: Option<String>,
    /// The id of a click on Bing.
    pub msclkid: Option<String>,
    /// The id of a click to WhatsApp.
    pub ctwa_clid: Option<String>,
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn brought<S: Serializer>(attribution: &Option<Attribution>, to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Brought<'a> {
        source: Option<&'a str>,
        medium: Option<&'a str>,
        campaign: Option<&'a str>,
        certainty: Option<&'a str>,
        attribution: Option<&'a Attribution>,
    }
    let by = attribution.as_ref();
    let brought = Brought {
        source: by.and_then(|by| by.source.as_deref()),
        medium: by.and_then(|by| by.medium.as_deref()),
        campaign: by.and_then(|by| by.campaign.as_deref()),
        certainty: by.and_then(|by| by.certainty.as_deref()),
        attribution: by,
    };
    brought.serialize(to)
}

/// A person who was rung, or answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Leg {
    /// Its id; none if it was told without.
    pub leg: Option<String>,
    /// The manager's id, else the name he was told by.
    pub manager: Option<String>,
    /// The extension, or the number it was forwarded to.
    pub extension: Option<String>,
    /// When it rang first.
    pub ringing_at: Option<Time>,
    /// When it was answered.
    pub answered_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// Time of ringing.
    pub ring_s: f64,
    /// From its answer to its end without hold.
    pub talk_s: f64,
    /// Time on hold.
    pub hold_s: f64,
    /// Whether it gave the call on.
    pub transferred_out: bool,
    /// Whether the call was given to it.
    pub transferred_in: bool,
}

impl Call {
    /// Gives whose order it keeps: the caller, else the call itself, for of who is unknown each call
    /// is a contact of its own.
    pub fn contact(&self) -> &str {
        self.caller.as_deref().unwrap_or(&self.call)
    }

    /// Gives the call with its phone numbers masked, as for tokens without `read:phones`.
    #[must_use]
    pub(crate) fn masked(mut self) -> Self {
        self.caller = self.caller.map(phone::masked);
        for leg in &mut self.legs {
            leg.extension = leg.extension.take().map(phone::masked);
        }
        self
    }

    /// Makes a call that has every field: what templates and filters are checked with.
    pub(crate) fn sample() -> Self {
        let (text, at) = (|text: &str| Some(text.to_owned()), Some(Time(0)));
        Self {
            call: "call-1".to_owned(),
            hook: "pbx".to_owned(),
            direction: Direction::Inbound,
            origin: text("callback"),
            caller: text("+34911222333"),
            number: text("+34900111222"),
            at: Time(0),
            queued_at: at,
            ringing_at: at,
            answered_at: at,
            ended_at: at,
            disposition: text("answered"),
            ghost: false,
            menu_s: 0.0,
            queue_s: 0.0,
            ring_s: 4.0,
            hold_s: 0.0,
            wait_s: Some(4.0),
            talk_s: 61.5,
            tags: vec!["vip".to_owned()],
            spam: false,
            value: text("19.90"),
            recording: text("https://pbx.example/1.mp3"),
            integrity: "verified".to_owned(),
            attribution: Some(Attribution::sample()),
            legs: vec![Leg {
                manager: text("ana"),
                ..Leg::default()
            }],
        }
    }
}

impl Attribution {
    fn sample() -> Self {
        let text = || Some("x".to_owned());
        Self {
            certainty: text(),
            reason: text(),
            visit: text(),
            source: text(),
            medium: text(),
            campaign: text(),
            content: text(),
            term: text(),
            gclid: text(),
            gbraid: text(),
            wbraid: text(),
            fbclid: text(),
            yclid: text(),
            msclkid: text(),
            ctwa_clid: text(),
        }
    }
}
