//! What is sent, as plain data: messages and changes of conversations, and [`Thread`], which
//! scripts one conversation by the clock on the wall (`.contact("10:00").manager("ana", "10:05")`).

use serde_json::{Map, Value, json};

use crate::clock::{at, rfc3339};

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Author {
    /// A person outside.
    Contact,
    /// An employee.
    Manager,
    /// A program that talks.
    Bot,
    /// An automatic reply.
    System,
    /// A mass mailing.
    Campaign,
}

const AUTHORS: [Author; 5] = [
    Author::Contact,
    Author::Manager,
    Author::Bot,
    Author::System,
    Author::Campaign,
];
const CHANGES: [&str; 4] = ["assigned", "handed_off", "closed", "reopened"];

impl Author {
    /// Returns the word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Manager => "manager",
            Self::Bot => "bot",
            Self::System => "system",
            Self::Campaign => "campaign",
        }
    }
}

/// A message event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// The conversation's channel.
    pub channel: String,
    /// The conversation's id on its channel.
    pub conversation: String,
    /// The person outside.
    pub contact: String,
    /// Who wrote it.
    pub author: Author,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The employee who wrote it, if known.
    pub manager: Option<String>,
    /// The message's id, if the sender gives one.
    pub id: Option<String>,
    /// Text, image …; text when absent.
    pub kind: Option<String>,
    /// An internal note.
    pub private: bool,
    /// Whether a contact's message wants an answer.
    pub expects_reply: bool,
    /// How many characters it has.
    pub chars: Option<u32>,
}

/// A conversation event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// The conversation's channel.
    pub channel: String,
    /// The conversation's id on its channel.
    pub conversation: String,
    /// `assigned`, `handed_off`, `closed`, `reopened`.
    pub change: &'static str,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// To whom, or by whom.
    pub manager: Option<String>,
    /// The event's id, if the sender gives one.
    pub id: Option<String>,
}

/// An event of this room.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A `message`.
    Message(Message),
    /// A `conversation`.
    Change(Change),
}

impl Event {
    /// Returns the event as the JSON object of the contract.
    pub fn json(&self) -> Value {
        match self {
            Self::Message(message) => message.json(),
            Self::Change(change) => change.json(),
        }
    }

    /// Reads an event from what [`Event::json`] gives.
    #[track_caller]
    pub fn parse(json: &Value) -> Self {
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let must = |name: &str| text(name).unwrap_or_else(|| panic!("no {name}: {json}"));
        let (channel, conversation) = (must("channel"), must("conversation"));
        let (at, manager, id) = (at(&must("at")), text("manager"), text("id"));
        if json["type"] == "message" {
            let author = AUTHORS.into_iter().find(|it| json["author"] == it.word());
            return Self::Message(Message {
                channel,
                conversation,
                contact: must("contact"),
                author: author.expect("an author"),
                at,
                manager,
                id,
                kind: text("kind"),
                private: json["private"].as_bool().unwrap_or(false),
                expects_reply: json["expects_reply"].as_bool().unwrap_or(true),
                chars: json["chars"].as_u64().map(|chars| chars as u32),
            });
        }
        let change = CHANGES.into_iter().find(|it| json["change"] == *it);
        Self::Change(Change {
            channel,
            conversation,
            change: change.expect("a change"),
            at,
            manager,
            id,
        })
    }

    /// Returns when it happened.
    pub fn at(&self) -> i64 {
        match self {
            Self::Message(message) => message.at,
            Self::Change(change) => change.at,
        }
    }

    /// Returns (channel, conversation).
    pub fn thread(&self) -> (&str, &str) {
        match self {
            Self::Message(message) => (&message.channel, &message.conversation),
            Self::Change(change) => (&change.channel, &change.conversation),
        }
    }
}

impl Message {
    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("type".into(), json!("message"));
        object.insert("channel".into(), json!(self.channel));
        object.insert("conversation".into(), json!(self.conversation));
        object.insert("contact".into(), json!(self.contact));
        object.insert("author".into(), json!(self.author.word()));
        object.insert("at".into(), json!(rfc3339(self.at)));
        if let Some(manager) = &self.manager {
            object.insert("manager".into(), json!(manager));
        }
        if let Some(id) = &self.id {
            object.insert("id".into(), json!(id));
        }
        if let Some(kind) = &self.kind {
            object.insert("kind".into(), json!(kind));
        }
        if self.private {
            object.insert("private".into(), json!(true));
        }
        if !self.expects_reply {
            object.insert("expects_reply".into(), json!(false));
        }
        if let Some(chars) = self.chars {
            object.insert("chars".into(), json!(chars));
        }
        Value::Object(object)
    }
}

impl Change {
    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("type".into(), json!("conversation"));
        object.insert("channel".into(), json!(self.channel));
        object.insert("conversation".into(), json!(self.conversation));
        object.insert("change".into(), json!(self.change));
        object.insert("at".into(), json!(rfc3339(self.at)));
        if let Some(manager) = &self.manager {
            object.insert("manager".into(), json!(manager));
        }
        if let Some(id) = &self.id {
            object.insert("id".into(), json!(id));
        }
        Value::Object(object)
    }
}

