//! A page of a site, as a browser asks for its number.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

use crate::doors::{Answer, answer};

/// The pages of one site, and who looks at them.
#[derive(Clone, Debug)]
pub struct Pages {
    base: String,
    site: String,
    origin: Option<String>,
    /// The address that a proxy names.
    from: Option<String>,
    agent: Agent,
}

impl Pages {
    /// Makes the pages of a site of the service on a port, which name no origin.
    pub fn new(port: u16, site: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_mins(1)))
            .build();
        Self {
            base: format!("http://127.0.0.1:{port}"),
            site: site.into(),
            origin: None,
            from: None,
            agent: config.into(),
        }
    }

    /// Makes the same pages of an origin.
    #[must_use]
    pub fn of(&self, origin: &str) -> Self {
        Self {
            origin: Some(origin.into()),
            ..self.clone()
        }
    }

    /// Makes the same pages, seen from an address through a proxy on this machine.
    #[must_use]
    pub fn through(&self, from: &str) -> Self {
        Self {
            from: Some(from.into()),
            ..self.clone()
        }
    }

    /// Asks for a visitor's number on a page.
    #[track_caller]
    pub fn ask(&self, visitor: &str, url: &str) -> Answer {
        let page = json!({"visitor": visitor, "url": url});
        self.try_ask(&page).expect("an answer")
    }

    /// Asks for a number; says if no answer came.
    pub fn try_ask(&self, page: &Value) -> Result<Answer, ureq::Error> {
        let path = format!("/v1/visits?site={}", self.site);
        self.post(&path, "text/plain", &page.to_string())
    }

    /// Asks for a visitor's number and asserts that there was an answer.
    #[track_caller]
    pub fn visit(&self, visitor: &str) -> Value {
        let url = "https://shop.example/";
        self.ask(visitor, url).expect_status(200).json()
    }

    /// Tells something of a visit: `page`, `beat` or `end`.
    #[track_caller]
    pub fn tell(&self, visit: &str, what: &str, body: &Value) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let path = format!("/v1/visits/{visit}/{what}");
        self.post(&path, "text/plain", &body).expect("an answer")
    }

    /// Posts a body to a path.
    pub fn post(&self, path: &str, media: &str, body: &str) -> Result<Answer, ureq::Error> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let mut request = request.header("content-type", media);
        if let Some(origin) = &self.origin {
            request = request.header("origin", origin);
        }
        if let Some(from) = &self.from {
            request = request.header("x-forwarded-for", from);
        }
        answer(request.send(body))
    }

    /// Gets a path.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(origin) = &self.origin {
            request = request.header("origin", origin);
        }
        answer(request.call()).expect("an answer")
    }

    /// Asks whether a page may send JSON to a path, as browsers do.
    #[track_caller]
    pub fn preflight(&self, path: &str) -> Answer {
        let mut request = self.agent.options(format!("{}{path}", self.base));
        request = request.header("access-control-request-method", "POST");
        if let Some(origin) = &self.origin {
            request = request.header("origin", origin);
        }
        answer(request.call()).expect("an answer")
    }
}
