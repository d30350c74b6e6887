//! Power cuts: the data folder, ClickHouse's too, lies on an ext4 in a file. Under load both
//! processes are stopped, the file is copied as it is, and the copy is what a machine would find
//! after the cut: what only the page cache had is not in it.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::clock::pause;
use e2e::config::Config;
use e2e::events::Event;
use e2e::generate::seed;
use e2e::ledger::{Ledger, not_run, seconds};
use e2e::load::{Sender, Sent};
use e2e::mount::{Mounted, copy_image, ext4};
use e2e::service::{Service, freeze, thaw};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const IMAGE_MIB: u64 = 1_024;

/// Events of windows that were begun, and of those that were acknowledged as a whole.
#[derive(Clone, Default)]
struct Known {
    begun: Vec<Event>,
    promised: Vec<Event>,
}

#[test]
fn after_a_power_cut_everything_acknowledged_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let (image, copy) = (dir.path().join("disk.img"), dir.path().join("copy.img"));
    let disk = match ext4(&image, IMAGE_MIB).and_then(|()| Mounted::image(&image)) {
        Ok(disk) => disk,
        Err(why) => return not_run("power cuts", &why),
    };
    let seed = seed();
    let mut service = Service::prepare(Config::acme());
    service.keep_data_in(&disk.path().join("data"));
    service.restart();
    service.wait_for_warehouse();
    let rounds = (seconds(9) / 3).max(1);
    let (stop, known) = (AtomicBool::new(false), Mutex::new(Known::default()));
    let door = service.door("acme");
    std::thread::scope(|scope| {
        for number in [0, 1] {
            let mut sender = Sender::new(door.clone(), seed, number);
            let (stop, known) = (&stop, &known);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let window = sender.next_window();
                    known.lock().unwrap().begun.extend(window.clone());
                    sender.window();
                    known.lock().unwrap().promised.extend(window);
                }
            });
        }
        let mut random = StdRng::seed_from_u64(seed);
        for round in 0..rounds {
            pause(random.random_range(300..2_500));
            let engine = service.engine().expect("an embedded ClickHouse");
            freeze(service.pid());
            freeze(engine);
            let known = known.lock().unwrap().clone();
            copy_image(&image, &copy);
            thaw(engine);
            thaw(service.pid());
            cut(&copy, known, seed, round);
        }
        stop.store(true, Ordering::Relaxed);
    });
    // Before the disk it lies on.
    drop(service);
    drop(disk);
}

/// Starts a service on the disk as the cut left it. What was promised is there; what was under way
/// is sent again, and then every row is as if nothing had happened.
fn cut(copy: &Path, known: Known, seed: u64, round: u64) {
    let disk = Mounted::image(copy).expect("the copy can be mounted");
    let mut after = Service::prepare(Config::acme());
    after.keep_data_in(&disk.path().join("data"));
    after.restart();
    let door = after.door("acme");
    let found = door.metrics().sums();
    let (mut lost, mut sent) = (0, Sent::default());
    for batch in known.promised.chunks(500) {
        lost += door.send(batch).accepted;
    }
    for batch in known.begun.chunks(500) {
        door.send(batch);
    }
    sent.sent = (known.promised.len() + known.begun.len()) as u64;
    sent.acknowledged = sent.sent;
    sent.events = known.begun;
    after.wait_for_warehouse();
    let ledger = Ledger::draw("power cut", &after, &after.views(), &sent);
    ledger
        .with(format!(
            "round {round}, seed {seed}: promised before the cut {}, in journal after it {}, \
             promised and not there {lost}",
            known.promised.len(),
            found.appended
        ))
        .close();
    assert_eq!(lost, 0, "acknowledged events are gone");
    drop(after);
}
