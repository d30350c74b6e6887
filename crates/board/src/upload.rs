//! What became of an uploaded file of spend, as a part of the board *Sources* or as a page.

use askama::Template;

use crate::assets;
use crate::boards::{self, Board};
use crate::panels::render;
use crate::shown;
use crate::source::Viewer;

/// Rows that are listed; the count is of all.
const LISTED: usize = 50;

/// What became of a file.
#[derive(Clone, Debug, Default)]
pub struct Uploaded {
    /// Its name.
    pub file: String,
    /// Statements that are in the journal, and new.
    pub accepted: u64,
    /// Statements that were told before.
    pub duplicates: u64,
    /// Statements whose id was told before with another content.
    pub conflicts: u64,
    /// Rows of sums, which were left out.
    pub sums: u64,
    /// The lines of rows that were refused, and why.
    pub refused: Vec<(u64, String)>,
    /// Whether the figures have it already.
    pub flushed: bool,
    /// Why nothing, or no more, of it was taken.
    pub failed: Option<String>,
}

#[derive(Template)]
#[template(path = "uploaded.html")]
struct Shown<'a> {
    told: &'a Uploaded,
    accepted: String,
    duplicates: String,
    conflicts: String,
    refused: String,
    listed: &'a [(u64, String)],
    more: bool,
}

/// Renders it as a part of the board.
pub fn uploaded(told: &Uploaded) -> String {
    render(&Shown {
        told,
        accepted: shown::grouped(told.accepted),
        duplicates: shown::grouped(told.duplicates),
        conflicts: shown::grouped(told.conflicts),
        refused: shown::grouped(told.refused.len() as u64),
        listed: &told.refused[..told.refused.len().min(LISTED)],
        more: told.refused.len() > LISTED,
    })
}

#[derive(Template)]
#[template(path = "uploaded_page.html")]
struct Page<'a> {
    here: Board,
    viewer: &'a Viewer,
    told: String,
}

/// Renders it as a page, for a browser that runs no script.
pub fn uploaded_page(told: &Uploaded, viewer: &Viewer) -> String {
    render(&Page {
        here: Board::Sources,
        viewer,
        told: uploaded(told),
    })
}
