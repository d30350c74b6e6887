//! The values of dimensions, for filters.

use serde_json::json;
use trunkline_reports::{Error, Restriction};

use crate::marketing::From;
use crate::ringing::{Call, missed};
use crate::world::{Message, World, context, cycle, manager};

async fn world() -> World {
    let world = World::start().await;
    world.manager("ana", "Ana García").await;
    world.manager("new", "Nobody Yet").await;
    world.named("channels", "web", "The site").await;
    world.named("teams", "sales", "Sales").await;
    let always = "1970-01-01T00:00:00Z";
    world.member("ana", "sales", always, "open").await;
    world.member("eva", "night", always, "open").await;
    let telegram = |message| Message {
        channel: "telegram",
        ..message
    };
    world
        .messages(&[
            manager("ana", "c1", "2026-03-10T10:00:00Z"),
            manager("", "c1", "2026-03-10T10:01:00Z"),
            telegram(manager("luis", "c1", "2020-01-01T00:00:00Z")),
            Message {
                account: "other",
                ..manager("stranger", "c1", "2026-03-10T10:00:00Z")
            },
        ])
        .await;
    for channel in ["telegram", "whatsapp"] {
        let begun = [cycle("maria", "2026-03-10T09:00:00Z")];
        world.conversation(channel, "c1", &begun).await;
    }
    world
}

async fn list(world: &World, only: Restriction<'_>, name: &str) -> Vec<(String, String)> {
    let values = world.reports().values(name, &context(only)).await;
    let values = values.expect("a list");
    assert_eq!((values.dimension, values.truncated), (name, false));
    let values = values.values.into_iter();
    values.map(|named| (named.value, named.name)).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(value, name): &(&str, &str)| ((*value).to_owned(), (*name).to_owned());
    pairs.iter().map(owned).collect()
}

#[tokio::test]
async fn what_occurred_and_what_is_declared_are_listed_with_their_names() {
    let world = world().await;
    let all = Restriction::default();
    assert_eq!(
        list(&world, all, "manager").await,
        pairs(&[
            ("ana", "Ana García"),
            ("eva", "eva"),
            ("luis", "luis"),
            ("new", "Nobody Yet")
        ])
    );
    assert_eq!(
        list(&world, all, "team").await,
        pairs(&[("night", "night"), ("sales", "Sales")])
    );
    assert_eq!(
        list(&world, all, "channel").await,
        pairs(&[
            ("telegram", "telegram"),
            ("web", "The site"),
            ("whatsapp", "whatsapp")
        ])
    );
    let json = serde_json::to_value(
        world
            .reports()
            .values("team", &context(all))
            .await
            .expect("it"),
    );
    assert_eq!(
        json.expect("it is JSON"),
        json!({"dimension": "team", "as_of": "2026-04-03T09:59:58.000Z", "values": [
            {"value": "night", "name": "night"}, {"value": "sales", "name": "Sales"}]})
    );
}

#[tokio::test]
async fn who_may_see_some_managers_is_shown_theirs_alone() {
    let world = world().await;
    let (luis, sales) = (["luis".to_owned()], ["sales".to_owned()]);
    let of_luis = Restriction {
        managers: &luis,
        teams: &[],
    };
    assert_eq!(
        list(&world, of_luis, "manager").await,
        pairs(&[("luis", "luis")])
    );
    assert_eq!(list(&world, of_luis, "team").await, []);
    assert_eq!(
        list(&world, of_luis, "channel").await,
        pairs(&[("telegram", "telegram")])
    );
    let of_sales = Restriction {
        managers: &[],
        teams: &sales,
    };
    assert_eq!(
        list(&world, of_sales, "manager").await,
        pairs(&[("ana", "Ana García")])
    );
    assert_eq!(
        list(&world, of_sales, "team").await,
        pairs(&[("sales", "Sales")])
    );
    assert_eq!(
        list(&world, of_sales, "channel").await,
        pairs(&[("whatsapp", "whatsapp")])
    );
}

