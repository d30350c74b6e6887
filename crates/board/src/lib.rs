//! The built-in boards: pages, scripts and styles in the binary, and what stands behind them.
//!
//! ```text
//! URL -> asked (filters) -> questions of /v1 -> source (the doors' own code) -> panels -> HTML or CSV
//! ```
//!
//! The room asks nothing of its own: every figure comes through [`Source`], which the doors answer
//! with the code of `/v1/reports` and `/v1/live`, so that figures, restrictions and masks are equal.
//! What it shows is escaped by the templates; a page loads nothing from another host, and has no
//! script and no style inside it. Nothing here reads a clock: `now` is an argument.
#![forbid(unsafe_code)]

mod asked;
pub mod assets;
mod boards;
mod connection;
mod docs;
mod kept;
mod logins;
mod meaning;
mod pages;
mod panels;
mod question;
mod rows;
mod shown;
mod source;
mod upload;

pub use asked::Asked;
pub use boards::Board;
pub use connection::{Connection, Guide, Recent, Told, Unmapped};
pub use docs::docs;
pub use kept::{Kept, Rendered};
pub use logins::{Links, Logins};
pub use pages::{Choices, choices, connections, error, home, login, once_more};
pub use panels::{Panel, csv, panel};
pub use rows::rows;
pub use source::{
    Answer, CallNow, Live, Manager, Missing, Opened, Pair, Source, Viewer, Waiting, Waits,
};
pub use upload::{Uploaded, uploaded, uploaded_page};
