//! The OpenAPI document: that it is one, that the doors do what it says, and the other way round.
//!
//! schemathesis tries every operation with good and bad data; how stands in `tests/openapi/`. Its
//! seed is fixed, or `TRUNKLINE_SEED`; with the same seed it asks the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::config::{Account, Config, token};
use e2e::doors::{Form, zstd};
use e2e::generate;
use e2e::service::Service;
use e2e::stream::Knock;
use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What no command can show in a line: a WebSocket, and a webhook that its provider signs. Tests of
/// their own send them.
const WITHOUT: [&str; 13] = [
    "/v1/stream",
    "/v1/hooks/{hook}",
    "/v1/admin/webhooks/{webhook}/dead",
    "/v1/admin/webhooks/{webhook}/replay",
    "/v1/calls/{call}",
    "/v1/contacts/{contact}",
    "/v1/contacts/{contact}/timeline",
    "/v1/conversations/{conversation}",
    "/v1/leads/{lead}",
    "/v1/visits/{visit}",
    "/v1/visits/{visit}/page",
    "/v1/visits/{visit}/beat",
    "/v1/visits/{visit}/end",
];

/// A service with the site that the examples are of.
fn acme() -> Config {
    Config::of([Account::new("acme").section(
        "[[account.site]]\nkey = \"demo-site\"\npool = \"main\"\n\
         [[account.pool]]\nid = \"main\"\nnumbers = [\"+34911000001\"]\nfallback = \"+34911000009\"\n",
    )])
}

fn document(service: &Service) -> Value {
    let answer = service.door("nobody").get("/openapi.json", &[]);
    answer.expect_status(200).json()
}

/// Path, method and description of every operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("methods").iter();
        methods.map(move |(method, about)| (path.clone(), method.clone(), about.clone()))
    });
    all.collect()
}

fn tool(name: &str) -> PathBuf {
    let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/schemathesis/bin");
    let tool = bin.join(name);
    assert!(tool.exists(), "{}: make setup fetches it", tool.display());
    tool
}

/// Asserts that JSON is what a place of the document says.
#[track_caller]
fn assert_conforms(document: &Value, place: &str, json: &Value) {
    let mut schema = document.clone();
    schema["$ref"] = place.into();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let faults: Vec<String> = validator
        .iter_errors(json)
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{place}: {faults:#?} in {json}");
}

/// Asserts that an answer is one of those that the document has for an operation.
#[track_caller]
fn assert_documented(
    document: &Value,
    (path, method): (&str, &str),
    (status, media): (&str, &str),
    body: &[u8],
) {
    let answers = &document["paths"][path][method]["responses"];
    let essence = media.split(';').next().unwrap_or_default();
    let said = answers.get(status).unwrap_or_else(|| {
        let body = String::from_utf8_lossy(body);
        panic!("{method} {path}: {status} is not documented: {body}")
    });
    if essence.is_empty() {
        assert!(said.get("content").is_none(), "{method} {path} {status}");
        return;
    }
    assert!(
        said["content"].get(essence).is_some(),
        "{method} {path} {status}: {media} is not documented"
    );
    if essence.ends_with("json") {
        let escaped = |text: &str| text.replace('~', "~0").replace('/', "~1");
        let place = format!(
            "#/paths/{}/{method}/responses/{status}/content/{}/schema",
            escaped(path).replace('{', "%7B").replace('}', "%7D"),
            escaped(essence)
        );
        let json = serde_json::from_slice(body).expect("JSON");
        assert_conforms(document, &place, &json);
    }
}

/// Runs a command of the document and gives status, media type and body.
fn run(source: &str, service: &Service) -> (String, String, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a folder");
    let body = folder.path().join("body");
    let told = "-w '%{http_code} %{content_type}'";
    let command = format!("{source} \\\n  -o '{}' {told}", body.display());
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &command])
        .env("TRUNKLINE", format!("http://127.0.0.1:{}", service.port()))
        .env("TOKEN", token("acme", "all"))
        .env_remove("http_proxy")
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let faults = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{source}\n{said}\n{faults}");
    let (status, media) = said.split_once(' ').expect("a status and a media type");
    let body = fs::read(body).unwrap_or_default();
    (status.to_owned(), media.to_owned(), body)
}

#[test]
fn every_example_of_the_document_succeeds_as_it_says() {
    let service = Service::start(acme());
    let document = document(&service);
    let mut ran = 0;
    for (path, method, about) in operations(&document) {
        let samples = about["x-codeSamples"].as_array().expect("examples");
        assert!(
            !samples.is_empty() || WITHOUT.contains(&path.as_str()),
            "{path} has no example"
        );
        for sample in samples {
            let source = sample["source"].as_str().expect("a command");
            let (status, media, body) = run(source, &service);
            assert!(status.starts_with('2'), "{status}: {source}");
            assert_documented(&document, (&path, &method), (&status, &media), &body);
            ran += 1;
        }
    }
    println!("{ran} examples");
    let bodies = &document["paths"]["/v1/events"]["post"]["requestBody"]["content"];
    let examples = bodies["application/json"]["examples"].as_object();
    for (name, example) in examples.expect("examples") {
        let body = zstd(example["value"].to_string().as_bytes());
        let sent = service
            .door("acme")
            .post("application/json", Some("zstd"), &body);
        assert_eq!(sent.status, 202, "{name}: {}", sent.text());
    }
}

