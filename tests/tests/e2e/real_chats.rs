//! Real conversations, in file order, shuffled, and with a third sent twice, in every form: all
//! figures of all managers and all definitions are those of the reference.

use e2e::chats;
use e2e::compare;
use e2e::config::{Account, Config};
use e2e::doors::{FORMS, Form};
use e2e::events::Event;
use e2e::facts;
use e2e::generate::{disorder, seed};
use e2e::reference::Reference;
use e2e::service::Service;

const SIZES: [usize; 4] = [500, 97, 1, 1_000];

/// Sends in batches of several sizes, each in the next form.
fn send(service: &Service, account: &str, events: &[Event], forms: &[Form]) -> u64 {
    let door = service.door(account);
    let (mut rest, mut batch, mut accepted) = (events, 0, 0);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(SIZES[batch % SIZES.len()].min(rest.len()));
        accepted += door.send_as(forms[batch % forms.len()], now).accepted;
        (rest, batch) = (later, batch + 1);
    }
    door.flush();
    accepted
}

#[test]
fn real_conversations_give_the_figures_of_the_reference_in_any_order_and_form() {
    let seed = seed();
    println!("seed {seed}");
    let events = chats::real();
    let reference = Reference::of(&events);
    assert_eq!(reference.managers().len(), 66);
    let accounts = ["file", "shuffled", "twice"];
    let service = Service::start(Config::of(accounts.map(Account::new)));
    let shuffled = disorder(&events, seed, 0);
    let twice = disorder(&events, seed.wrapping_add(1), 33);
    assert!(twice.len() > events.len() + events.len() / 4);
    let sent = [
        (accounts[0], &events, &FORMS[..1]),
        (accounts[1], &shuffled, &FORMS[1..]),
        (accounts[2], &twice, &FORMS[..]),
    ];
    for (account, sent, forms) in sent {
        assert_eq!(
            send(&service, account, sent, forms),
            events.len() as u64,
            "{account}"
        );
    }
    for account in accounts {
        println!("account {account}");
        let door = service.door(account);
        compare::assert_equal(&door, &reference, reference.span());
        facts::assert_exact(&service.views(), account, &reference);
    }
    // A day of them, and a period whose ends cut conversations in two.
    let day = e2e::reference::Span {
        from: e2e::clock::at("2017-10-31T00:00:00Z"),
        to: e2e::clock::at("2017-11-01T00:00:00Z"),
    };
    compare::assert_equal(&service.door("twice"), &reference, day);
    let sums = service.door("file").metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!((sums.observed, sums.conflict), (3 * events.len() as u64, 0));
    assert_eq!(sums.duplicate as usize, twice.len() - events.len());
}
