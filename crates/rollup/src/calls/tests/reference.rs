//! Calls acted out second by second, and what their events are derived to.
//!
//! A script says what a call does: so many seconds in the menu, in the queue, so many rounds of ringing,
//! talk, hold, transfers. Its figures are sums of the script's numbers, added up as it is acted out, and
//! know nothing of events. The events that a provider would have sent of it, in any of the ways that
//! providers have (with legs or by extensions, with running numbers, with what they say of talk), must
//! give the same figures.

use proptest::prelude::*;

use super::{Fold, IN, Row, phase};

/// What a call does.
#[derive(Clone, Debug)]
struct Script {
    menu: i64,
    queue: i64,
    /// Rounds of ringing that nobody takes, of one or two phones.
    rounds: Vec<(i64, bool)>,
    /// Seconds after them, back in the queue if it was there: nobody who rang is sent back to a menu.
    back: i64,
    /// Ringing that is answered, and what comes then: nothing, if it is given up before.
    answer: Option<(i64, Vec<Part>)>,
    how: How,
}

/// What one manager does with a call: talk, hold, talk; and how the next one gets it.
#[derive(Clone, Debug)]
struct Part {
    talk: i64,
    hold: i64,
    more: i64,
    /// Seconds that the next one's phone rings, if there is a next one.
    rings: i64,
}

/// How a provider tells of it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "all ways of telling are tried with each other"
)]
#[derive(Clone, Copy, Debug)]
struct How {
    /// Legs have ids, and their ends are told.
    legs: bool,
    /// The end of the call is told, not only those of legs.
    end: bool,
    seq: bool,
    says_talk: bool,
    says_word: bool,
    tells_start: bool,
}

/// What the script adds up to: disposition, menu, queue, ring, hold, talk, wait, and of each who talked
/// his ringing, talk and hold.
#[derive(Clone, Debug, Default, PartialEq)]
struct Sums {
    disposition: String,
    lengths: [i64; 5],
    wait: i64,
    parts: Vec<[i64; 3]>,
}