/// A scripted conversation. Times are `HH:MM`, `HH:MM:SS` or `HH:MM:SS.mmm` in UTC of the current
/// [`Thread::day`].
#[derive(Clone, Debug)]
pub struct Thread {
    channel: String,
    conversation: String,
    contact: String,
    day: String,
    events: Vec<Event>,
}

impl Thread {
    /// Begins the script of a conversation on channel `web` on 2 March 2026, a Monday; its contact
    /// is `c-` and its id.
    pub fn new(conversation: &str) -> Self {
        Self {
            channel: "web".into(),
            conversation: conversation.into(),
            contact: format!("c-{conversation}"),
            day: "2026-03-02".into(),
            events: Vec::new(),
        }
    }

    /// Sets the channel, for the whole conversation: call it first.
    #[must_use]
    pub fn on(mut self, channel: &str) -> Self {
        channel.clone_into(&mut self.channel);
        self
    }

    /// Sets the contact of the messages that follow.
    #[must_use]
    pub fn with(mut self, contact: &str) -> Self {
        contact.clone_into(&mut self.contact);
        self
    }

    /// Sets the day (`2026-03-02`) of what follows.
    #[must_use]
    pub fn day(mut self, day: &str) -> Self {
        day.clone_into(&mut self.day);
        self
    }

    /// Adds a contact's message.
    #[must_use]
    pub fn contact(self, time: &str) -> Self {
        self.message(Author::Contact, None, time, |_| {})
    }

    /// Adds a contact's message that expects no reply.
    #[must_use]
    pub fn thanks(self, time: &str) -> Self {
        self.message(Author::Contact, None, time, |message| {
            message.expects_reply = false;
        })
    }

    /// Adds a manager's message.
    #[must_use]
    pub fn manager(self, manager: &str, time: &str) -> Self {
        self.message(Author::Manager, Some(manager), time, |_| {})
    }

    /// Adds a manager's message of a kind.
    #[must_use]
    pub fn manager_sends(self, manager: &str, kind: &str, time: &str) -> Self {
        self.message(Author::Manager, Some(manager), time, |m| {
            m.kind = Some(kind.into());
        })
    }

    /// Adds a manager's internal note.
    #[must_use]
    pub fn note(self, manager: &str, time: &str) -> Self {
        self.message(Author::Manager, Some(manager), time, |message| {
            message.private = true;
        })
    }

    /// Adds a bot's message.
    #[must_use]
    pub fn bot(self, time: &str) -> Self {
        self.message(Author::Bot, None, time, |_| {})
    }

    /// Adds an automatic reply.
    #[must_use]
    pub fn system(self, time: &str) -> Self {
        self.message(Author::System, None, time, |_| {})
    }

    /// Adds a campaign's message.
    #[must_use]
    pub fn campaign(self, time: &str) -> Self {
        self.message(Author::Campaign, None, time, |_| {})
    }

    /// Adds `assigned`.
    #[must_use]
    pub fn assigned(self, manager: &str, time: &str) -> Self {
        self.change("assigned", Some(manager), time)
    }

    /// Adds `handed_off`, to a manager or to nobody in particular.
    #[must_use]
    pub fn handed_off(self, manager: Option<&str>, time: &str) -> Self {
        self.change("handed_off", manager, time)
    }

    /// Adds `closed`.
    #[must_use]
    pub fn closed(self, manager: Option<&str>, time: &str) -> Self {
        self.change("closed", manager, time)
    }

    /// Adds `reopened`.
    #[must_use]
    pub fn reopened(self, time: &str) -> Self {
        self.change("reopened", None, time)
    }

    /// Adds any message.
    #[must_use]
    pub fn message(
        mut self,
        author: Author,
        manager: Option<&str>,
        time: &str,
        edit: impl FnOnce(&mut Message),
    ) -> Self {
        let mut message = Message {
            channel: self.channel.clone(),
            conversation: self.conversation.clone(),
            contact: self.contact.clone(),
            author,
            at: self.time(time),
            manager: manager.map(Into::into),
            id: Some(self.next_id()),
            kind: None,
            private: false,
            expects_reply: true,
            chars: None,
        };
        edit(&mut message);
        self.events.push(Event::Message(message));
        self
    }

    fn change(mut self, change: &'static str, manager: Option<&str>, time: &str) -> Self {
        let change = Change {
            channel: self.channel.clone(),
            conversation: self.conversation.clone(),
            change,
            at: self.time(time),
            manager: manager.map(Into::into),
            id: Some(format!("{}.{}", self.channel, self.next_id())),
        };
        self.events.push(Event::Change(change));
        self
    }

    /// Returns the events in the order of the script.
    pub fn events(self) -> Vec<Event> {
        self.events
    }

    fn next_id(&self) -> String {
        format!("{}-{:03}", self.conversation, self.events.len() + 1)
    }

    fn time(&self, time: &str) -> i64 {
        let seconds = if time.len() == 5 { ":00" } else { "" };
        at(&format!("{}T{time}{seconds}Z", self.day))
    }
}
