use super::*;
use crate::time::Time;

mod tracking;

const FULL: &str = include_str!("tests/account.toml");

fn account(text: &str) -> Account {
    toml::from_str(text).unwrap()
}

fn error(text: &str) -> String {
    toml::from_str::<Account>(text).unwrap_err().to_string()
}

fn keys(text: &str) -> Vec<String> {
    account(text)
        .check()
        .into_iter()
        .map(|problem| problem.key)
        .collect()
}

fn at(text: &str) -> Time {
    Time::parse(text).unwrap()
}

#[test]
fn the_whole_of_an_account_is_read() {
    let account = account(FULL);
    assert_eq!(account.check(), []);
    assert_eq!(account.zone(), Tz::Europe__Madrid);
    assert_eq!(account.country.unwrap().as_str(), "ES");
    assert_eq!(account.currency.unwrap().as_str(), "EUR");
    assert_eq!(account.caps.managers, 50);
    assert_eq!(account.calls.recovery_window, Span::hours(12));
    assert_eq!(account.attribution.model, AttributionModel::First);
    assert_eq!(account.tokens[0].digest().unwrap()[..3], [0x9f, 0x86, 0xd0]);
    assert!(account.tokens[0].may(Scope::ReadPhones) && !account.tokens[0].only.is_all());
    assert_eq!(account.managers[0].aliases["chatwoot"], "7");
    assert_eq!(
        account.schedule.as_ref().unwrap().week()[5],
        [Hours {
            start: 1_320,
            end: 360
        }]
    );
    assert_eq!(account.hooks[0].secrets[1].expose(), "new");
    assert_eq!(account.pipelines[0].stages[1].kind, StageKind::Open);
    assert_eq!(
        account.routings[0].final_stage.as_deref(),
        Some("sales/won")
    );
    assert_eq!(account.goals[0].won_amount.unwrap().to_string(), "25000.5");
    assert_eq!(account.sales.unwrap().entity, SalesEntity::Company);
}

#[test]
fn an_account_needs_its_id_only() {
    let account = account("id = \"demo\"");
    assert_eq!(account, Account::new("demo"));
    assert_eq!(account.check(), []);
    assert_eq!(account.display_name(), "demo");
    assert_eq!(account.zone(), Tz::UTC);
    assert_eq!(account.roster, Roster::Open);
    assert_eq!(account.bot_replies, BotReplies::Clear);
    assert_eq!(
        (account.caps.managers, account.caps.sources),
        (10_000, 1_000)
    );
    assert_eq!(
        (account.calls.unique_call_days, account.calls.target_call_s),
        (30, 60)
    );
    assert_eq!(account.attribution.grace, Span::hours(2));
    assert_eq!(account.fold_rules(), FoldRules::default());
}

#[test]
fn an_account_is_written_as_it_can_be_read_but_for_its_secrets() {
    let full = account(FULL);
    let written = serde_json::to_string(&full).unwrap();
    assert!(!written.contains("hush"), "{written}");
    let mut read: Account = serde_json::from_str(&written).unwrap();
    read.hooks.clone_from(&full.hooks);
    read.webhooks.clone_from(&full.webhooks);
    assert_eq!(read, full);
}

#[test]
fn the_rules_of_the_fold_are_the_gaps_the_bots_and_the_schedules() {
    let rules = account(FULL).fold_rules();
    assert_eq!(rules.bot_replies, BotReplies::Ignore);
    let gaps: Vec<_> = rules
        .cycle_gaps
        .iter()
        .map(|(id, gap)| (id.as_str(), *gap))
        .collect();
    assert_eq!(gaps, [("telegram", 1_800_000), ("whatsapp", 86_400_000)]);
    let whose: Vec<_> = rules.schedules.iter().map(|of| of.whose.clone()).collect();
    // A manager's schedule is his whatever he is called.
    let ana = ["ana", "chatwoot:7", "telegram:ana_acme"].map(str::to_owned);
    let sales = Whose::Team {
        id: "sales".to_owned(),
        managers: [&ana[..], &["luis".to_owned()]].concat(),
    };
    let mut expected = ana.map(Whose::Manager).to_vec();
    expected.extend([sales, Whose::Account]);
    assert_eq!(whose, expected);
    let madrid = Some(Zone(Tz::Europe__Madrid));
    assert!(rules.schedules.iter().all(|of| of.schedule.zone == madrid));
    let written = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<FoldRules>(&written).unwrap(), rules);
}

