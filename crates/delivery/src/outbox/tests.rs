use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::saved::Saved;

const CONTACTS: [&str; 3] = ["ana", "bea", "eva"];
const WEBHOOKS: [&str; 2] = ["crm", "chat"];

fn notice(webhook: &str, contact: &str, number: u8) -> Notice {
    Notice {
        address: Address::new("acme", webhook),
        id: Id([number; 16]),
        kind: "missed_call".to_owned(),
        subject: format!("call-{number}"),
        contact: Arc::from(contact),
        body: "{}".to_owned(),
        made_at: Time(0),
        offset: u64::from(number),
    }
}

/// What happens to an outbox.
#[derive(Clone, Copy, Debug)]
enum Step {
    Put {
        webhook: usize,
        contact: usize,
    },
    Pass(i64),
    Take,
    /// One of those on their way ends: delivered, failed or gone.
    Settle {
        which: usize,
        how: u8,
    },
    /// The process is killed and starts again with the file, of now or of before.
    Restart {
        with_last_file: bool,
    },
    Write,
    Replay {
        webhook: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..2_usize, 0..3_usize).prop_map(|(webhook, contact)| Step::Put { webhook, contact }),
        3 => (0..5_000_i64).prop_map(Step::Pass),
        1 => (0..TRIED_FOR).prop_map(Step::Pass),
        6 => Just(Step::Take),
        6 => (any::<usize>(), 0..6_u8).prop_map(|(which, how)| Step::Settle { which, how }),
        1 => any::<bool>().prop_map(|with_last_file| Step::Restart { with_last_file }),
        1 => Just(Step::Write),
        1 => (0..2_usize).prop_map(|webhook| Step::Replay { webhook }),
    ]
}

/// An outbox with all that goes on around it.
#[derive(Default)]
struct World {
    outbox: Outbox,
    now: i64,
    /// What was put, in order.
    put: Vec<Notice>,
    under_way: Vec<Try>,
    delivered: BTreeSet<Id>,
    /// What was delivered for the first time, in order, of what was never replayed.
    order: Vec<Id>,
    replayed: BTreeSet<Id>,
    file: Option<(Saved, usize)>,
}

impl World {
    fn now(&self) -> Time {
        Time(self.now)
    }

    fn go(&mut self, step: Step) {
        match step {
            Step::Put { webhook, contact } => {
                let number = self.put.len() as u8;
                let notice = notice(WEBHOOKS[webhook], CONTACTS[contact], number);
                self.put.push(notice.clone());
                assert!(self.outbox.put(notice.clone(), self.now()));
                assert!(!self.outbox.put(notice, self.now()));
            }
            Step::Pass(ms) => self.now += ms,
            Step::Take => {
                if let Some(made) = self.outbox.take(self.now(), true, |_| true) {
                    self.assert_alone(&made);
                    self.under_way.push(made);
                }
            }
            Step::Settle { which, how } => {
                if self.under_way.is_empty() {
                    return;
                }
                let made = self.under_way.remove(which % self.under_way.len());
                let outcome = match how {
                    0..3 => Outcome::Delivered,
                    3..5 => Outcome::Failed("answered 500".to_owned()),
                    _ => Outcome::Gone("answered 410".to_owned()),
                };
                if outcome == Outcome::Delivered && self.delivered.insert(made.notice.id) {
                    self.order.push(made.notice.id);
                }
                self.outbox.settle(&made, outcome, self.now(), 0.5);
            }
            Step::Write => {
                let saved = Saved::of(&self.outbox, 1, 0);
                self.file = Some((saved, self.put.len()));
            }
            Step::Restart { with_last_file } => self.restart(with_last_file),
            Step::Replay { webhook } => {
                let address = Address::new("acme", WEBHOOKS[webhook]);
                let dead = self.outbox.queues.get(&address).map(|queue| &queue.dead);
                self.replayed
                    .extend(dead.into_iter().flatten().map(|dead| dead.notice.id));
                self.outbox.replay(&address, None, self.now());
            }
        }
    }

