//! Where an exchange is, and who we are there.

use std::fmt;

use trunkline_model::settings::Secret;
use url::Url;

/// The address of an interface of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// The manager interface: `ami://host:5038`.
    Ami {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// The REST interface: `ari+ws://host:8088/ari/events?app=trunkline`.
    Ari {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
        /// The path of the WebSocket that tells all events, with its query.
        events: String,
        /// The path that lists the channels; user and password go into the header `Authorization`
        /// (Basic) of both.
        channels: String,
    },
}

/// A user of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl Login {
    /// Reads user and password with a colon between them.
    pub fn parse(secret: &Secret) -> Option<Self> {
        let (user, password) = secret.expose().split_once(':')?;
        (!user.is_empty()).then(|| Self {
            user: user.to_owned(),
            password: Secret::new(password),
        })
    }
}

impl Address {
    /// Reads an address.
    ///
    /// Errors with what is wrong and how to mend it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let none = || {
            "write \"ami://HOST:5038\", or \"ari+ws://HOST:8088/ari/events?app=trunkline\""
                .to_owned()
        };
        let url = Url::parse(text).map_err(|_| none())?;
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_matches(['[', ']']).to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err("write user and password into `secrets`: \"user:password\"".to_owned());
        }
        match url.scheme() {
            _ if host.is_empty() => Err(none()),
            "ami" => Ok(Self::Ami {
                host,
                port: url.port().unwrap_or(5038),
            }),
            "ari+ws" => Ok(Self::ari(host, &url)),
            "amis" | "ami+tls" | "ari+wss" => Err(
                "the connection is plain: lead it through a tunnel with TLS, or a VPN".to_owned(),
            ),
            _ => Err(none()),
        }
    }

    fn ari(host: String, url: &Url) -> Self {
        let base = url.path().trim_end_matches('/');
        let base = base.strip_suffix("/events").unwrap_or(base);
        let base = if base.is_empty() { "/ari" } else { base };
        let app = url.query_pairs().find(|(name, _)| name == "app");
        let app = app.map_or_else(|| "trunkline".into(), |(_, app)| app.into_owned());
        let app: String = form_urlencoded::byte_serialize(app.as_bytes()).collect();
        Self::Ari {
            host,
            port: url.port().unwrap_or(8088),
            events: format!("{base}/events?app={app}&subscribeAll=true"),
            channels: format!("{base}/channels"),
        }
    }

    /// Gives host and port.
    pub fn peer(&self) -> (&str, u16) {
        match self {
            Self::Ami { host, port } | Self::Ari { host, port, .. } => (host, *port),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = self.peer();
        let (open, close) = if host.contains(':') {
            ("[", "]")
        } else {
            ("", "")
        };
        match self {
            Self::Ami { .. } => write!(f, "ami://{open}{host}{close}:{port}"),
            Self::Ari { events, .. } => {
                write!(f, "ari+ws://{open}{host}{close}:{port}{events}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_an_interface_with_what_is_usual_left_out() {
        let ami = |host: &str, port| Address::Ami {
            host: host.into(),
            port,
        };
        assert_eq!(Address::parse("ami://pbx.lan"), Ok(ami("pbx.lan", 5038)));
        assert_eq!(Address::parse("ami://[::1]:7"), Ok(ami("::1", 7)));
        assert_eq!(ami("::1", 7).to_string(), "ami://[::1]:7");
        for text in [
            "ari+ws://pbx.lan",
            "ari+ws://pbx.lan:8088/ari/events?app=trunkline",
        ] {
            let Ok(Address::Ari {
                events, channels, ..
            }) = Address::parse(text)
            else {
                panic!("{text}");
            };
            assert_eq!(events, "/ari/events?app=trunkline&subscribeAll=true");
            assert_eq!(channels, "/ari/channels");
        }
        let behind = Address::parse("ari+ws://h:1/pbx/ari/events/?app=a b");
        let Ok(Address::Ari { events, .. }) = behind else {
            panic!("{behind:?}");
        };
        assert_eq!(events, "/pbx/ari/events?app=a+b&subscribeAll=true");
    }

    #[test]
    fn what_is_no_address_is_told_with_what_would_be_one() {
        for text in ["", "pbx.lan", "http://pbx.lan", "ami://", "ami:///x"] {
            assert!(Address::parse(text).is_err_and(|told| told.contains("ami://HOST")));
        }
        let told = |text| Address::parse(text).unwrap_err();
        assert!(told("ami://u:p@pbx.lan").contains("secrets"));
        assert!(told("ari+wss://pbx.lan").contains("tunnel"));
    }

    #[test]
    fn a_login_is_a_user_and_a_password_that_may_have_colons() {
        let login = |text: &str| Login::parse(&Secret::new(text));
        let expected = Login {
            user: "trunkline".into(),
            password: Secret::new("a:b"),
        };
        assert_eq!(login("trunkline:a:b"), Some(expected));
        assert_eq!(login("trunkline"), None);
        assert_eq!(login(":x"), None);
    }
}
