//! How well calls were attributed, beside a truth that the service was never told.
//!
//! The *truth* of a call is the visit in which its caller saw the number last, the advertisement whose number it is, or
//! nobody. A call is *right* if its heaviest candidate is the truth; a call without a visit is one whose only candidate is
//! nobody. The *Brier score* is the mean over calls of the sum over all candidates, and the truth if it is none of them, of
//! (w - y)², where w is the weight of the candidate (0 of a truth that is none) and y is 1 for the truth and 0 for
//! others: 0 is perfect, 2 is certain and wrong. [`Tally`] adds up, [`witness`] knows the truth of a
//! simulated site, and [`log`] says why a certain attribution is wrong.

use std::collections::BTreeMap;
use std::fmt::Write;

pub mod log;
pub mod witness;

/// What brought a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// A visit, and its source.
    Visit(String, String),
    /// An advertisement, by its source.
    Advertisement(String),
    /// Nobody whom the site or an advertisement brought.
    Nobody,
}

/// One of the things that the service says may have brought a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The visit.
    pub visit: Option<String>,
    /// The source.
    pub source: Option<String>,
    /// Its share.
    pub weight: f64,
}

/// What the service says of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The rule that matched first.
    pub rule: u8,
    /// How sure it is.
    pub certainty: String,
    /// What it may have been, the heaviest first.
    pub candidates: Vec<Candidate>,
}

impl Found {
    /// Says which of the candidates is the truth.
    fn place(&self, truth: &Truth) -> Option<usize> {
        self.candidates.iter().position(|one| match truth {
            Truth::Visit(visit, _) => one.visit.as_ref() == Some(visit),
            Truth::Advertisement(source) => self.rule == 0 && one.source.as_ref() == Some(source),
            Truth::Nobody => self.rule == 7,
        })
    }

    /// Says whether the heaviest candidate is the truth.
    pub fn is_right(&self, truth: &Truth) -> bool {
        self.place(truth) == Some(0)
    }

    /// Says whether the heaviest candidate has the true source.
    fn is_of_source(&self, truth: &Truth) -> bool {
        match truth {
            Truth::Visit(_, source) | Truth::Advertisement(source) => {
                self.rule < 7 && self.candidates[0].source.as_ref() == Some(source)
            }
            Truth::Nobody => self.rule == 7,
        }
    }

    /// Gives the sum of the squares of what the weights lack or have too much.
    fn brier(&self, truth: &Truth, weight: impl Fn(&Candidate) -> f64) -> f64 {
        let place = self.place(truth);
        let square = |(at, one): (usize, &Candidate)| {
            let is = if place == Some(at) { 1.0 } else { 0.0 };
            (weight(one) - is).powi(2)
        };
        let sum: f64 = self.candidates.iter().enumerate().map(square).sum();
        sum + if place.is_none() { 1.0 } else { 0.0 }
    }
}

/// Calls, and how many of them came out right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// All.
    pub all: u64,
    /// Those that are right.
    pub right: u64,
}

impl Share {
    fn add(&mut self, right: bool) {
        self.all += 1;
        self.right += u64::from(right);
    }

    /// Gives the part that is right, in percent; of none, 100.
    pub fn percent(self) -> f64 {
        if self.all == 0 {
            100.0
        } else {
            self.right as f64 * 100.0 / self.all as f64
        }
    }
}

/// Candidates whose weights are near each other.
#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    all: u64,
    weight: f64,
    hits: u64,
}

/// How sure the service may say it is, in the order of the table.
const CERTAINTIES: [&str; 5] = ["certain", "repeat", "likely", "ambiguous", "unattributed"];

/// What became of many calls.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// All calls, by whether they are right.
    pub calls: Share,
    sources: Share,
    /// Calls of visits, by whether these had a number of their own.
    pub served: Share,
    rules: [u64; 8],
    certainties: BTreeMap<String, Share>,
    /// Those that are certain, by rule: 0, 1 and 3.
    pub certain: [Share; 8],
    weight: f64,
    brier: f64,
    brier_of_ambiguous: f64,
    brier_of_equal: f64,
    bins: [Bin; 10],
}

