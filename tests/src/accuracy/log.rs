//! What a simulated site's visitors were shown and did, and from that why a certain attribution is wrong.
//!
//! Nothing here asks the service: who held which number when is worked out again from `metrics.md` §3, Dynamic number, and a
//! wrong attribution has to be one that nobody could have avoided who knows what the service was told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Found, Truth};

/// From when to when (excluded) a visit held a number.
#[derive(Clone, Debug)]
struct Holding {
    visit: String,
    from: i64,
    until: i64,
}

/// How a caller came by a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// He saw it himself, in a visit or on an advertisement.
    Seen,
    /// He was given it by who saw it.
    Given,
    /// He dialled another than he meant.
    Mistaken,
}

/// A call as it was made.
#[derive(Clone, Debug)]
pub struct Dialled {
    /// The call.
    pub call: String,
    /// When it began.
    pub at: i64,
    /// The number of ours.
    pub number: String,
    /// Who calls; nothing if he hides it.
    pub caller: Option<String>,
    /// How he came by the number.
    pub whence: Whence,
    /// What brought it.
    pub truth: Truth,
    /// Of one that a visit brought: whether that had a number of its own.
    pub served: Option<bool>,
}

/// Why a certain attribution is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The caller noted the number, called it for the first time more than `grace` after its visit, and it is another's.
    Noted,
    /// Likewise, though not for the first time: all his calls before were as late, and brought nothing.
    AlwaysLate,
    /// Likewise, and whether for the first time nobody can tell: he hides his number.
    Hidden,
    /// Likewise, by somebody to whom the number was given.
    Given,
    /// He dialled a wrong number, which a visit held.
    Mistaken,
    /// He was taken for that visitor before, by a wrong attribution of these.
    TakenFor,
    /// He called the number of an advertisement that he had kept, when it was another's.
    Kept,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Noted => "first called a noted number after it was another's",
            Self::AlwaysLate => "called a noted number again, each time after it was another's",
            Self::Hidden => "hides the number and called after it was another's",
            Self::Given => "was given the number and called after it was another's",
            Self::Mistaken => "dialled a wrong number",
            Self::TakenFor => "was taken for that visitor before",
            Self::Kept => "kept an advertisement whose number moved",
        })
    }
}

/// A certain attribution that is wrong.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// The call.
    pub call: Dialled,
    /// What the service says of it.
    pub found: Found,
    /// Why; an error where nothing explains it.
    pub why: Result<Why, String>,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, found, why } = self;
        let named = &found.candidates[0];
        let named = named.visit.as_ref().or(named.source.as_ref());
        write!(
            f,
            "{} on {} at {} by rule {}: {}, not {:?}: ",
            call.call,
            call.number,
            crate::clock::rfc3339(call.at),
            found.rule,
            named.map_or("nobody", String::as_str),
            call.truth,
        )?;
        match why {
            Ok(why) => why.fmt(f),
            Err(why) => write!(f, "not explained: {why}"),
        }
    }
}

/// What happened, in the order of time.
#[derive(Debug)]
pub struct Log {
    hold: i64,
    grace: i64,
    holdings: BTreeMap<String, Vec<Holding>>,
    /// The visitor of each visit.
    visitors: BTreeMap<String, String>,
    /// The calls.
    pub calls: Vec<Dialled>,
    /// When numbers of advertisements became another's.
    moved: BTreeMap<String, i64>,
    /// Callers, and the visitors that they were wrongly taken for.
    taken_for: BTreeSet<(String, String)>,
}

impl Log {
    /// Begins the log of a site, with its `hold` and `grace` in milliseconds.
    pub fn new(hold: i64, grace: i64) -> Self {
        Self {
            hold,
            grace,
            holdings: BTreeMap::new(),
            visitors: BTreeMap::new(),
            calls: Vec::new(),
            moved: BTreeMap::new(),
            taken_for: BTreeSet::new(),
        }
    }

    /// Notes that the number of an advertisement is another's from `at` on.
    pub fn moves(&mut self, number: &str, at: i64) {
        self.moved.insert(number.to_owned(), at);
    }

    /// Notes a sign of life of a visit with a number of its own; one whose number is its own no longer has none.
    pub fn sign(&mut self, visitor: &str, visit: &str, number: &str, at: i64) {
        self.visitors.insert(visit.to_owned(), visitor.to_owned());
        let until = at + self.hold;
        let all = self.holdings.entry(number.to_owned()).or_default();
        let known = all.iter().rposition(|holding| holding.visit == visit);
        match known.map(|place| (place + 1 == all.len(), &mut all[place])) {
            None => all.push(Holding {
                visit: visit.to_owned(),
                from: at,
                until,
            }),
            Some((true, last)) if at < last.until => last.until = last.until.max(until),
            Some(_) => {}
        }
    }

