//! The configuration file of a service under test.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// An account of a service under test. It has three tokens: see [`token`].
#[derive(Clone, Debug)]
pub struct Account {
    id: String,
    timezone: String,
    settings: String,
    sections: String,
}

impl Account {
    /// Makes an account in UTC.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            timezone: "UTC".into(),
            settings: String::new(),
            sections: String::new(),
        }
    }

    /// Sets the zone.
    #[must_use]
    pub fn zone(mut self, timezone: &str) -> Self {
        timezone.clone_into(&mut self.timezone);
        self
    }

    /// Adds a line of the account's own settings, such as `bot_replies = "ignore"`.
    #[must_use]
    pub fn setting(mut self, line: &str) -> Self {
        let _ = writeln!(self.settings, "{line}");
        self
    }

    /// Adds a section, such as `[[account.team]]` and its lines.
    #[must_use]
    pub fn section(mut self, text: &str) -> Self {
        let _ = writeln!(self.sections, "{text}");
        self
    }

    /// Adds a token of a name that may read only what `only` says, such as `teams = ["sales"]`.
    #[must_use]
    pub fn restricted(self, name: &str, only: &str) -> Self {
        let hash = hex(&Sha256::digest(token(&self.id, name)));
        self.section(&format!(
            "[[account.token]]\nname = \"{name}\"\nsha256 = \"{hash}\"\nscopes = [\"read\"]\n\
             only = {{ {only} }}\n"
        ))
    }

    /// Adds a token of a name with which pages of some origins may send events, such as
    /// `"https://crm.example"`.
    #[must_use]
    pub fn browser(self, name: &str, origins: &str) -> Self {
        let hash = hex(&Sha256::digest(token(&self.id, name)));
        self.section(&format!(
            "[[account.token]]\nname = \"{name}\"\nsha256 = \"{hash}\"\n\
             scopes = [\"ingest\"]\norigins = [{origins}]\n"
        ))
    }

    fn write(&self, out: &mut String) {
        let Self {
            id,
            timezone,
            settings,
            sections,
        } = self;
        let _ = writeln!(out, "\n[[account]]\nid = \"{id}\"\nname = \"{id}\"");
        let _ = writeln!(out, "timezone = \"{timezone}\"\n{settings}");
        let tokens = [
            ("all", r#"["ingest", "read", "admin"]"#),
            ("ingest", r#"["ingest"]"#),
            ("read", r#"["read"]"#),
        ];
        for (name, scopes) in tokens {
            let hash = hex(&Sha256::digest(token(id, name)));
            let _ = writeln!(
                out,
                "[[account.token]]\nname = \"{name}\"\nsha256 = \"{hash}\""
            );
            let _ = writeln!(out, "scopes = {scopes}\n");
        }
        out.push_str(sections);
    }
}

/// Returns an account's token of the name `all` (every scope), `ingest` or `read`.
pub fn token(account: &str, name: &str) -> String {
    format!("e2e-{account}-{name}")
}

/// The whole file, but for the listening address and the data directory, which the harness chooses.
#[derive(Clone, Debug)]
pub struct Config {
    accounts: Vec<Account>,
    /// Lines of the section `[warehouse]`; none for the embedded engine.
    warehouse: String,
    /// Lines of the section `[journal]`: small segments, so that a test rolls several.
    journal: String,
    /// Lines of the section `[fold]`.
    fold: String,
    /// More lines of the section `[server]`.
    server: String,
}

impl Config {
    /// Makes a configuration of these accounts over the embedded engine.
    pub fn of(accounts: impl IntoIterator<Item = Account>) -> Self {
        Self {
            accounts: accounts.into_iter().collect(),
            warehouse: String::new(),
            journal: "segment_mb = 8\nreserve_mb = 64\n".into(),
            fold: String::new(),
            server: String::new(),
        }
    }

    /// Makes a configuration with the one account `acme`, in UTC.
    pub fn acme() -> Self {
        Self::of([Account::new("acme")])
    }

    /// Sets the lines of `[warehouse]`.
    #[must_use]
    pub fn warehouse(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.warehouse);
        self
    }

    /// Sets the lines of `[journal]`.
    #[must_use]
    pub fn journal(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.journal);
        self
    }

    /// Adds lines to `[server]`.
    #[must_use]
    pub fn server(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.server);
        self
    }

    /// Sets the lines of `[fold]`.
    #[must_use]
    pub fn fold(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.fold);
        self
    }

    /// Writes the file's text.
    pub fn text(&self, port: u16, data_dir: &str) -> String {
        let mut out = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\ndata_dir = \"{data_dir}\"\n{}\n\
             [journal]\n{}\n[fold]\n{}\n[warehouse]\n{}",
            self.server, self.journal, self.fold, self.warehouse
        );
        for account in &self.accounts {
            account.write(&mut out);
        }
        out
    }
}

/// Writes bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