    /// Nothing else of its contact is on its way.
    fn assert_alone(&self, made: &Try) {
        let lane = |of: &Try| (of.notice.address.clone(), Arc::clone(&of.notice.contact));
        assert!(self.under_way.iter().all(|other| lane(other) != lane(made)));
    }

    /// After a crash the journal is told again from where the file ends.
    fn restart(&mut self, with_last_file: bool) {
        self.under_way.clear();
        let (saved, through) = match self.file.take().filter(|_| with_last_file) {
            Some(file) => file,
            None => (Saved::of(&self.outbox, 1, 0), self.put.len()),
        };
        let bytes = postcard::to_allocvec(&saved).unwrap();
        let saved: Saved = postcard::from_bytes(&bytes).unwrap();
        self.outbox = saved.outbox();
        let now = self.now();
        for notice in &self.put[through..] {
            self.outbox.put(notice.clone(), now);
        }
    }

    /// Lists what waits or is dead.
    fn held(&self) -> BTreeSet<Id> {
        let queues = self.outbox.queues.values();
        let held = queues.flat_map(|queue| {
            let waiting = queue.waiting.values().map(|entry| entry.notice.id);
            waiting.chain(queue.dead.iter().map(|dead| dead.notice.id))
        });
        held.collect()
    }

    fn assert_nothing_lost(&self) {
        let held = self.held();
        for notice in &self.put {
            let id = notice.id;
            assert!(
                held.contains(&id) || self.delivered.contains(&id),
                "{id} is lost"
            );
        }
    }