#[test]
fn rules_written_before_there_were_schedules_are_read() {
    let written = r#"{"bot_replies":"ignore","cycle_gaps":{"telegram":1800000}}"#;
    let rules: FoldRules = serde_json::from_str(written).unwrap();
    assert_eq!(
        (rules.bot_replies, rules.schedules),
        (BotReplies::Ignore, vec![])
    );
    let without = FoldRules {
        schedules: vec![],
        ..serde_json::from_str(written).unwrap()
    };
    assert_eq!(serde_json::to_string(&without).unwrap(), written);
}

#[test]
fn memberships_hold_from_local_midnight() {
    let account = account(FULL);
    let luis: Vec<_> = account
        .memberships()
        .into_iter()
        .filter(|member| member.manager == "luis")
        .collect();
    let change = Some(at("2026-06-30T22:00:00Z"));
    let sales = Validity {
        from: Some(at("2025-12-31T23:00:00Z")),
        until: change,
    };
    let support = Validity {
        from: change,
        until: None,
    };
    assert_eq!(
        luis,
        [
            Membership {
                team: "sales",
                manager: "luis",
                validity: sales
            },
            Membership {
                team: "support",
                manager: "luis",
                validity: support
            },
        ]
    );
}

#[test]
fn unknown_keys_are_errors_everywhere() {
    for line in [
        "colour = 1",
        "caps = { mangers = 1 }",
        "[[token]]\nname = \"x\"\nsha256 = \"\"\nscopes = []\nscope = 1",
        "[[team]]\nid = \"x\"\nmembers = []",
        "[[manager]]\nid = \"x\"\nnick = \"y\"",
        "[[channel]]\nid = \"x\"\ngap = \"1h\"",
        "[schedule]\nmonday = []",
        "[[pool]]\nid = \"x\"\nsize = 4",
        "[sales]\nbought = []",
    ] {
        let error = error(&format!("id = \"a\"\n{line}"));
        assert!(error.contains("unknown field"), "{error}");
    }
}

#[test]
fn bad_values_are_refused_with_what_is_expected() {
    for (line, expected) in [
        ("timezone = \"Madrid\"", "the IANA name of a time zone"),
        ("country = \"Spain\"", "a country of two letters"),
        ("currency = \"€\"", "a currency of three letters"),
        ("roster = \"ajar\"", "one of open, closed"),
        (
            "calls = { recovery_window = \"1 fortnight\" }",
            "a length of time with its unit",
        ),
        ("schedule = { mon = [\"9-18\"] }", "a range like"),
        ("schedule = { closed = [2026-12-25] }", "a date in quotes"),
        (
            "schedule = { zone = \"Mars/Base\" }",
            "the IANA name of a time zone",
        ),
        (
            "[[team]]\nid = \"x\"\nfrom = \"spring\"",
            "a day or a time in quotes",
        ),
        (
            "[[goal]]\nwho = { team = \"x\" }\nperiod = \"2026-Q5\"",
            "a period like",
        ),
        (
            "[[goal]]\nwho = { all = \"x\" }\nperiod = \"2026\"",
            "unknown variant `all`",
        ),
        (
            "[[webhook]]\nid = \"x\"\nurl = \"\"\nevents = [\"all\"]",
            "one of missed_call",
        ),
    ] {
        let error = error(&format!("id = \"a\"\n{line}"));
        assert!(error.contains(expected), "{line}: {error}");
    }
}

