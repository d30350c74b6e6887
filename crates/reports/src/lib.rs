//! The catalogue of reports: from the parameters of a question to a statement over the views
//! `v_*`, and from its result to a table.
//!
//! One file per report describes it as data (`response_times`, `conversations`, `messages`): its
//! figures, its dimensions, its own parameters, what it counts. `request` turns query pairs into a
//! typed question or a refusal that names the parameter; `statement` turns both into SQL with
//! server-side parameters; `answer` decodes, fills empty intervals, orders and cuts.
//!
//! Only the figures come from ClickHouse; nothing here reads a clock: `now` is an argument.

#![forbid(unsafe_code)]

mod after;
mod aliases;
mod answer;
mod calls;
mod catalogue;
mod conversations;
mod dimension;
mod distribution;
mod error;
mod messages;
mod missed_calls;
mod open_waits;
mod pools;
mod records;
mod report;
mod reports;
mod request;
mod response_times;
mod scope;
mod sources;
mod statement;
mod table;
mod targets;
mod value;
mod values;

pub use after::PageKey;
pub use aliases::Aliases;
pub use catalogue::{Catalogue, Described, Entry, Parameter, Rows, catalogue};
pub use error::{BadParameter, Error};
pub use open_waits::Schedules;
pub use records::{Conversions, Listed, Records, Unmapped};
pub use reports::Reports;
pub use request::{AccountView, Cells, Context, Restriction};
pub use table::{Compared, Page, Table};
pub use targets::Targets;
pub use value::{Column, Unit, Value};
pub use values::{Named, Values, listed};