impl Tally {
    /// Adds a call; `served` says of one that a visit brought whether that had a number of its own.
    pub fn add(&mut self, truth: &Truth, served: Option<bool>, found: &Found) {
        let right = found.is_right(truth);
        self.calls.add(right);
        self.sources.add(found.is_of_source(truth));
        if let Some(served) = served {
            self.served.add(served);
        }
        self.rules[usize::from(found.rule)] += 1;
        let certainty = self.certainties.entry(found.certainty.clone());
        certainty.or_default().add(right);
        if found.certainty == "certain" {
            self.certain[usize::from(found.rule)].add(right);
        }
        let place = found.place(truth);
        self.weight += place.map_or(0.0, |place| found.candidates[place].weight);
        let brier = found.brier(truth, |one| one.weight);
        self.brier += brier;
        if found.certainty == "ambiguous" {
            let equal = 1.0 / found.candidates.len() as f64;
            self.brier_of_ambiguous += brier;
            self.brier_of_equal += found.brier(truth, |_| equal);
            for (at, one) in found.candidates.iter().enumerate() {
                let bin = &mut self.bins[((one.weight * 10.0) as usize).min(9)];
                bin.all += 1;
                bin.weight += one.weight;
                bin.hits += u64::from(place == Some(at));
            }
        }
    }

    /// Adds what another counted.
    pub fn join(&mut self, other: &Self) {
        let add = |to: &mut Share, from: Share| {
            to.all += from.all;
            to.right += from.right;
        };
        add(&mut self.calls, other.calls);
        add(&mut self.sources, other.sources);
        add(&mut self.served, other.served);
        for rule in 0..8 {
            self.rules[rule] += other.rules[rule];
            add(&mut self.certain[rule], other.certain[rule]);
        }
        for (certainty, share) in &other.certainties {
            let own = self.certainties.entry(certainty.clone()).or_default();
            add(own, *share);
        }
        self.weight += other.weight;
        self.brier += other.brier;
        self.brier_of_ambiguous += other.brier_of_ambiguous;
        self.brier_of_equal += other.brier_of_equal;
        for (own, other) in self.bins.iter_mut().zip(&other.bins) {
            own.all += other.all;
            own.weight += other.weight;
            own.hits += other.hits;
        }
    }

    /// Gives the calls that are certain, by all rules together.
    pub fn all_certain(&self) -> Share {
        let add = |sum: Share, one: &Share| Share {
            all: sum.all + one.all,
            right: sum.right + one.right,
        };
        self.certain.iter().fold(Share::default(), add)
    }

    fn of_calls(&self, count: u64) -> f64 {
        count as f64 * 100.0 / self.calls.all.max(1) as f64
    }

    /// Gives the mean Brier score.
    pub fn brier(&self) -> f64 {
        self.brier / self.calls.all.max(1) as f64
    }

    /// Gives the mean Brier score of ambiguous calls, and what it were if all candidates of a call weighed the same.
    pub fn brier_of_ambiguous(&self) -> [f64; 2] {
        let all = self.certainties.get("ambiguous").map_or(0, |it| it.all);
        [self.brier_of_ambiguous, self.brier_of_equal].map(|sum| sum / all.max(1) as f64)
    }
}

/// Writes a table, each column as wide as its widest cell.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().map(|row| row[at].len());
        cells.max().unwrap_or(0).max(head[at].len())
    };
    let line = |cells: Vec<&str>| {
        let mut text = String::from("|");
        for (at, cell) in cells.iter().enumerate() {
            let _ = write!(text, " {cell:>0$} |", width(at));
        }
        text + "\n"
    };
    let mut text = line(head.to_vec());
    text += "|";
    for at in 0..head.len() {
        let _ = write!(text, "{}:|", "-".repeat(width(at) + 1));
    }
    text += "\n";
    for row in rows {
        text += &line(row.iter().map(String::as_str).collect());
    }
    text
}

/// Writes how calls came out: a row for each named tally.
pub fn outcomes(named: &[(String, Tally)]) -> String {
    let mut head = vec!["pool", "calls"];
    head.extend(["rule 0", "1", "2", "3", "4", "5", "6", "7"]);
    let row = |(name, of): &(String, Tally)| {
        let share = |share: f64| format!("{share:.1}");
        let mut row = vec![name.clone(), of.calls.all.to_string()];
        row.extend(of.rules.iter().map(|count| share(of.of_calls(*count))));
        row
    };
    table(&head, &named.iter().map(row).collect::<Vec<_>>())
}

