//! One service for many tests: it lives as long as a test holds it, and the next test starts
//! another. Tests keep out of each other's way by having an account each.

use std::sync::{Arc, Mutex, Weak};

use crate::config::{Account, Config};
use crate::service::Service;

/// A set of accounts that tests share, with the service that serves them while anyone asks.
pub struct Shared {
    accounts: fn() -> Vec<Account>,
    running: Mutex<Weak<Service>>,
}

impl Shared {
    /// Makes a set; nothing starts.
    pub const fn new(accounts: fn() -> Vec<Account>) -> Self {
        Self {
            accounts,
            running: Mutex::new(Weak::new()),
        }
    }

    /// Returns the running service, started if none runs.
    #[track_caller]
    pub fn service(&self) -> Arc<Service> {
        let mut running = match self.running.lock() {
            Ok(running) => running,
            Err(poisoned) => poisoned.into_inner(),
        };
        if let Some(service) = running.upgrade() {
            return service;
        }
        let service = Arc::new(Service::start(Config::of((self.accounts)())));
        *running = Arc::downgrade(&service);
        service
    }
}
