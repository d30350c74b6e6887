//! The table that is printed at the end.

use std::fmt;

use crate::spread::Spread;

/// Rows in the order they were measured.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct Row {
    what: String,
    floor: String,
    ours: String,
    ratio: String,
    goal: String,
}

/// What a ratio (or figure) should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// Shown for its own sake.
    None,
}

impl Mark {
    fn verdict(self, value: f64) -> String {
        let (met, sign, mark) = match self {
            Self::AtLeast(mark) => (value >= mark, ">=", mark),
            Self::AtMost(mark) => (value <= mark, "<=", mark),
            Self::None => return String::new(),
        };
        let word = if met { "met" } else { "missed" };
        format!("{sign} {mark} {word}")
    }
}

impl Table {
    /// Adds a row: a floor, ours, and the ratio of the two, round by round.
    pub(crate) fn compare(
        &mut self,
        what: &str,
        [floor, ours]: [Spread; 2],
        ratio: Spread,
        mark: Mark,
    ) {
        self.rows.push(Row {
            what: what.into(),
            floor: floor.to_string(),
            ours: ours.to_string(),
            ratio: ratio.to_string(),
            goal: mark.verdict(ratio.median),
        });
    }

    /// Adds a row with a figure of ours alone.
    pub(crate) fn figure(&mut self, what: &str, ours: Spread, mark: Mark) {
        self.rows.push(Row {
            what: what.into(),
            floor: String::new(),
            ours: ours.to_string(),
            ratio: String::new(),
            goal: mark.verdict(ours.median),
        });
    }

    /// Adds a row that says why there is no figure.
    pub(crate) fn missing(&mut self, what: &str, why: &str) {
        self.rows.push(Row {
            what: what.into(),
            floor: String::new(),
            ours: String::new(),
            ratio: String::new(),
            goal: format!("not run here: {why}"),
        });
    }

    /// Adds a line below the table.
    pub(crate) fn note(&mut self, line: impl Into<String>) {
        self.notes.push(line.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["median (least-most)", "floor", "ours", "ratio", "mark"];
        let [what, floor, ours, ratio, goal] = head;
        writeln!(f, "{what:<52} {floor:>20} {ours:>20} {ratio:>18}  {goal}")?;
        for row in &self.rows {
            let Row {
                what,
                floor,
                ours,
                ratio,
                goal,
            } = row;
            writeln!(f, "{what:<52} {floor:>20} {ours:>20} {ratio:>18}  {goal}")?;
        }
        for note in &self.notes {
            write!(f, "\n{note}")?;
        }
        Ok(())
    }
}
