//! Cells as they are gathered: what rows they stand for, and when they are known.

use super::*;

const RULES: &str = r#"{"bot_replies":"clear","cycle_gaps":{},
    "schedules":[{"whose":"account","schedule":{"zone":"UTC","mon":["09:00-10:20"]}}],
    "due":{"account":{"wait_s":180,"first_s":120}}}"#;

/// What stands in a row of a cell, computed from messages: count, sum, least, greatest, within,
/// outside, queue, from_start; buckets.
type Line = (Vec<i64>, Vec<(u16, u32)>);
type Lines = BTreeMap<(String, String, String), Line>;

/// Adds up messages, as the definitions say.
fn added_up<'a>(rows: impl Iterator<Item = &'a MessageRow>) -> Lines {
    let mut lines = Lines::new();
    for row in rows {
        let author = format!("{:?}", row.author);
        let mut add = |definition: &str, hours: &str, figures: [i64; 8], bucket: Option<u16>| {
            let key = (definition.to_owned(), hours.to_owned(), author.clone());
            let empty = || (vec![0, 0, i64::MAX, 0, 0, 0, 0, 0], vec![]);
            let (known, buckets) = lines.entry(key).or_insert_with(empty);
            for (place, figure) in figures.into_iter().enumerate() {
                match place {
                    2 => known[place] = known[place].min(figure),
                    3 => known[place] = known[place].max(figure),
                    _ => known[place] += figure,
                }
            }
            if let Some(bucket) = bucket {
                match buckets.iter_mut().find(|(of, _)| *of == bucket) {
                    Some((_, count)) => *count += 1,
                    None => buckets.push((bucket, 1)),
                }
            }
        };
        add("messages", "calendar", [1, 0, 0, 0, 0, 0, 0, 0], None);
        for (hours, samples, bits) in [
            ("calendar", row.samples, row.within.0),
            ("business", row.business, row.within.0 >> 8),
        ] {
            let queue = samples.wait.zip(samples.assigned).map_or(0, |(w, a)| w - a);
            for (place, definition) in Definition::ALL.into_iter().enumerate() {
                let Some(ms) = samples.all()[place] else {
                    continue;
                };
                let whole = row.samples.all()[place].unwrap();
                let outside = row.business.all()[place] == Some(0) && whole > 0;
                let from_start = samples.first_from_start.unwrap_or_default();
                let first = i64::from(definition == Definition::First);
                let within = i64::from(bits >> place & 1);
                let outside = i64::from(outside);
                let figures = [1, ms, ms, ms, within, outside, queue, first * from_start];
                let bucket = trunkline_model::hdr::index(ms.cast_unsigned());
                add(definition.as_str(), hours, figures, Some(bucket));
            }
        }
    }
    for (_, buckets) in lines.values_mut() {
        buckets.sort_unstable();
    }
    lines
}

/// What a cell holds, as lines.
fn lines(cell: &Cell) -> Lines {
    let parts = cell.parts().filter(|part| part.count > 0);
    let line = |part: crate::cells::Part<'_>| {
        let author = format!("{:?}", part.author);
        let key = (part.definition.to_owned(), part.hours.to_owned(), author);
        let count = i64::from(part.count);
        let Some(figures) = part.figures else {
            return (key, (vec![count, 0, 0, 0, 0, 0, 0, 0], vec![]));
        };
        let times = &figures.times;
        let figure = vec![
            count,
            times.sum(),
            times.least().unwrap(),
            times.greatest().unwrap(),
            figures.within.into(),
            figures.outside.into(),
            figures.queue.ms,
            figures.from_start.ms,
        ];
        (key, (figure, times.buckets()))
    };
    parts.map(line).collect()
}

fn by_cell(rows: &[MessageRow]) -> BTreeMap<(Time, Option<String>), Vec<&MessageRow>> {
    let mut cells = BTreeMap::<_, Vec<_>>::new();
    for row in rows.iter().filter(|row| !row.deleted) {
        let hour = Time(row.at.0 - row.at.0.rem_euclid(60 * MINUTE));
        cells
            .entry((hour, row.manager.clone()))
            .or_default()
            .push(row);
    }
    cells
}

proptest! {
    #[test]
    fn cells_gathered_with_rows_are_what_all_rows_add_up_to(
        log in log(),
        order in any::<u64>(),
        every in 1..9usize,
        told in 0..60usize,
    ) {
        let mut fold = Fold::new();
        // Arrival is after what happened, as it is in life.
        fold.offset = 1_772_500_000;
        let mut order_of: Vec<&String> = log.iter().collect();
        shuffle(&mut order_of, order);
        let mut held = BTreeMap::new();
        for (number, raw) in order_of.into_iter().enumerate() {
            if number == told {
                let at = fold.at();
                fold.account.settings(schedule(RULES), at);
            }
            fold.tell(raw);
            if number % every == 0 {
                held.extend(fold.rows().cells);
            }
        }
        held.extend(fold.rows().cells);
        fold.account.rewind(0);
        let rows = fold.rows();
        let all = by_cell(&rows.messages);
        prop_assert!(all.keys().all(|key| held.contains_key(key)));
        for (key, cell) in &held {
            let rows = all.get(key).into_iter().flatten().copied();
            if let Some(cell) = cell {
                prop_assert_eq!(lines(cell), added_up(rows), "{:?}", key);
            }
        }
    }
}