#[tokio::test]
async fn sources_and_what_is_of_calls_are_listed_wherever_they_occurred() {
    let world = World::start().await;
    let at = "2026-03-10T10:00:00Z";
    let from =
        |source: &'static str, medium: &'static str| From([source, medium, "", "", ""], "utm");
    world.visit("v1", "w1", at, from("google", "cpc")).await;
    world.touch("maria", at, "", from("meta", "social")).await;
    world
        .spent("2026-03-10", from("bing", "cpc"), "1", "EUR")
        .await;
    let mut call = missed("k1", at, "+34600111222", 20, &["ana"]);
    call.tags = vec!["vip"];
    world.calls(&[call]).await;
    world.certain("k1", from("flyer", "print")).await;
    let all = Restriction::default();
    let names = |listed: Vec<(String, String)>| -> Vec<String> {
        listed.into_iter().map(|(value, _)| value).collect()
    };
    for (dimension, expected) in [
        ("source", vec!["bing", "flyer", "google", "meta"]),
        ("medium", vec!["cpc", "print", "social"]),
        ("campaign", vec![]),
        ("content", vec![]),
        ("term", vec![]),
        ("origin", vec!["calltracking", "utm"]),
        ("pool", vec![]),
        ("tag", vec!["vip"]),
        ("disposition", vec!["missed"]),
        ("direction", vec!["inbound", "internal", "outbound"]),
        ("integrity", vec!["unverified", "verified", "weak"]),
        ("weekday", vec!["1", "2", "3", "4", "5", "6", "7"]),
    ] {
        assert_eq!(
            names(list(&world, all, dimension).await),
            expected,
            "{dimension}"
        );
    }
    assert_eq!(names(list(&world, all, "hour").await)[9..11], ["9", "10"]);
    assert_eq!(list(&world, all, "kind").await.len(), 8);
    assert_eq!(list(&world, all, "author").await.len(), 5);
    // Nothing of it is a stranger's.
    let nobody = ["nobody".to_owned()];
    let of_nobody = Restriction {
        managers: &nobody,
        teams: &[],
    };
    for dimension in [
        "source",
        "medium",
        "campaign",
        "content",
        "term",
        "origin",
        "pool",
        "tag",
        "disposition",
    ] {
        assert_eq!(list(&world, of_nobody, dimension).await, [], "{dimension}");
    }
}

#[tokio::test]
async fn an_unknown_dimension_is_said_so_with_those_there_are() {
    let world = World::start().await;
    for name in ["managr", "kinds", "day", "", "manager'"] {
        let refused = world
            .reports()
            .values(name, &context(Restriction::default()))
            .await;
        let error = refused.expect_err("must be refused");
        assert!(matches!(error, Error::UnknownDimension { .. }), "{error}");
        assert!(
            error.to_string().contains("manager, team, channel"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn numbers_are_those_of_calls_and_of_ones_own_for_who_may_see_some_managers() {
    let world = World::start().await;
    let call = |id: &str, manager: &str, number| Call {
        number,
        ..missed(id, "2026-03-10T09:00:00Z", "+34600111222", 20, &[manager])
    };
    world
        .calls(&[
            call("c1", "ana", "+34910000002"),
            call("c2", "ana", "+34910000001"),
            call("c3", "luis", "+34910000001"),
            call("c4", "binotel:7", "+34910000003"),
            call("c5", "eva", ""),
        ])
        .await;
    let always = "1970-01-01T00:00:00Z";
    world.member("luis", "sales", always, "open").await;
    world.alias("binotel:7", "petra").await;
    let same = |numbers: &[&str]| {
        let pair = |number: &&str| ((*number).to_owned(), (*number).to_owned());
        numbers.iter().map(pair).collect::<Vec<_>>()
    };
    let [first, second, third] = ["+34910000001", "+34910000002", "+34910000003"];
    let all = list(&world, Restriction::default(), "number").await;
    assert_eq!(all, same(&[first, second, third]));
    let (teams, managers) = (["sales".to_owned()], ["petra".to_owned()]);
    let only = Restriction {
        teams: &teams,
        managers: &managers,
    };
    assert_eq!(list(&world, only, "number").await, same(&[first, third]));
}
