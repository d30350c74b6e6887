//! Where ClickHouse is and who we are there.

use std::fmt;

use thiserror::Error;
use url::Url;

/// An address, a ClickHouse user with its password, and a database. Its debug form hides the
/// password.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    url: String,
    user: String,
    password: String,
    database: String,
}

/// Says why something is no usable connection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectionError {
    /// The address is no URL.
    #[error("warehouse.url {url:?} is not a URL ({why}): write it like http://127.0.0.1:8123")]
    Malformed {
        /// What was given.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// The address is not plain HTTP.
    #[error("warehouse.url {0:?} is not http: ClickHouse is reached over plain http here")]
    Scheme(String),
    /// The address carries a name or password, which would end up in logs.
    #[error("warehouse.url holds a user or password: write them as warehouse.user and .password")]
    Credentials,
    /// The database's name cannot be used in SQL as it is.
    #[error("the database {0:?} is not a plain name: letters, digits and _, not a digit first")]
    Database(String),
}

impl Connection {
    /// Checks and keeps the four parts. `database` must be a plain identifier, because it becomes
    /// part of SQL.
    pub fn new(
        url: &str,
        user: &str,
        password: &str,
        database: &str,
    ) -> Result<Self, ConnectionError> {
        let malformed = |why: String| ConnectionError::Malformed {
            url: url.to_owned(),
            why,
        };
        let parsed = Url::parse(url).map_err(|error| malformed(error.to_string()))?;
        if parsed.scheme() != "http" {
            return Err(ConnectionError::Scheme(parsed.scheme().to_owned()));
        }
        if parsed.host_str().is_none_or(str::is_empty) {
            return Err(malformed("it names no host".to_owned()));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(ConnectionError::Credentials);
        }
        if !is_identifier(database) {
            return Err(ConnectionError::Database(database.to_owned()));
        }
        Ok(Self {
            url: parsed.to_string(),
            user: user.to_owned(),
            password: password.to_owned(),
            database: database.to_owned(),
        })
    }

    /// Gives the address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives the ClickHouse user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Gives the password, in the clear: for whoever must hand it on (Grafana's provisioning).
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Gives the database.
    pub fn database(&self) -> &str {
        &self.database
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("url", &self.url)
            .field("user", &self.user)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

fn is_identifier(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(plain)
        && name
            .bytes()
            .next()
            .is_some_and(|first| !first.is_ascii_digit())
        && name.len() <= 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_hides_the_password() {
        let connection = Connection::new("http://127.0.0.1:8123", "w", "hush", "trunkline");
        assert!(!format!("{:?}", connection.expect("it is valid")).contains("hush"));
    }

    #[test]
    fn what_is_not_a_plain_http_address_is_refused() {
        let make = |url: &str| Connection::new(url, "u", "p", "trunkline").map(|_| ());
        assert_eq!(
            make("https://host:8443"),
            Err(ConnectionError::Scheme("https".to_owned()))
        );
        assert_eq!(make("http://u:p@host"), Err(ConnectionError::Credentials));
        assert!(matches!(
            make("host 8123"),
            Err(ConnectionError::Malformed { .. })
        ));
    }

    #[test]
    fn a_database_is_a_plain_identifier() {
        for name in ["", "1st", "a-b", "a`b", "a b", "ключ"] {
            let made = Connection::new("http://host", "u", "p", name);
            assert_eq!(made, Err(ConnectionError::Database(name.to_owned())));
        }
        assert!(Connection::new("http://host", "u", "p", "trunkline_2").is_ok());
    }
}
