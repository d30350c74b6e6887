use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn read(text: &str, pairs: &[(&str, &str)]) -> Result<File> {
    super::read(text, Path::new("."), &environment(pairs))
}

#[test]
fn the_example_is_valid_and_shows_the_defaults() {
    let example = read(super::super::EXAMPLE, &[("WAREHOUSE_PASSWORD", "x")]).unwrap();
    assert_eq!(
        example.journal.segment_mb,
        File::default().journal.segment_mb
    );
    assert!(!example.accounts.is_empty());
}

#[test]
fn the_environment_goes_before_the_file() {
    let text = "[server]\nlisten = \"127.0.0.1:1\"";
    let pairs = [
        ("TRUNKLINE__SERVER__LISTEN", "127.0.0.1:2"),
        ("TRUNKLINE__JOURNAL__SEGMENT_MB", "8"),
    ];
    let file = read(text, &pairs).unwrap();
    assert_eq!(
        (&*file.server.listen, file.journal.segment_mb),
        ("127.0.0.1:2", 8)
    );
}

#[test]
fn an_unknown_key_is_refused_with_a_suggestion() {
    let error = read("[server]\nlisen = \"x\"", &[]).unwrap_err();
    assert!(
        format!("{error:#}").contains("did you mean `listen`?"),
        "{error:#}"
    );
}

#[test]
fn a_secret_comes_from_the_environment() {
    let text = "[warehouse]\npassword = \"env:CH\"";
    assert_eq!(
        read(text, &[("CH", "hush")]).unwrap().warehouse.password,
        "hush"
    );
    assert!(read(text, &[]).is_err());
}

#[test]
fn an_address_that_is_none_is_refused() {
    assert!(read("[server]\nlisten = \"8080\"", &[]).is_err());
}

fn refused(text: &str, pairs: &[(&str, &str)]) -> String {
    format!("{:#}", read(text, pairs).unwrap_err())
}

#[test]
fn a_value_of_the_environment_is_read_as_its_key_wants_it() {
    for password in ["123456", "true", "1e5", "\"hush\"", "[a]"] {
        let file = read("", &[("TRUNKLINE__WAREHOUSE__PASSWORD", password)]).unwrap();
        assert_eq!(file.warehouse.password, password);
    }
    let pairs = [
        ("TRUNKLINE__SERVER__DATA_DIR", "2026"),
        ("TRUNKLINE__SERVER__TRUSTED_PROXIES", "[\"10.0.0.1\"]"),
        ("TRUNKLINE__SERVER__WORKERS", "3"),
        ("TRUNKLINE__RETENTION__JOURNAL", "30d"),
        ("TRUNKLINE__WAREHOUSE__DATABASE", "true"),
    ];
    let file = read("", &pairs).unwrap();
    assert_eq!(file.server.data_dir, Path::new("2026"));
    assert_eq!(file.server.trusted_proxies, ["10.0.0.1"]);
    assert_eq!(file.server.workers, Some(3));
    assert_eq!(file.retention.journal.millis(), Some(30 * 86_400_000));
    assert_eq!(file.warehouse.database, "true");
}

#[test]
fn a_wrong_value_of_the_environment_names_its_variable() {
    let name = "TRUNKLINE__JOURNAL__SEGMENT_MB";
    let error = refused("", &[(name, "many")]);
    assert!(error.contains(name), "{error}");
    assert!(error.contains("journal.segment_mb"), "{error}");
    let name = "TRUNKLINE__WAREHOUSE__PASWORD";
    let error = refused("", &[(name, "hush")]);
    assert!(error.contains(name), "{error}");
    assert!(error.contains("did you mean `password`?"), "{error}");
    assert!(!error.contains("hush"), "{error}");
}

#[test]
fn the_environment_goes_before_a_file_with_the_secret() {
    let text = "[warehouse]\npassword_file = \"/nowhere\"";
    let file = read(text, &[("TRUNKLINE__WAREHOUSE__PASSWORD", "hush")]).unwrap();
    assert_eq!(file.warehouse.password, "hush");
}

#[test]
fn an_error_never_shows_a_secret() {
    for line in [
        "password = hush123",
        "password = \"hush123",
        "password = 4242123",
        "password \"hush123\"",
        "password = \"hush123\" \"hush123\"",
    ] {
        let error = refused(&format!("[warehouse]\n{line}\n"), &[]);
        assert!(
            !error.contains("hush") && !error.contains("4242"),
            "{error}"
        );
    }
}

#[test]
fn an_error_of_syntax_says_line_and_column() {
    let error = refused("[server]\nlisten = = 1", &[]);
    assert!(error.starts_with("line 2, column 10: "), "{error}");
}

#[test]
fn an_unknown_key_is_said_with_its_section() {
    let error = refused("[server]\nzzz = 1", &[]);
    assert!(
        error.contains("unknown key `zzz` in [server]: it takes listen, "),
        "{error}"
    );
    let error = refused("[sever]\nlisten = \"x\"", &[]);
    assert!(error.contains("did you mean `server`?"), "{error}");
    let error = refused(
        "[[account]]\nid = \"a\"\n[[account.team]]\nidd = \"x\"",
        &[],
    );
    assert!(
        error.contains("in [account.team]: did you mean `id`?"),
        "{error}"
    );
}