#[test]
fn a_manager_is_in_one_team_at_a_time() {
    let teams = |first: &str, second: &str| {
        format!(
            "id = \"a\"\n[[team]]\nid = \"x\"\nmanagers = [\"ana\"]\n{first}\n\
             [[team]]\nid = \"y\"\nmanagers = [\"ana\"]\n{second}"
        )
    };
    assert_eq!(keys(&teams("", "")), ["account.a.team.y.managers"]);
    assert_eq!(
        keys(&teams("until = \"2026-01-02\"", "from = \"2026-01-01\"")).len(),
        1
    );
    assert_eq!(
        keys(&teams("until = \"2026-01-01\"", "from = \"2026-01-01\"")).len(),
        0
    );
    let problem = account(&teams("", "")).check().remove(0);
    assert!(
        problem.message.contains("`ana`") && problem.message.contains("`x`"),
        "{problem:?}"
    );
}

#[test]
fn entries_of_one_id_hold_at_different_times() {
    let teams = |until: &str, from: &str| {
        keys(&format!(
            "id = \"a\"\n[[team]]\nid = \"x\"\nuntil = \"{until}\"\n[[team]]\nid = \"x\"\nfrom = \"{from}\""
        ))
    };
    assert_eq!(teams("2026-01-01", "2026-01-01"), [""; 0]);
    assert_eq!(teams("2026-01-02", "2026-01-01"), ["account.a.team.x"]);
    let backwards =
        "id = \"a\"\n[[manager]]\nid = \"m\"\nfrom = \"2026-02-01\"\nuntil = \"2026-01-01\"";
    assert_eq!(keys(backwards), ["account.a.manager.m"]);
}