#[test]
fn a_stream_opens_as_the_document_says() {
    let service = Service::start_without_warehouse(acme());
    let answers = &document(&service)["paths"]["/v1/stream"]["get"]["responses"];
    let documented: BTreeSet<&str> = answers
        .as_object()
        .expect("answers")
        .keys()
        .map(String::as_str)
        .collect();
    let knock = || Knock::new(service.port());
    assert!(knock().token(&token("acme", "all")).open().is_ok());
    assert!(documented.contains("101"), "{documented:?}");
    for (knock, status) in [
        (knock().token("wrong"), "401"),
        (knock().token(&token("acme", "read")), "403"),
    ] {
        let refused = knock.open().expect_err("a refusal");
        assert_eq!(refused.status.to_string(), status);
        assert!(documented.contains(status), "{documented:?}");
    }
}

/// Fills the names in a path with the document's examples.
fn example_of(path: &str, item: &Value) -> String {
    let parameters = item.as_object().expect("methods").values();
    let parameters = parameters.flat_map(|about| about["parameters"].as_array().expect("a list"));
    parameters.fold(path.to_owned(), |path, it| {
        let (name, value) = (it["name"].as_str(), it["example"].as_str());
        let name = format!("{{{}}}", name.expect("a name"));
        path.replace(&name, value.unwrap_or("x"))
    })
}

#[test]
fn the_doors_have_the_methods_that_the_document_has() {
    let service = Service::start_without_warehouse(acme());
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None);
    let agent: Agent = config.build().into();
    let document = document(&service);
    for (path, item) in document["paths"].as_object().expect("paths") {
        let target = example_of(path, item);
        let address = format!("http://127.0.0.1:{}{target}", service.port());
        let has = |method: &str| item.get(method.to_lowercase()).is_some();
        let mut known: BTreeSet<&str> = METHODS.into_iter().filter(|it| has(it)).collect();
        known.extend(has("GET").then_some("HEAD"));
        for method in METHODS {
            let request = Request::builder().method(method).uri(&address);
            let request = request.body(()).expect("a request");
            let answer = agent.run(request).expect("an answer");
            let status = answer.status().as_u16();
            if known.contains(method) {
                // There is no visit of the example's id.
                let is_absent = status == 404 && path.starts_with("/v1/visits/{visit}");
                let is_served = ![404, 405].contains(&status) || is_absent;
                assert!(is_served, "{method} {target}: {status}");
                continue;
            }
            assert_eq!(status, 405, "{method} {target}");
            // Browsers ask pages' doors with OPTIONS before they send.
            let allow = answer.headers()["allow"].to_str().expect("text");
            let allow = allow.split(',').filter(|method| *method != "OPTIONS");
            assert_eq!(allow.collect::<BTreeSet<_>>(), known, "{target}");
        }
    }
}

#[test]
fn the_page_shows_every_operation_and_loads_nothing_from_elsewhere() {
    let service = Service::start_without_warehouse(acme());
    let door = service.door("nobody");
    let page = door.get("/docs", &[]);
    let policy = page
        .expect_status(200)
        .header("content-security-policy")
        .unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let text = page.text();
    for (path, _, about) in operations(&document(&service)) {
        let id = about["operationId"].as_str().expect("an id");
        assert!(text.contains(&format!("id=\"op-{id}\"")), "{id}");
        assert!(text.contains(&format!("<code>{path}</code>")), "{path}");
    }
    for bad in [
        "src=\"http",
        "src=\"//",
        "href=\"http",
        "href=\"//",
        "style=\"",
        "<style",
    ] {
        assert!(!text.contains(bad), "{bad}");
    }
    // Every link inside the page leads somewhere in it.
    let links = text
        .split("href=\"#")
        .skip(1)
        .filter_map(|it| it.split('"').next());
    for link in links {
        assert!(text.contains(&format!("id=\"{link}\"")), "{link}");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("board/docs.mjs");
    let output = Command::new("node")
        .arg(&script)
        .env("BASE", format!("http://127.0.0.1:{}", service.port()))
        .env(
            "PICTURES",
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures"),
        )
        .output()
        .expect("node runs: deploy/setup-checks says what is missing");
    let said = String::from_utf8_lossy(&output.stdout);
    let faults = String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{faults}");
}

#[test]
fn the_doors_do_what_the_document_says_whatever_they_are_asked() {
    let seed = std::env::var("TRUNKLINE_SEED").unwrap_or_else(|_| "1".into());
    println!("TRUNKLINE_SEED={seed} repeats this run");
    let service = Service::start(acme());
    let door = service.door("acme");
    door.send_as(Form::Ndjson, &generate::log(7, 400));
    door.flush();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("openapi.json");
    fs::write(&file, document(&service).to_string()).expect("written");
    let valid = Command::new(tool("python"))
        .args(["-m", "openapi_spec_validator"])
        .arg(&file)
        .output()
        .expect("python runs");
    let said = String::from_utf8_lossy(&valid.stdout);
    assert!(valid.status.success(), "{said}");

    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi");
    let tried = Command::new(tool("schemathesis"))
        .arg("--config-file")
        .arg(ours.join("schemathesis.toml"))
        .arg("run")
        .arg(&file)
        .args(["--url", &format!("http://127.0.0.1:{}", service.port())])
        .args([
            "--header",
            &format!("Authorization: Bearer {}", token("acme", "all")),
        ])
        .args(["--seed", &seed])
        .current_dir(folder.path())
        .env("SCHEMATHESIS_HOOKS", ours.join("hooks.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "*")
        .output()
        .expect("schemathesis runs");
    let said = String::from_utf8_lossy(&tried.stdout);
    let faults = String::from_utf8_lossy(&tried.stderr);
    println!("{said}");
    assert!(tried.status.success(), "{said}\n{faults}");
    let all = operations(&document(&service)).len();
    assert!(said.contains(&format!("Tested: {all}")), "{said}");
}