#[test]
fn a_cell_is_computed_when_it_is_old_or_its_least_sample_was_taken_out() {
    let mut fold = Fold::new();
    fold.offset = 1_772_500_000;
    for (time, who) in WORKED {
        fold.tell(&message(time, who));
    }
    let rows = fold.rows();
    assert_eq!(rows.cells.len(), 3);
    assert!(rows.cells.values().all(Option::is_some));
    assert!(fold.rows().cells.is_empty());
    // Ana's samples become 1 and 2 minutes where they were 3 and 4 (`metrics.md` 1.1).
    fold.tell(&message("10:04", "contact"));
    let ana = |rows: Taken| {
        let mut cells = rows.cells.into_iter();
        cells.find(|((_, who), _)| who.as_deref() == Some("ana"))
    };
    let (_, cell) = ana(fold.rows()).unwrap();
    let kommo = cell.map(|cell| lines(&cell).into_values().map(|line| line.0[2]).min());
    // The new least sample is less than what was taken out; the greatest is not known any more.
    assert_eq!(kommo, None);
    // Three days later nothing of that day is held.
    fold.offset += 3 * 86_400;
    fold.tell(&event("k9", "10:00", "ana", Some("late")));
    let (_, cell) = ana(fold.rows()).unwrap();
    assert_eq!(cell, None);
}

#[test]
fn a_cell_that_holds_nothing_any_more_says_so_of_each_row_it_had() {
    let mut fold = Fold::new();
    fold.offset = 1_772_500_000;
    fold.tell(&message("10:00", "contact"));
    fold.tell(&message("10:05", "ana"));
    fold.rows();
    fold.tell(&retract("10:05"));
    let rows = fold.rows();
    let ana = rows.cells.iter().find(|((_, who), _)| who.is_some());
    let cell = ana.and_then(|(_, cell)| cell.clone()).unwrap();
    let parts: Vec<_> = cell
        .parts()
        .map(|part| (part.definition, part.count))
        .collect();
    let expected = ["messages", "kommo", "turn", "wait", "assigned", "first"];
    assert_eq!(parts, expected.map(|definition| (definition, 0)));
}

#[test]
fn all_cells_are_made_anew_when_their_length_changes_and_when_that_is_not_known_to_be_written() {
    let mut fold = Fold::new();
    fold.tell(&message("10:00", "contact"));
    assert_eq!(fold.rows().recut, None);
    let changed = fold.offset;
    let at = fold.at();
    let quarters = schedule(r#"{"bot_replies":"clear","cycle_gaps":{},"cell_minutes":15}"#);
    fold.account.settings(quarters, at);
    assert_eq!(fold.rows().recut, Some(15));
    assert_eq!(fold.rows().recut, None);
    fold.account.rewind(changed + 1);
    assert_eq!(fold.rows().recut, None);
    fold.account.rewind(changed);
    assert_eq!(fold.rows().recut, Some(15));
}

#[test]
fn a_reply_is_judged_by_the_target_of_its_time_and_again_when_that_changes() {
    let mut fold = Fold::new();
    for (time, who) in WORKED {
        fold.tell(&message(time, who));
    }
    let within = |rows: Taken| -> BTreeMap<String, u16> {
        let rows = rows.messages.into_iter();
        rows.filter(|row| row.author == Author::Manager)
            .map(|row| (row.message, row.within.0))
            .collect()
    };
    // 900 s, and 300 s for first: Ana 3, 4, 5 min; Luis 30 min.
    let rows = within(fold.rows());
    let all = |rows: &BTreeMap<String, u16>| ["10:05", "10:06", "10:40"].map(|id| rows[id]);
    assert_eq!(all(&rows), [0b1_1111, 0b1, 0]);
    let at = fold.at();
    fold.account.settings(schedule(RULES), at);
    // 180 s, and 120 s for first; 20 minutes of business time end at 10:20.
    let rows = within(fold.rows());
    let business = |bits: u16| bits << 8;
    assert_eq!(rows["10:05"], 0b00011 | business(0b00011));
    assert_eq!(all(&rows)[1..], [0, 0]);
    // From now on any reply has 200 s: of those before nothing changes.
    let at = fold.at();
    let later = RULES.replace("180", "200");
    fold.account.settings(schedule(&later), at);
    assert_eq!(within(fold.rows()), BTreeMap::new());
}