    /// Notes that a visit gave its number back.
    pub fn end(&mut self, visit: &str, number: &str, at: i64) {
        let last = self.holdings.get_mut(number).and_then(|all| all.last_mut());
        if let Some(last) = last.filter(|last| last.visit == visit) {
            last.until = last.until.min(at);
        }
    }

    /// Notes a call, which goes on until `end`.
    pub fn call(&mut self, call: Dialled, end: i64) {
        let all = self.holdings.get_mut(&call.number);
        if let Some(last) = all.and_then(|all| all.last_mut())
            && last.from <= call.at
            && call.at < last.until
        {
            last.until = last.until.max(end + self.hold);
        }
        self.calls.push(call);
    }

    fn holdings(&self, number: &str) -> &[Holding] {
        self.holdings.get(number).map_or(&[], Vec::as_slice)
    }

    /// Says why a certain attribution of a call is wrong; to be asked in the order of the calls. Fails if nothing explains it.
    pub fn explain(&mut self, call: &Dialled, found: &Found) -> Result<Why, String> {
        let why = match found.rule {
            0 => self.why_of_advertisement(call)?,
            1 => self.why_of_linked(call, found)?,
            3 => self.why_of_holder(call, found)?,
            other => return Err(format!("rule {other} is not certain")),
        };
        if let (Some(caller), Some(visit)) = (&call.caller, &found.candidates[0].visit) {
            let visitor = self.visitors.get(visit).cloned().unwrap_or_default();
            self.taken_for.insert((caller.clone(), visitor));
        }
        Ok(why)
    }

    fn why_of_advertisement(&self, call: &Dialled) -> Result<Why, String> {
        let moved = self.moved.get(&call.number);
        match (&call.truth, moved) {
            (Truth::Advertisement(_), Some(moved)) if *moved <= call.at => Ok(Why::Kept),
            _ => Err("the number is this advertisement's, and was all along".to_owned()),
        }
    }

    fn why_of_linked(&self, call: &Dialled, found: &Found) -> Result<Why, String> {
        self.holder(call, found)?;
        let visit = found.candidates[0].visit.as_ref();
        let visitor = visit.and_then(|visit| self.visitors.get(visit));
        let pair = call.caller.clone().zip(visitor.cloned());
        if pair.is_some_and(|pair| self.taken_for.contains(&pair)) {
            Ok(Why::TakenFor)
        } else {
            Err("the caller was never taken for this visitor".to_owned())
        }
    }

    fn why_of_holder(&self, call: &Dialled, found: &Found) -> Result<Why, String> {
        let holder = self.holder(call, found)?;
        let lately = |holding: &&Holding| {
            let began = holding.visit != holder.visit && holding.from <= call.at;
            began && call.at - holding.until <= self.grace
        };
        if let Some(other) = self.holdings(&call.number).iter().find(lately) {
            return Err(format!("{other:?} was within grace"));
        }
        match (&call.truth, call.whence) {
            (Truth::Nobody, Whence::Mistaken) => Ok(Why::Mistaken),
            (Truth::Visit(visit, _), whence) => {
                let mut all = self.holdings(&call.number).iter();
                if !all.any(|holding| holding.visit == *visit) {
                    return Err("the visit never had this number".to_owned());
                }
                match (whence, &call.caller) {
                    (Whence::Given, _) => Ok(Why::Given),
                    (_, None) => Ok(Why::Hidden),
                    (_, Some(caller)) => self.why_of_known(call, caller),
                }
            }
            other => Err(format!("nobody brings {other:?} here")),
        }
    }

    /// Finds the holding of the visit that was named, which has to be there when the call began.
    fn holder(&self, call: &Dialled, found: &Found) -> Result<&Holding, String> {
        let named = found.candidates[0].visit.as_ref();
        let mut all = self.holdings(&call.number).iter();
        let holder =
            all.find(|it| Some(&it.visit) == named && it.from <= call.at && call.at < it.until);
        holder.ok_or_else(|| "the visit that is named did not hold the number".to_owned())
    }

