//! A call centre that never was: conversations of contacts with managers, bots between them,
//! shifts, lunch, quiet nights and busy minutes, and a way to the service on which some events come
//! late and some twice.
//!
//! Beside it a site whose visitors' true sources are known ([`site`]), and such a site as a centre hears of it ([`shop`]).
//!
//! Everything here is pure and a function of [`Config`]: the same one gives the same bytes, on any
//! machine, since no floating point and no clock has a say. Calls have an agenda of their own, so
//! that conversations are the same with them and without.
//!
//! ```
//! use trunkline_simulate::{Config, Simulation};
//!
//! let config = Config { days: 1, rate: 50, ..Config::default() };
//! let sendings: Vec<_> = Simulation::new(config.clone())?.collect();
//! assert!(sendings.is_sorted_by_key(|sending| sending.send_at));
//! assert!(sendings.iter().eq(Simulation::new(config)?.collect::<Vec<_>>().iter()));
//! # Ok::<(), trunkline_simulate::BadConfig>(())
//! ```
#![forbid(unsafe_code)]

mod arrivals;
mod calls;
mod centre;
mod chance;
mod config;
mod events;
mod hours;
mod outbox;
mod people;
mod sales;
pub mod shop;
pub mod site;

pub use centre::{CHANNELS, OnShift, Simulation};
pub use config::{BadConfig, Config};
pub use outbox::{Sending, merged};
pub use sales::{ADVERTS, Advert, PIPELINE};
