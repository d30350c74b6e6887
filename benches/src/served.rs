//! The service that is measured: the release binary on fresh data, as it is shipped.

use std::thread;
use std::time::Duration;

use e2e::config::Config;
use e2e::service::Service;

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// One account, and the journal's own settings (the tests' are smaller, to reach their edges).
pub(crate) fn acme() -> Config {
    Config::acme().journal("")
}

/// Waits until the fold has reached all that was sent.
pub(crate) fn observed(service: &Service) {
    let door = service.door("acme");
    while door.metrics().sums().pending > 0 {
        thread::sleep(LOOK_EVERY);
    }
}
