//! A real Prometheus on the configuration of `deploy/prometheus`, pointed at a service under test.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use ureq::Agent;

use crate::clock::{holds_within, wait_until};
use crate::config::token;
use crate::service::free_port;

const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// A running Prometheus; it ends with the value.
pub struct Prometheus {
    dir: TempDir,
    port: u16,
    agent: Agent,
    child: Child,
}

/// One series of an answer: its labels, and its value.
pub type Series = (BTreeMap<String, String>, f64);

impl Prometheus {
    /// Starts one that scrapes the service on a port every second, with the account's token `read`.
    #[track_caller]
    pub fn scraping(port: u16, account: &str) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("trunkline-prometheus-")
            .tempdir()
            .expect("a directory");
        let secret = dir.path().join("token");
        fs::write(&secret, token(account, "read")).expect("written");
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus");
        let mut config = fs::read_to_string(ours.join("prometheus.yml")).expect("a configuration");
        for (ours, instead) in [
            ("_interval: 15s", "_interval: 1s".to_owned()),
            ("/run/trunkline/token", secret.display().to_string()),
            ("trunkline:8080", format!("127.0.0.1:{port}")),
        ] {
            assert!(config.contains(ours), "no `{ours}` in prometheus.yml");
            config = config.replace(ours, &instead);
        }
        fs::write(dir.path().join("prometheus.yml"), config).expect("written");
        fs::copy(ours.join("rules.yml"), dir.path().join("rules.yml")).expect("copied");
        let port = free_port();
        let child = Self::spawn(dir.path(), port);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .build();
        let mut prometheus = Self {
            dir,
            port,
            agent: agent.into(),
            child,
        };
        prometheus.wait_until_ready();
        prometheus
    }

    #[track_caller]
    fn spawn(dir: &Path, port: u16) -> Child {
        let child = Command::new("prometheus")
            .arg(format!(
                "--config.file={}",
                dir.join("prometheus.yml").display()
            ))
            .arg(format!(
                "--storage.tsdb.path={}",
                dir.join("data").display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(dir.join("log")).expect("a log"))
            .spawn();
        child.unwrap_or_else(|why| {
            panic!(
                "prometheus does not start: {why} (`make setup` fetches it; or `apt-get install \
                 prometheus`)"
            )
        })
    }

    #[track_caller]
    fn wait_until_ready(&mut self) {
        let ready = holds_within(STARTS_WITHIN, || {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("prometheus ended, {status}:\n{}", self.log());
            }
            let answer = self.agent.get(self.address("/-/ready")).call();
            answer.is_ok_and(|answer| answer.status() == 200)
        });
        assert!(ready, "prometheus is not ready:\n{}", self.log());
    }

    /// Waits until it has scraped the service so often since now.
    #[track_caller]
    pub fn wait_for_scrapes(&self, count: u32) {
        let scrapes = || {
            self.query(r#"count_over_time(up{job="trunkline"}[1h])"#)
                .first()
                .map_or(0.0, |(_, count)| *count)
        };
        let before = scrapes();
        wait_until("more scrapes", Duration::from_secs(30), || {
            scrapes() >= before + f64::from(count)
        });
    }

    /// Evaluates an expression now; an error of Prometheus fails the test.
    #[track_caller]
    pub fn query(&self, expression: &str) -> Vec<Series> {
        let answer = self.get("/api/v1/query", &[("query", expression)]);
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        assert_eq!(answer["warnings"], Value::Null, "{expression}: {answer}");
        let result = answer["data"]["result"].as_array();
        let series = result.unwrap_or_else(|| panic!("{expression}: {answer}"));
        series
            .iter()
            .map(|one| {
                let labels = one["metric"].as_object().expect("labels");
                let labels = labels
                    .iter()
                    .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().into()));
                let value = one["value"][1].as_str().and_then(|text| text.parse().ok());
                (labels.collect(), value.expect("a number"))
            })
            .collect()
    }

    /// Evaluates an expression of one series now.
    #[track_caller]
    pub fn value(&self, expression: &str) -> f64 {
        let series = self.query(expression);
        assert_eq!(series.len(), 1, "{expression}: {series:?}");
        series[0].1
    }

    /// Returns all alerting rules as it sees them, once it has evaluated each.
    #[track_caller]
    pub fn alerts(&self) -> Vec<Value> {
        let mut alerts = Vec::new();
        wait_until("an evaluation of each rule", STARTS_WITHIN, || {
            alerts = self.rules();
            alerts.iter().all(|alert| alert["health"] != "unknown")
        });
        alerts
    }

    fn rules(&self) -> Vec<Value> {
        let answer = self.get("/api/v1/rules", &[("type", "alert")]);
        let groups = answer["data"]["groups"].as_array().expect("groups");
        let rules = groups.iter().filter_map(|group| group["rules"].as_array());
        rules.flatten().cloned().collect()
    }

    #[track_caller]
    fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let request = self.agent.get(self.address(path));
        let request = request.query_pairs(parameters.iter().copied());
        let mut answer = request.call().expect("an answer of Prometheus");
        answer.body_mut().read_json().expect("JSON")
    }

    fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