/// Acts a script out.
struct Stage {
    now: i64,
    how: How,
    phones: i64,
    seq: u64,
    events: Vec<(i64, &'static str, String)>,
    sums: Sums,
}

impl Stage {
    fn tell(&mut self, name: &'static str, more: &str) {
        self.seq += 1;
        let mut fields = vec![format!(r#""id":"e{}""#, self.seq)];
        if self.how.seq {
            fields.push(format!(r#""seq":{}"#, self.seq));
        }
        if !more.is_empty() {
            fields.push(more.to_owned());
        }
        self.events.push((self.now, name, fields.join(",")));
    }

    fn phone(&self, number: i64) -> String {
        let leg = format!(r#","leg":"l{number}""#);
        let leg = if self.how.legs { leg } else { String::new() };
        format!(r#""extension":"{}"{leg}"#, 100 + number)
    }

    fn ring(&mut self) -> i64 {
        self.phones += 1;
        let phone = self.phone(self.phones);
        self.tell("ringing", &phone);
        self.phones
    }

    fn hang_up(&mut self, number: i64) {
        if self.how.legs {
            let phone = self.phone(number);
            self.tell("ended", &phone);
        }
    }

    /// Acts before anybody answers; gives which place the call is left in.
    fn before(&mut self, script: &Script) -> &'static str {
        let mut place = "missed";
        if self.how.tells_start || script.menu + script.queue == 0 {
            self.tell("started", IN);
        }
        for (name, length, at, word) in [
            ("menu", script.menu, 0, "menu"),
            ("queued", script.queue, 1, "abandoned"),
        ] {
            if length > 0 {
                self.tell(name, IN);
                self.now += length;
                self.sums.lengths[at] = length;
                place = word;
            }
        }
        let queue = script.queue > 0;
        let rings = script.answer.is_some() || !script.rounds.is_empty();
        self.sums.wait = match (queue, rings) {
            (true, _) => script.queue,
            (false, true) => 0,
            (false, false) => script.menu,
        };
        for (length, two) in &script.rounds {
            let phones: Vec<i64> = (0..=i64::from(*two)).map(|_| self.ring()).collect();
            self.now += length;
            for phone in phones {
                self.hang_up(phone);
            }
            self.sums.lengths[2] += length;
            self.sums.wait += length;
        }
        if script.rounds.is_empty() {
            return place;
        }
        self.now += script.back;
        self.sums.wait += script.back;
        let at = match place {
            // Without ends of legs phones ring on.
            _ if !self.how.legs => 2,
            "abandoned" => 1,
            _ => return "missed",
        };
        self.sums.lengths[at] += script.back;
        // Given up while the last round rang.
        if script.back == 0 || at == 2 {
            "missed"
        } else {
            place
        }
    }

    /// Acts what managers do with a call that is answered.
    fn talk(&mut self, rings: i64, parts: &[Part]) {
        let mut phone = self.ring();
        self.now += rings;
        self.sums.lengths[2] += rings;
        self.sums.wait += rings;
        let (mut rang, last) = (rings, parts.len() - 1);
        for (number, part) in parts.iter().enumerate() {
            let who = self.phone(phone);
            self.tell("answered", &who);
            self.now += part.talk;
            if part.hold > 0 {
                self.tell("held", &who);
                self.now += part.hold;
                self.tell("resumed", &who);
            }
            self.now += part.more;
            let talk = part.talk + part.more;
            self.sums.parts.push([rang, talk, part.hold]);
            self.sums.lengths[3] += part.hold;
            self.sums.lengths[4] += talk;
            if number < last {
                self.tell("transferred", &who);
                self.hang_up(phone);
                phone = self.ring();
                self.now += part.rings;
                rang = part.rings;
                // From the first answer to the end.
                self.sums.lengths[4] += part.rings;
            } else {
                self.hang_up(phone);
            }
        }
    }

    fn end(&mut self) {
        if self.how.end || !self.how.legs || self.phones == 0 {
            let mut more = Vec::new();
            if self.how.says_talk {
                more.push(format!(r#""talk_s":{}"#, self.sums.lengths[4]));
            }
            if self.how.says_word {
                more.push(format!(r#""disposition":"{}""#, self.sums.disposition));
            }
            let more = more.join(",");
            self.tell("ended", &more);
        }
    }
}

impl Script {
    fn act(&self) -> Stage {
        let mut stage = Stage {
            now: 0,
            how: self.how,
            phones: 0,
            seq: 0,
            events: Vec::new(),
            sums: Sums::default(),
        };
        let place = stage.before(self);
        let place = match &self.answer {
            Some((rings, parts)) => {
                stage.talk(*rings, parts);
                "answered"
            }
            None => place,
        };
        stage.sums.disposition = place.to_owned();
        stage.end();
        stage
    }
}

fn found(row: &Row) -> Sums {
    let talked = row.legs.iter().filter(|leg| leg.times[1].is_some());
    Sums {
        disposition: row.disposition.clone(),
        lengths: row.lengths,
        wait: row.wait.unwrap_or(-1),
        parts: talked.map(|leg| leg.lengths).collect(),
    }
}

fn scripts() -> impl Strategy<Value = Script> {
    let part = (1..60i64, 0..20i64, 1..60i64, 1..9i64);
    let part = part.prop_map(|(talk, hold, more, rings)| Part {
        talk,
        hold,
        more,
        rings,
    });
    let answer = (1..20i64, prop::collection::vec(part, 1..4));
    let rounds = prop::collection::vec((1..20i64, any::<bool>()), 0..3);
    let how = (any::<[bool; 6]>()).prop_map(|[legs, end, seq, says_talk, says_word, start]| How {
        legs,
        end,
        seq,
        says_talk,
        says_word,
        tells_start: start,
    });
    let lengths = (0..30i64, 0..30i64, 0..5i64);
    (lengths, rounds, prop::option::of(answer), how).prop_map(
        |((menu, queue, back), rounds, answer, how)| Script {
            menu,
            queue,
            // An end that only legs tell is that of the last leg.
            back: if how.end || answer.is_some() { back } else { 0 },
            rounds,
            answer,
            how,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn events_of_a_script_come_to_what_it_adds_up_to(script in scripts(), turn in 0..9usize) {
        let stage = script.act();
        let mut fold = Fold::new();
        let count = stage.events.len();
        for place in 0..count {
            let (at, name, more) = &stage.events[(place + turn) % count];
            fold.tell(&phase(*at, name, more));
        }
        let rows = fold.rows();
        prop_assert_eq!(rows.len(), 1);
        prop_assert_eq!(found(&rows[0]), stage.sums, "{:#?}", stage.events);
        prop_assert_eq!(rows[0].times[4], Some(stage.now));
    }
}
