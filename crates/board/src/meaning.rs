//! What a figure means, in the words of the catalogue of reports: the one published definition.

use std::sync::LazyLock;

use trunkline_reports::{Catalogue, catalogue};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(catalogue);

/// Gives what a figure of a report means; nothing for a name that is none.
pub(crate) fn of(report: &str, figure: &str) -> &'static str {
    let entry = CATALOGUE.reports.iter().find(|entry| entry.name == report);
    let mut columns = entry.into_iter().flat_map(|entry| &entry.columns);
    let column = columns.find(|column| column.name == figure);
    column
        .and_then(|column| column.description)
        .unwrap_or_default()
}

/// Gives the title of a report and what one row behind a figure is.
pub(crate) fn of_rows(report: &str, figure: &str) -> (&'static str, &'static str) {
    let Some(entry) = CATALOGUE.reports.iter().find(|entry| entry.name == report) else {
        return ("", "");
    };
    let mut rows = entry.rows.iter();
    let rows = rows.find(|rows| figure.is_empty() || rows.figures.contains(&figure));
    (entry.title, rows.map_or("", |rows| rows.description))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_that_the_board_shows_is_in_the_catalogue() {
        for (report, figures) in [
            (
                "response-times",
                &["received", "answered_share", "p50_s", "p90_s", "count"][..],
            ),
            (
                "response-times",
                &["mean_s", "awaiting", "within_target_share"],
            ),
            ("conversations", &["participations", "conversations"]),
            ("messages", &["messages"]),
            (
                "calls",
                &["calls", "answer_rate", "connect_rate", "service_level"],
            ),
            (
                "calls",
                &["wait_mean_s", "wait_p50_s", "wait_p90_s", "missed", "share"],
            ),
            (
                "calls",
                &["participations", "talk_sum_s", "talk_mean_s", "take_rate"],
            ),
            ("missed-calls", &["open", "lost"]),
            (
                "sources",
                &["inquiries", "ambiguous_share", "cost_per_lead", "roi"],
            ),
            (
                "sources",
                &["spend_unmatched", "unallocated", "unconverted"],
            ),
            (
                "pools",
                &["unserved_rate", "predicted_blocking", "numbers_for_0.1pct"],
            ),
        ] {
            for figure in figures {
                assert_ne!(of(report, figure), "", "{report} {figure}");
            }
        }
        assert_eq!(of("response-times", "nonsense"), "");
        assert_eq!(of_rows("messages", "messages").1, "the messages");
        assert_eq!(of_rows("missed-calls", "open").1, "whom to call back now");
        assert_eq!(of_rows("nonsense", ""), ("", ""));
    }
}
