//! Asterisk: a byte for the interface, a byte for how its bytes are cut, then what it says. Of AMI these
//! are its blocks; of ARI a line is a frame, and one that begins with `[` the list of channels. A line
//! `!lost` ends the connection.

use trunkline_model::settings::Secret;
use trunkline_providers::vendors::asterisk::{Ami, Ari, Lines};
use trunkline_providers::{ALL, Draft, Hook};

use crate::drafts::{self, NOW};
use crate::hooks::hooks;

/// Nothing panics; the same always tells the same, however it is cut; events are the contract's to
/// judge.
pub fn holds(bytes: &[u8]) {
    let [interface, cut, said @ ..] = bytes else {
        return;
    };
    let (first, again) = if interface % 2 == 0 {
        (ami(said, usize::MAX), ami(said, usize::from(*cut).max(1)))
    } else {
        (ari(said), ari(said))
    };
    let events = drafts::written(&first);
    assert_eq!(events, drafts::written(&again), "told otherwise");
    drafts::hold(events.iter().map(String::as_str));
}

fn own() -> (Hook, Lines) {
    let lines = Lines {
        trunks: vec!["my-trunk".into()],
    };
    let which = ALL.iter().position(|it| it.guide().name == "asterisk");
    let hooks = hooks(which.expect("it is a provider"), 0);
    (hooks.own.clone(), lines)
}

/// Hears all connections, which `!lost` divides; a broken one says nothing more.
fn ami(said: &[u8], cut: usize) -> Vec<Draft> {
    let (hook, lines) = own();
    let mut ami = Ami::new(hook, "trunkline", Secret::new("secret"), lines);
    let mut events = Vec::new();
    let said = String::from_utf8_lossy(said);
    for connection in said.split("!lost\n") {
        ami.opened();
        for bytes in connection.as_bytes().chunks(cut.min(connection.len().max(1))) {
            match ami.receive(bytes, NOW) {
                Ok(heard) => events.extend(heard.events),
                Err(_) => break,
            }
        }
        // What was said before a connection broke comes with what is said next.
        ami.lost(NOW);
        let _ = ami.list();
    }
    ami.opened();
    let last = ami.receive(b"Asterisk Call Manager/9.0.0\n", NOW);
    events.extend(last.expect("it is greeted").events);
    events
}

fn ari(said: &[u8]) -> Vec<Draft> {
    let (hook, lines) = own();
    let mut ari = Ari::new(hook, lines);
    let mut events = Vec::new();
    for frame in String::from_utf8_lossy(said).lines() {
        let told = match frame {
            "!lost" => {
                ari.lost(NOW);
                ari.list();
                continue;
            }
            list if list.starts_with('[') => ari.listed(list.as_bytes(), NOW),
            frame => ari.receive(frame, NOW),
        };
        events.extend(told.into_iter().flatten());
    }
    events
}
