//! A ClickHouse of our own, for what `warehouse.url` points to: the same engine as the embedded
//! one, started through the binary's hidden command on a directory, a port and a password that a
//! test chooses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::clock::wait_until;
use crate::config::hex;
use crate::service::{binary, free_port};
use crate::views::Views;

const USER: &str = "trunkline";
const DATABASE: &str = "elsewhere";
const QUERIES: &str =
    "SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM system.numbers FORMAT Null";

/// The user that starts the listener, as the product's own engine has it.
const BOOT_USER: &str = "<clickhouse><profiles><boot>\
     <function_sleep_max_microseconds_per_block>0</function_sleep_max_microseconds_per_block>\
     </boot></profiles><users><default><password></password>\
     <networks><ip>127.0.0.1</ip></networks><profile>boot</profile><quota>default</quota><grants>\
     <query>GRANT SYSTEM LISTEN ON *.*</query><query>GRANT SELECT ON system.numbers</query>\
     </grants></default></users></clickhouse>\n";

/// A running ClickHouse; it ends with the value.
pub struct Engine {
    dir: TempDir,
    port: u16,
    password: String,
    /// Its `users.xml`, which takes passwords out of `environment`.
    users: String,
    environment: Vec<(&'static str, String)>,
    child: Option<Child>,
}

impl Engine {
    /// Starts a ClickHouse on an empty directory and waits until it answers.
    #[track_caller]
    pub fn start() -> Self {
        let password = format!("secret-{}", std::process::id());
        let users = users_xml(&password);
        Self::with_users(&password, users, Vec::new())
    }

    /// Starts one with the users of a file of its own, which may take passwords from the
    /// environment.
    #[track_caller]
    pub fn with_users(
        password: &str,
        users: String,
        environment: Vec<(&'static str, String)>,
    ) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("trunkline-clickhouse-")
            .tempdir();
        let mut engine = Self {
            dir: dir.expect("a directory"),
            port: free_port(),
            password: password.into(),
            users,
            environment,
            child: None,
        };
        engine.restart();
        engine
    }

    /// Starts the killed ClickHouse again, on the same directory and port.
    #[track_caller]
    pub fn restart(&mut self) {
        let path = |name: &str| self.dir.path().join(name);
        fs::write(path("config.xml"), self.config_xml()).expect("written");
        fs::write(path("users.xml"), &self.users).expect("written");
        fs::create_dir_all(path("users.d")).expect("a folder");
        fs::write(path("users.d/boot.xml"), BOOT_USER).expect("written");
        let (kind, file) = engine_file();
        let child = Command::new(binary())
            .args(["engine", &std::process::id().to_string(), kind])
            .arg(file)
            .arg(format!("--path={}", path("data").display()))
            .arg(format!("--config-file={}", path("config.xml").display()))
            .arg(format!("--http_port={}", self.port))
            .arg("--listen_host=127.0.0.1")
            .arg(format!("--query={QUERIES}"))
            .envs(self.environment.iter().cloned())
            .current_dir(self.dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(fs::File::create(path("stderr")).expect("a log"))
            .spawn();
        self.child = Some(child.expect("the engine starts"));
        wait_until("an answer of ClickHouse", Duration::from_secs(30), || {
            ureq::get(format!("http://127.0.0.1:{}/ping", self.port))
                .call()
                .is_ok()
        });
    }

    /// Kills it as a power cut would.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Returns the lines of `[warehouse]` that point to it, with a password that may be wrong.
    pub fn settings(&self, password: &str) -> String {
        self.settings_through(self.port, password)
    }

    /// Returns the same lines for a way to it through another port.
    pub fn settings_through(&self, port: u16, password: &str) -> String {
        format!(
            "url = \"http://127.0.0.1:{port}\"\nuser = \"{USER}\"\npassword = \"{password}\"\n\
             database = \"{DATABASE}\"\n"
        )
    }

    /// Returns the port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns its process id.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running ClickHouse").id()
    }

    /// Returns the right password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Returns a reader of the views.
    pub fn views(&self) -> Views {
        Views::new(&self.url(), DATABASE, USER, &self.password)
    }

    /// Returns its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the user that may write.
    pub fn user(&self) -> &'static str {
        USER
    }

    /// Returns the name of the database.
    pub fn database(&self) -> &'static str {
        DATABASE
    }

    fn config_xml(&self) -> String {
        let users = self.dir.path().join("users.xml");
        format!(
            "<clickhouse><logger><level>warning</level><console>0</console></logger>\
             <access_control_improvements>\
             <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>\
             <select_from_information_schema_requires_grant>true\
             </select_from_information_schema_requires_grant></access_control_improvements>\
             <max_server_memory_usage>1500000000</max_server_memory_usage><user_directories>\
             <users_xml><path>{}</path></users_xml></user_directories></clickhouse>\n",
            users.display()
        )
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn users_xml(password: &str) -> String {
    let hash = hex(&Sha256::digest(password));
    format!(
        "<clickhouse><profiles><default/></profiles><quotas><default/></quotas>\
         <users><{USER}><password_sha256_hex>{hash}</password_sha256_hex>\
         <networks><ip>127.0.0.1</ip></networks><profile>default</profile>\
         <quota>default</quota></{USER}></users></clickhouse>\n"
    )
}

/// Returns the engine that `make build` fetched, else the `clickhouse` of the PATH.
fn engine_file() -> (&'static str, PathBuf) {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.engine/libchdb.so");
    if fetched.exists() {
        return ("library", fetched);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|dir| dir.join("clickhouse"))
        .find(|p| p.exists());
    (
        "binary",
        found.expect("no engine: neither .engine/libchdb.so (make build) nor clickhouse"),
    )
}
