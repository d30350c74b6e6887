//! The references in `docs/` are what the code says: made from the schema of the configuration and from the
//! declarations of the metrics, and compared with the files. `make references` writes them.

use std::path::Path;
use std::{env, fs};

mod configuration;
mod declared;
mod known;
mod providers;
mod sources;

/// Above this line a document is written by hand, below it by the code.
const MARK: &str = "<!-- Below this line: written by `make references` from the code. -->\n";

/// Compares what the code says with a document, or writes it if the environment says so.
fn hold(document: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(document);
    let text = fs::read_to_string(&path).expect("the document is there");
    let (by_hand, written) = text.split_once(MARK).expect("the document has its mark");
    if env::var_os("TRUNKLINE_REFERENCES").is_some() {
        fs::write(&path, format!("{by_hand}{MARK}{made}")).expect("the document is writable");
        return;
    }
    let differ = || {
        let lines = made.lines().zip(written.lines());
        let differ = lines.into_iter().find(|(made, written)| made != written);
        differ.map_or_else(String::new, |(made, written)| {
            format!("code: {made}\ndocs: {written}")
        })
    };
    assert!(
        made == written,
        "docs/{document} is not what the code says; `make references` writes it anew, look at the difference\n{}",
        differ()
    );
}

#[test]
fn the_reference_of_the_configuration_is_what_the_code_says() {
    hold("configuration.md", &configuration::reference());
}

/// A new provider's page is made; one without a provider is one too many.
#[test]
fn the_reference_of_each_provider_is_what_its_adapter_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/providers");
    let mut pages = Vec::from(["README.md".to_owned()]);
    for provider in trunkline_providers::ALL {
        let page = format!("{}.md", provider.guide().name);
        let path = folder.join(&page);
        if !path.exists() && env::var_os("TRUNKLINE_REFERENCES").is_some() {
            fs::write(&path, MARK).expect("the page can be written");
        }
        hold(&format!("providers/{page}"), &providers::page(*provider));
        pages.push(page);
    }
    for entry in fs::read_dir(folder).expect("there are pages") {
        let name = entry.expect("it can be read").file_name();
        let name = name.to_string_lossy().into_owned();
        assert!(
            pages.contains(&name),
            "docs/providers/{name} is of no provider"
        );
    }
}

#[test]
fn the_reference_of_metrics_is_what_the_code_declares() {
    hold("metrics.md", &declared::reference());
}

#[test]
fn the_reference_of_known_hosts_is_what_the_code_says() {
    hold("calltracking.md", &known::reference());
}
