//! The views of calls: what everyone's SQL may read, and what it may not.

use serde_json::json;

use crate::ringing::{Leg, answered, missed, rang, spoke};
use crate::world::{ACCOUNT, World};

const PHONE: &str = "+34600111222";

async fn world() -> World {
    let world = World::start().await;
    let legs = [
        Leg {
            extension: "101",
            ..rang("")
        },
        Leg {
            extension: "+34600999000",
            ..spoke("binotel:7", 20, 90)
        },
    ];
    world
        .calls(&[
            answered("c1", "2026-03-10T09:00:00Z", PHONE, &legs),
            missed("c2", "2026-03-11T09:00:00Z", PHONE, 20, &["eva"]),
            missed("c3", "2026-03-12T09:00:00Z", "anonymous", 20, &[]),
            missed("c4", "2026-03-12T09:00:00Z", "+34600333444", 20, &[]),
        ])
        .await;
    world
        .extension("101", "ana", "1970-01-01T00:00:00Z", "open")
        .await;
    world.alias("binotel:7", "luis").await;
    world.linked("phone", "", PHONE, PHONE).await;
    let pepper = json!({"account": ACCOUNT, "pepper": "secret", "version": 1});
    world.insert("peppers", vec![pepper]).await;
    world
}

#[tokio::test]
async fn phone_numbers_are_masked_and_hashed_with_the_accounts_secret() {
    let world = world().await;
    let rows = world
        .read("SELECT call, caller, caller_hash, contact FROM trunkline.v_calls ORDER BY call")
        .await;
    // printf 'secret+34600111222' | sha256sum
    let hash = "6d66244e37688ac86b31551ada7cdb3f05a85e1080619eb91214cb280634fc91";
    assert_eq!(
        rows,
        [
            format!("[\"c1\",\"+34***1222\",\"{hash}\",\"+34***1222\"]"),
            format!("[\"c2\",\"+34***1222\",\"{hash}\",\"+34***1222\"]"),
            "[\"c3\",\"anonymous\",null,null]".to_owned(),
            "[\"c4\",\"+34***3444\",\"0c7f8de4a4277bbe27ba2bb17d05cc334d45290412241fc0c7f0a1bb210d64bc\",null]".to_owned(),
        ]
    );
}

#[tokio::test]
async fn legs_are_their_managers_and_in_order() {
    let world = world().await;
    let rows = world
        .read("SELECT call, nth, manager, extension, talk_ms FROM trunkline.v_legs ORDER BY call, nth")
        .await;
    assert_eq!(
        rows,
        [
            r#"["c1",1,"ana","101",0]"#,
            r#"["c1",2,"luis","+34***9000",90000]"#,
            r#"["c2",1,"eva",null,0]"#,
        ]
    );
}