    /// Says why a caller who shows his number could not be known by his calls before.
    fn why_of_known(&self, call: &Dialled, caller: &str) -> Result<Why, String> {
        let own = |it: &&Dialled| {
            it.at < call.at && it.number == call.number && it.caller.as_deref() == Some(caller)
        };
        let mut why = Why::Noted;
        for before in self.calls.iter().filter(own) {
            let in_time = |holding: &Holding| {
                holding.from <= before.at && before.at - holding.until <= self.grace
            };
            if self.holdings(&call.number).iter().any(in_time) {
                return Err(format!("{before:?} told who he is"));
            }
            why = Why::AlwaysLate;
        }
        Ok(why)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Candidate;
    use super::*;

    const NUMBER: &str = "+34911000001";

    fn log() -> Log {
        let mut log = Log::new(30, 120);
        log.sign("ann", "a", NUMBER, 0);
        log.sign("bob", "b", NUMBER, 1_000);
        log
    }

    fn dialled(call: &str, at: i64, caller: Option<&str>) -> Dialled {
        Dialled {
            call: call.to_owned(),
            at,
            number: NUMBER.to_owned(),
            caller: caller.map(str::to_owned),
            whence: Whence::Seen,
            truth: Truth::Visit("a".to_owned(), "google".to_owned()),
            served: Some(true),
        }
    }

    fn bobs(rule: u8) -> Found {
        let candidate = Candidate {
            visit: Some("b".to_owned()),
            source: None,
            weight: 1.0,
        };
        Found {
            rule,
            certainty: "certain".to_owned(),
            candidates: vec![candidate],
        }
    }

    #[test]
    fn who_calls_late_for_the_first_time_or_unseen_or_by_mistake_explains_it() {
        let mut log = log();
        let first = dialled("k", 1_005, Some("eva"));
        assert_eq!(log.explain(&first, &bobs(3)), Ok(Why::Noted));
        let again = log.explain(&first, &bobs(1));
        assert_eq!(again, Ok(Why::TakenFor));
        let hidden = dialled("k", 1_005, None);
        assert_eq!(log.explain(&hidden, &bobs(3)), Ok(Why::Hidden));
        let mut other = dialled("k", 1_005, Some("max"));
        other.whence = Whence::Given;
        assert_eq!(log.explain(&other, &bobs(3)), Ok(Why::Given));
        (other.whence, other.truth) = (Whence::Mistaken, Truth::Nobody);
        assert_eq!(log.explain(&other, &bobs(3)), Ok(Why::Mistaken));
    }

    #[test]
    fn a_rule_that_was_not_kept_explains_nothing() {
        let mut log = log();
        // Rule 2 goes before rule 3 once the caller has called in time.
        log.call(dialled("early", 149, Some("eva")), 150);
        let again = dialled("again", 1_005, Some("eva"));
        assert!(log.explain(&again, &bobs(3)).is_err());
        // Nobody is taken for a visitor out of nothing.
        let linked = dialled("k", 1_005, Some("max"));
        assert!(log.explain(&linked, &bobs(1)).is_err());
        // Bob holds nothing any more, or not yet.
        for at in [999, 1_030] {
            let late = dialled("k", at, Some("max"));
            assert!(log.explain(&late, &bobs(3)).is_err());
        }
        // Ann had it within grace.
        let mut near = self::log();
        near.sign("ann", "a2", "+34911000002", 0);
        near.sign("bob", "b", "+34911000002", 100);
        let mut call = dialled("k", 105, Some("max"));
        call.number = "+34911000002".to_owned();
        assert!(near.explain(&call, &bobs(3)).is_err());
    }

    #[test]
    fn calls_and_signs_lengthen_and_ends_cut_what_is_held() {
        let mut log = log();
        // Ann's is over, and Bob's lives.
        log.sign("ann", "a", NUMBER, 1_001);
        log.sign("bob", "b", NUMBER, 1_002);
        log.call(dialled("k", 1_029, Some("max")), 1_040);
        let late = dialled("l", 1_069, Some("eva"));
        assert_eq!(log.explain(&late, &bobs(3)), Ok(Why::Noted));
        log.end("b", NUMBER, 1_069);
        assert!(log.explain(&late, &bobs(3)).is_err());
    }

    #[test]
    fn a_kept_advertisement_is_one_whose_number_moved() {
        let mut log = log();
        let mut call = dialled("k", 50, Some("eva"));
        call.truth = Truth::Advertisement("leaflet".to_owned());
        assert!(log.explain(&call, &bobs(0)).is_err());
        log.moves(NUMBER, 51);
        assert!(log.explain(&call, &bobs(0)).is_err());
        log.moves(NUMBER, 50);
        assert_eq!(log.explain(&call, &bobs(0)), Ok(Why::Kept));
    }
}