    /// First deliveries of a contact follow each other as the notices came. What was a dead letter at
    /// any time comes behind what came after it, so it is left out.
    fn assert_order(&self, dead: &BTreeSet<Id>) {
        let place: BTreeMap<Id, usize> = self
            .put
            .iter()
            .enumerate()
            .map(|(place, it)| (it.id, place))
            .collect();
        let mut last: BTreeMap<(String, String), usize> = BTreeMap::new();
        for id in self.order.iter().filter(|id| !dead.contains(id)) {
            let notice = &self.put[place[id]];
            let lane = (
                notice.address.webhook.to_string(),
                notice.contact.to_string(),
            );
            let before = last.insert(lane, place[id]);
            assert!(before < Some(place[id]), "{id} came out of order");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]
    #[test]
    fn nothing_is_lost_or_out_of_order_whatever_fails(steps in prop::collection::vec(step(), 1..200)) {
        let mut world = World::default();
        let mut dead = BTreeSet::new();
        for step in steps {
            world.go(step);
            let queues = world.outbox.queues.values();
            dead.extend(queues.flat_map(|queue| &queue.dead).map(|dead| dead.notice.id));
            world.assert_nothing_lost();
        }
        // A receiver that is well again gets all that waits.
        for made in std::mem::take(&mut world.under_way) {
            world.outbox.settle(&made, Outcome::Failed(String::new()), world.now(), 0.0);
        }
        let queues = world.outbox.queues.values();
        dead.extend(queues.flat_map(|queue| &queue.dead).map(|dead| dead.notice.id));
        while let Some(due) = world.outbox.due(true, |_| true) {
            world.now = world.now.max(due.0);
            world.go(Step::Take);
            world.go(Step::Settle { which: 0, how: 0 });
        }
        let waiting: usize = world.outbox.queues.values().map(|queue| queue.waiting.len()).sum();
        prop_assert_eq!(waiting, 0);
        world.assert_nothing_lost();
        world.assert_order(&dead);
    }
}

fn failed() -> Outcome {
    Outcome::Failed("answered 500".to_owned())
}

#[test]
fn a_contact_waits_for_its_first_and_others_do_not() {
    let mut outbox = Outbox::default();
    for (contact, number) in [("ana", 1), ("ana", 2), ("bea", 3)] {
        outbox.put(notice("crm", contact, number), Time(0));
    }
    let take = |outbox: &mut Outbox, now| {
        outbox
            .take(Time(now), true, |_| true)
            .map(|it| it.notice.id.0[0])
    };
    let first = outbox.take(Time(0), true, |_| true).unwrap();
    assert_eq!(take(&mut outbox, 0), Some(3));
    assert_eq!(take(&mut outbox, 0), None);
    outbox.settle(&first, failed(), Time(0), 0.0);
    assert_eq!(outbox.due(true, |_| true), Some(Time(1_000)));
    assert_eq!(take(&mut outbox, 999), None);
    let again = outbox.take(Time(1_000), true, |_| true).unwrap();
    assert_eq!((again.number, again.attempt), (first.number, 2));
    outbox.settle(&again, Outcome::Delivered, Time(1_000), 0.0);
    assert_eq!(take(&mut outbox, 1_000), Some(2));
}

#[test]
fn pauses_double_up_to_an_hour_and_chance_takes_up_to_half() {
    let longest = [1, 2, 3, 4, 12, 13, 30].map(|tries| pause(tries, 0.0) / 1_000);
    assert_eq!(longest, [1, 2, 4, 8, 2_048, 3_600, 3_600]);
    assert_eq!(pause(1, 1.0), 500);
    assert_eq!(pause(13, 0.5), 2_700_000);
}

#[test]
fn a_notice_is_given_up_after_a_day_or_when_the_receiver_is_gone_and_can_be_replayed() {
    let mut outbox = Outbox::default();
    outbox.put(notice("crm", "ana", 1), Time(0));
    outbox.put(notice("crm", "ana", 2), Time(0));
    let made = outbox.take(Time(0), true, |_| true).unwrap();
    outbox.settle(&made, failed(), Time(TRIED_FOR - 1), 0.0);
    let dead = |outbox: &Outbox| outbox.queues.values().next().unwrap().dead.len();
    assert_eq!(dead(&outbox), 0);
    let made = outbox.take(Time(TRIED_FOR + HOUR), true, |_| true).unwrap();
    outbox.settle(&made, failed(), Time(TRIED_FOR + HOUR), 0.0);
    assert_eq!(dead(&outbox), 1);
    // The next of the contact is not held up any more.
    let made = outbox.take(Time(TRIED_FOR + HOUR), true, |_| true).unwrap();
    outbox.settle(
        &made,
        Outcome::Gone(String::new()),
        Time(TRIED_FOR + HOUR),
        0.0,
    );
    assert_eq!(dead(&outbox), 2);
    let address = Address::new("acme", "crm");
    let later = Time(3 * TRIED_FOR);
    assert_eq!(outbox.replay(&address, Some(Id([9; 16])), later), 0);
    assert_eq!(outbox.replay(&address, Some(Id([2; 16])), later), 1);
    assert_eq!(outbox.replay(&address, None, later), 1);
    let made = outbox.take(later, true, |_| true).unwrap();
    assert_eq!((made.notice.id.0[0], made.attempt), (2, 1));
    // It is tried for a day again.
    outbox.settle(&made, failed(), later, 0.0);
    assert_eq!(dead(&outbox), 0);
}

#[test]
fn beyond_its_bounds_the_oldest_is_a_dead_letter_and_then_lost_and_counted() {
    let mut outbox = Outbox::default();
    let many = WAITING + DEAD + 5;
    for number in 0..many {
        let mut notice = notice("crm", "ana", 0);
        notice.id = Id((number as u128).to_be_bytes());
        outbox.put(notice, Time(0));
    }
    let queue = outbox.queues.values().next().unwrap();
    assert_eq!((queue.waiting.len(), queue.dead.len()), (WAITING, DEAD));
    assert_eq!(queue.last.lost, 5);
    assert_eq!(queue.dead[0].notice.id, Id(5_u128.to_be_bytes()));
    let made = outbox.take(Time(0), true, |_| true).unwrap();
    assert_eq!(made.number, (DEAD + 5) as u64);
}

#[test]
fn a_webhook_that_is_not_configured_waits_for_thirty_days() {
    let mut outbox = Outbox::default();
    outbox.put(notice("crm", "ana", 1), Time(0));
    assert!(outbox.take(Time(0), true, |_| false).is_none());
    assert_eq!(outbox.due(true, |_| false), None);
    outbox.forget(Time(DEAD_FOR - 1), |_| false);
    assert_eq!(outbox.queues.len(), 1);
    outbox.forget(Time(DEAD_FOR), |_| false);
    assert_eq!(outbox.queues.len(), 0);
    assert!(outbox.told.is_empty());
}

fn silent() -> Outcome {
    Outcome::Silent("no answer within 10 s".to_owned())
}

/// Takes what the service would, with so many on their way in all.
fn take_all(outbox: &mut Outbox, under_way: &mut Vec<Try>, now: i64) {
    while let Some(made) = outbox.take(Time(now), under_way.len() < 64, |_| true) {
        under_way.push(made);
    }
}

#[test]
fn webhooks_that_hang_hold_up_nobody() {
    // A hundred of them, many times what may be on its way, before two that answer at once.
    let mut outbox = Outbox::default();
    let mut put = |account: &str, webhook: &str, number: u16| {
        let mut notice = notice(webhook, &format!("contact-{number}"), 0);
        notice.address = Address::new(account, webhook);
        let name = format!("{account}/{webhook}/{number:05}");
        notice.id = Id(std::array::from_fn(|at| {
            name.as_bytes()[name.len() - 16 + at]
        }));
        assert!(outbox.put(notice, Time(0)));
    };
    for number in 0..50 {
        for hanging in 0..100 {
            put("acme-limited", &format!("hangs-{hanging:03}"), number);
        }
        put("acme-limited", "well-in-account", number);
        put("zeta-limited", "well-elsewhere", number);
    }
    let mut under_way = Vec::new();
    let (mut told, mut tried) = (0, BTreeSet::new());
    for second in 0..60_i64 {
        loop {
            take_all(&mut outbox, &mut under_way, second * SECOND);
            let well = |made: &Try| made.notice.address.webhook.starts_with("well");
            tried.extend(under_way.iter().map(|made| made.notice.address.clone()));
            let Some(place) = under_way.iter().position(well) else {
                break;
            };
            let made = under_way.swap_remove(place);
            outbox.settle(&made, Outcome::Delivered, Time(second * SECOND), 0.0);
            told += 1;
        }
        assert_eq!(told, 100, "all of those that answer, in the first second");
        assert!(
            under_way.len() <= 64 + 102,
            "{} are on their way",
            under_way.len()
        );
        if second % 10 == 9 {
            for made in under_way.drain(..) {
                outbox.settle(&made, silent(), Time(second * SECOND), 0.0);
            }
        }
    }
    assert_eq!(tried.len(), 102, "who hangs is tried all the same");
}

#[test]
fn webhooks_take_turns_and_one_that_is_silent_is_sent_one_at_a_time() {
    let mut outbox = Outbox::default();
    for (number, webhook) in ["crm", "crm", "crm", "chat", "chat"]
        .into_iter()
        .enumerate()
    {
        let number = number as u8;
        outbox.put(
            notice(webhook, &format!("contact-{number}"), number),
            Time(0),
        );
    }
    let mut under_way = Vec::new();
    take_all(&mut outbox, &mut under_way, 0);
    let order: Vec<&str> = under_way
        .iter()
        .map(|it| &*it.notice.address.webhook)
        .collect();
    assert_eq!(order, ["chat", "crm", "chat", "crm", "crm"]);
    for made in under_way.drain(..) {
        outbox.settle(&made, silent(), Time(0), 0.0);
    }
    take_all(&mut outbox, &mut under_way, 1_000);
    assert_eq!(under_way.len(), 2, "one of each");
    let made = under_way.pop().unwrap();
    outbox.settle(&made, Outcome::Delivered, Time(1_000), 0.0);
    take_all(&mut outbox, &mut under_way, 1_000);
    let of_it = under_way
        .iter()
        .filter(|it| it.notice.address == made.notice.address);
    assert_eq!(of_it.count(), 2, "an answer opens it again");
}
