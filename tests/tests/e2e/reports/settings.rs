//! What reports take from the settings of an account: targets, and the names of what there is.

use e2e::config::{Account, token};
use e2e::events::Thread;
use e2e::shared::Shared;
use serde_json::json;

use crate::accounts::MARCH;

static SHARED: Shared = Shared::new(|| {
    vec![
        Account::new("named")
            .setting("targets = { wait_s = 60, first_s = 30 }")
            .restricted("of-eva", "managers = [\"eva\"]")
            .section("[[account.manager]]\nid = \"ana\"\nname = \"Ana Pérez\"\n")
            .section("[[account.team]]\nid = \"sales\"\nname = \"Sales\"\nmanagers = [\"ana\"]\n")
            .section(
                "[[account.channel]]\nid = \"mail\"\nname = \"Post\"\ntargets = { wait_s = 600 }\n",
            ),
    ]
});

#[test]
fn targets_and_names_are_those_of_the_configuration() {
    let service = SHARED.service();
    let door = service.door("named");
    let mut events = Vec::new();
    for (channel, manager) in [("web", "ana"), ("mail", "eva")] {
        let thread = Thread::new(manager).on(channel).contact("10:00");
        events.extend(thread.manager(manager, "10:02").events());
    }
    door.send_flushed(&events);
    // Two minutes are too long on the web, and not by mail; both are too long for a first answer.
    let within = |definition: &str| {
        let asked = [&MARCH[..], &[("by", "channel"), ("definition", definition)]].concat();
        door.report("response-times", &asked)
            .column("within_target")
    };
    assert_eq!(within("wait"), [json!(1), json!(0)]);
    assert_eq!(within("first"), [json!(0), json!(0)]);

    let values = |dimension: &str| {
        let answer = door.get(&format!("/v1/dimensions/{dimension}"), &[]);
        answer.expect_status(200).json()["values"].clone()
    };
    let named = |value: &str, name: &str| json!({"value": value, "name": name});
    assert_eq!(
        values("manager"),
        json!([named("ana", "Ana Pérez"), named("eva", "eva")])
    );
    assert_eq!(values("team"), json!([named("sales", "Sales")]));
    assert_eq!(
        values("channel"),
        json!([named("mail", "Post"), named("web", "web")])
    );
    let of_eva = door.with_token(&token("named", "of-eva"));
    let seen = of_eva.get("/v1/dimensions/manager", &[]).json();
    assert_eq!(seen["values"], json!([named("eva", "eva")]));

    let unknown = door.get("/v1/dimensions/managr", &[]);
    let unknown = unknown.expect_problem(404, "not_found").text();
    assert!(unknown.contains("manager, team, channel"), "{unknown}");
    door.get("/v1/dimensions/team", &[("limit", "1")])
        .expect_problem(400, "bad_parameter");
    let nobody = door.with_token("trk_nobody");
    nobody.get("/v1/dimensions/team", &[]).expect_status(401);
}