/// Writes how sure the service was, and how right: a row for each named tally.
pub fn rightness(named: &[(String, Tally)]) -> String {
    let mut head = vec!["pool", "served"];
    head.extend(CERTAINTIES);
    head.extend([
        "right visit",
        "right source",
        "weight of the truth",
        "Brier",
        "certain and right",
    ]);
    let row = |(name, of): &(String, Tally)| {
        let mut row = vec![name.clone(), format!("{:.1}", of.served.percent())];
        row.extend(CERTAINTIES.map(|certainty| {
            let count = of.certainties.get(certainty).map_or(0, |share| share.all);
            format!("{:.1}", of.of_calls(count))
        }));
        let weight = of.weight / of.calls.all.max(1) as f64;
        let certain = of.all_certain();
        row.extend([
            format!("{:.1}", of.calls.percent()),
            format!("{:.1}", of.sources.percent()),
            format!("{weight:.3}"),
            format!("{:.3}", of.brier()),
            format!("{:.2} of {}", certain.percent(), certain.all),
        ]);
        row
    };
    table(&head, &named.iter().map(row).collect::<Vec<_>>())
}

/// Writes how often what was said with a certainty is right.
pub fn certainties(of: &Tally) -> String {
    let mut rows = Vec::new();
    for certainty in CERTAINTIES {
        let share = of.certainties.get(certainty).copied().unwrap_or_default();
        let right = format!("{:.2}", share.percent());
        rows.push(vec![certainty.to_owned(), share.all.to_string(), right]);
    }
    for rule in [0, 1, 3] {
        let share = of.certain[rule];
        let right = format!("{:.3}", share.percent());
        rows.push(vec![
            format!("certain by rule {rule}"),
            share.all.to_string(),
            right,
        ]);
    }
    table(&["said", "calls", "right"], &rows)
}

/// Writes how often candidates of ambiguous calls are the truth, by their weights.
pub fn calibration(of: &Tally) -> String {
    let bins = of.bins.iter().enumerate().filter(|(_, bin)| bin.all > 0);
    let row = |(at, bin): (usize, &Bin)| {
        let all = bin.all as f64;
        vec![
            format!("0.{at}"),
            bin.all.to_string(),
            format!("{:.3}", bin.weight / all),
            format!("{:.3}", bin.hits as f64 / all),
        ]
    };
    let head = ["weight from", "candidates", "mean weight", "were the truth"];
    table(&head, &bins.map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: u8, certainty: &str, weights: &[(&str, f64)]) -> Found {
        let candidates = weights.iter().map(|(visit, weight)| Candidate {
            visit: (!visit.is_empty()).then(|| (*visit).to_owned()),
            source: Some(format!("of {visit}")),
            weight: *weight,
        });
        Found {
            rule,
            certainty: certainty.to_owned(),
            candidates: candidates.collect(),
        }
    }

    fn visit(visit: &str) -> Truth {
        Truth::Visit(visit.to_owned(), format!("of {visit}"))
    }

    /// Worked out by hand from the definition.
    #[test]
    fn the_score_is_that_of_its_definition() {
        let two = found(4, "ambiguous", &[("a", 0.75), ("b", 0.25)]);
        for (truth, expected) in [
            (visit("a"), 0.0625 + 0.0625),
            (visit("b"), 0.5625 + 0.5625),
            (visit("c"), 0.5625 + 0.0625 + 1.0),
            (Truth::Nobody, 0.5625 + 0.0625 + 1.0),
        ] {
            let score = two.brier(&truth, |one| one.weight);
            assert!((score - expected).abs() < 1e-12, "{truth:?}: {score}");
        }
        let none = found(7, "unattributed", &[("", 1.0)]);
        assert!(none.brier(&Truth::Nobody, |one| one.weight).abs() < 1e-12);
        assert!((none.brier(&visit("a"), |one| one.weight) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn right_is_whose_heaviest_candidate_is_the_truth() {
        let mut tally = Tally::default();
        let two = found(4, "ambiguous", &[("a", 0.75), ("b", 0.25)]);
        tally.add(&visit("a"), Some(true), &two);
        tally.add(&visit("b"), Some(true), &two);
        tally.add(
            &visit("a"),
            Some(false),
            &found(7, "unattributed", &[("", 1.0)]),
        );
        tally.add(&visit("a"), Some(true), &found(3, "certain", &[("b", 1.0)]));
        assert_eq!(tally.calls, Share { all: 4, right: 1 });
        assert_eq!(tally.served, Share { all: 4, right: 3 });
        assert_eq!(tally.all_certain(), Share { all: 1, right: 0 });
        assert!((tally.weight - 1.0).abs() < 1e-12);
        assert!((tally.brier() - (0.125 + 1.125 + 2.0 + 2.0) / 4.0).abs() < 1e-12);
        let mut twice = tally.clone();
        twice.join(&tally);
        assert!((twice.brier() - tally.brier()).abs() < 1e-12);
        assert_eq!(twice.calls, Share { all: 8, right: 2 });
        assert!(
            calibration(&tally).contains(" 0.7 |"),
            "{}",
            calibration(&tally)
        );
    }
}
