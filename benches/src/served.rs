//! The service that is measured: the release binary on fresh data, as it is shipped.

use e2e::config::Config;

/// One account, and the journal's own settings (the tests' are smaller, to reach their edges).
pub(crate) fn acme() -> Config {
    Config::acme().journal("")
}
