//! The doors: events in, reports out, and how the service stands, over HTTP/1.1 and
//! WebSocket.
//!
//! ```text
//! socket -> caps -> watched (timeouts) -> hyper -> request (id, span, panic, figures) -> handler
//! events:  directory (token) -> body (limits, budget, inflate) -> model (parse) -> pipeline -> answer
//! hooks:   providers (verify, parse) -> model (parse) -> pipeline -> the provider's answer
//! visits:  sites (origin, limits) -> pipeline (decision) -> events -> the number to show
//! stream:  directory (token, origin) -> frames -> model (parse) -> pipeline -> acknowledgements
//! reports: directory (token, restriction) -> reports -> JSON or CSV; records: the same, single things
//! openapi: what stands beside each handler -> document -> JSON, page
//! board:   login (cookie) -> directory -> board -> the same reports and live view -> HTML
//! ```
//!
//! Invariants: success is answered only after the events are on stable storage; every refusal is
//! RFC 9457 with a code of [`codes`] or of the model; nothing a peer sends or leaves out holds a
//! connection, a body or memory for longer or larger than [`Config`] says; no token and no phone
//! number reaches the log, no label of a metric comes from a request.
#![forbid(unsafe_code)]

mod admin;
mod board;
mod body;
mod budget;
mod caps;
mod config;
mod connection;
mod conversions;
mod directory;
mod door;
mod encoding;
mod events;
mod hooks;
mod inflate;
mod live;
mod login;
pub mod metrics;
mod openapi;
mod people;
mod phones;
mod problem;
mod query;
mod records;
mod redact;
mod rejects;
mod request;
mod routes;
mod serve;
mod status;
mod stream;
mod upload;
mod visits;
mod watched;
mod ways_out;
mod webhooks;

pub use config::{Config, Connections, Requests, Streams};
pub use directory::{Directory, Grant};
pub use hooks::Hooks;
pub use problem::{Code, Info, Problem, codes};
pub use routes::{Api, Reload, router};
pub use serve::{Error, Service};
pub use visits::Sites;