#[test]
fn all_problems_are_told_at_once() {
    let text = r#"
        id = "a"
        calls = { recovery_window = "1 month" }
        schedule = { mon = ["09:00-13:00", "12:00-14:00"] }
        token = [
            { name = "t", sha256 = "abc", scopes = ["read"] },
            { name = "t", sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0g", scopes = [] },
        ]
        channel = [{ id = "c", cycle_gap = "2 months", hook = "none" }, { id = "c" }]
        hook = [{ id = "api", provider = "x", allow_ips = ["1.2.3.4/33", "x"] }]
        webhook = [{ id = "w", url = "ftp://x", events = [] }]
        site = [{ key = "k", pool = "none", own_domains = ["пример.рф", "https://x.example", "x.example:80", "x..example", "x"] }]
        pool = [{ id = "p", numbers = ["+34911000001"], draining = ["+34911000001"] }]
        pipeline = [{ id = "l", stages = [{ id = "s" }, { id = "s" }] }]
        funnel = [{ id = "f", stages = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"] }]
        goal = [{ who = { team = "none" }, period = "2026" }]
        manager = [{ id = "", schedule = { tue = ["01:00-03:00", "02:00-04:00"] } }]
    "#;
    assert_eq!(
        keys(text),
        [
            "account.a.schedule.mon",
            "account.a.calls.recovery_window",
            "account.a.token.t",
            "account.a.token.t.sha256",
            "account.a.token.t.sha256",
            "account.a.token.t.scopes",
            "account.a.manager.",
            "account.a.manager..schedule.tue",
            "account.a.channel.c",
            "account.a.channel.c.cycle_gap",
            "account.a.channel.c.hook",
            "account.a.hook.api",
            "account.a.hook.api.allow_ips",
            "account.a.hook.api.allow_ips",
            "account.a.site.k.pool",
            "account.a.site.k.own_domains",
            "account.a.site.k.own_domains",
            "account.a.site.k.own_domains",
            "account.a.site.k.own_domains",
            "account.a.pool.p",
            "account.a.pipeline.l.stages.s",
            "account.a.funnel.f.stages",
            "account.a.goal.0",
            "account.a.goal.0.who",
        ]
    );
}

#[test]
fn the_schema_describes_every_key() {
    let schema = schemars::schema_for!(Account).to_value();
    for (name, property) in schema["properties"].as_object().unwrap() {
        assert!(property["description"].is_string(), "{name}");
    }
    let valid = serde_json::to_value(account(FULL)).unwrap();
    assert!(
        jsonschema::draft202012::new(&schema)
            .unwrap()
            .is_valid(&valid)
    );
}

#[test]
fn a_token_is_alone_with_its_hash_and_sees_teams_that_exist() {
    let text = r#"
        id = "a"
        token = [
            { name = "t", sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", scopes = ["read"] },
            { name = "u", sha256 = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08", scopes = ["read"], only = { teams = ["sales", "sals"] } },
        ]
        team = [{ id = "sales" }]
    "#;
    let problems = account(text).check();
    let keys: Vec<&str> = problems.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(
        keys,
        ["account.a.token.u.sha256", "account.a.token.u.only.teams"]
    );
    assert!(problems[0].message.contains("`t`") && problems[1].message.contains("`sals`"));
}

#[test]
fn targets_of_replies_are_told_to_the_fold_with_who_is_in_which_team_when() {
    let account: Account = serde_json::from_str(
        r#"{"id":"acme","timezone":"UTC","targets":{"wait_s":100,"call_s":5},
            "channel":[{"id":"mail","targets":{"first_s":60}},{"id":"web","targets":{"call_s":1}}],
            "team":[{"id":"sales","managers":["eva"],"from":"2026-06-01","targets":{"wait_s":2}},
                    {"id":"sales","managers":["ana"],"from":"2026-01-01","until":"2026-06-01",
                     "targets":{"wait_s":1}},
                    {"id":"idle","managers":["luis"]}]}"#,
    )
    .unwrap();
    let due = account.fold_rules().due;
    assert_eq!((due.account.wait_s, due.account.call_s), (Some(100), None));
    assert_eq!(due.channels.keys().collect::<Vec<_>>(), ["mail"]);
    let told = |team: usize, manager: &str, time: &str| {
        let team = &due.teams[team];
        team.holds(manager, at(time)).then_some(team.targets.wait_s)
    };
    // Its first target for all time before, but only while she is in it.
    assert_eq!(told(0, "ana", "2026-02-01T00:00:00Z"), Some(Some(1)));
    assert_eq!(told(0, "ana", "2025-02-01T00:00:00Z"), None);
    assert_eq!(told(0, "ana", "2026-07-01T00:00:00Z"), None);
    assert_eq!(told(1, "eva", "2026-07-01T00:00:00Z"), Some(Some(2)));
    assert_eq!(due.teams.len(), 2);
    let rules = account.fold_rules();
    let written = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<FoldRules>(&written).unwrap(), rules);
}

#[test]
fn an_extensions_first_manager_had_it_for_all_time_before() {
    let account = account(
        r#"id = "acme"
        manager = [
            { id = "luis", extensions = ["101", "102"], from = "2026-03-01" },
            { id = "ana", extensions = ["101"], until = "2026-03-01", from = "2025-01-01" },
        ]"#,
    );
    assert_eq!(account.check(), []);
    let march = Some(at("2026-03-01T00:00:00Z"));
    let told: Vec<_> = account
        .extensions()
        .into_iter()
        .map(|of| {
            (
                of.extension,
                of.manager,
                of.validity.from,
                of.validity.until,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("101", "ana", None, march),
            ("101", "luis", march, None),
            ("102", "luis", None, None),
        ]
    );
}

#[test]
fn a_name_at_a_provider_or_an_extension_is_one_managers() {
    let account = account(
        r#"id = "acme"
        manager = [
            { id = "luis", extensions = ["101"], aliases = { crm = "7" } },
            { id = "ana", extensions = ["101"], aliases = { crm = "7" } },
        ]"#,
    );
    let keys: Vec<_> = account.check().into_iter().map(|of| of.key).collect();
    let expected = [
        "account.acme.manager.luis.aliases",
        "account.acme.manager.ana.extensions",
    ];
    assert_eq!(keys, expected);
}
