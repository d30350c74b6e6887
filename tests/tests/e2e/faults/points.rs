//! `kill -9` exactly at each point at which something leaves memory, under load; the process must
//! have died there and of that, and in the end nothing is lost, doubled or wrong.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use e2e::clock::{now, pause};
use e2e::config::Config;
use e2e::engine::Engine;
use e2e::generate::seed;
use e2e::ledger::{Ledger, not_run, say, seconds};
use e2e::load::{Sender, under_load};
use e2e::service::{Service, terminate};
use e2e::shim::{Act, Call, Point, Shim};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What makes the service come to a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The load alone; the kill comes at one of the first so many calls.
    Load(u64),
    /// A checkpoint falls due while events come in.
    Checkpoint,
    /// The service is told to stop.
    Stop,
}

const POINTS: [(&str, Point, Cause); 22] = [
    at(
        "append before",
        Point::before(Call::WriteAt, ".seg"),
        Cause::Load(40),
    ),
    at(
        "append after",
        Point::after(Call::WriteAt, ".seg"),
        Cause::Load(40),
    ),
    at(
        "fsync before",
        Point::before(Call::SyncData, ".seg"),
        Cause::Load(40),
    ),
    // The batch is durable, and the fold has not seen it or is at it.
    at(
        "fsync after, fold",
        Point::after(Call::SyncData, ".seg"),
        Cause::Load(40),
    ),
    // The fold is done with it, and nobody was told.
    at(
        "ack before",
        Point::before(Call::Answer, ""),
        Cause::Load(40),
    ),
    at("ack after", Point::after(Call::Answer, ""), Cause::Load(40)),
    at(
        "flush before",
        Point::before(Call::Insert, ""),
        Cause::Load(4),
    ),
    at(
        "flush under way",
        Point::after(Call::Insert, ""),
        Cause::Load(4),
    ),
    at(
        "flush confirmed",
        Point::after(Call::Confirmed, ""),
        Cause::Load(4),
    ),
    at(
        "roll before",
        Point::before(Call::Rename, "journal/next.tmp$"),
        Cause::Load(1),
    ),
    at(
        "roll after",
        Point::after(Call::Rename, "journal/next.tmp$"),
        Cause::Load(1),
    ),
    at(
        "roll folder",
        Point::before(Call::Sync, "/journal$"),
        Cause::Load(1),
    ),
    at(
        "spare half made",
        Point::after(Call::WriteAt, "journal/next.tmp$"),
        Cause::Load(1),
    ),
    at(
        "checkpoint tmp",
        Point::before(Call::Write, "checkpoint.tmp$"),
        Cause::Checkpoint,
    ),
    at(
        "checkpoint fsync",
        Point::before(Call::Sync, "checkpoint.tmp$"),
        Cause::Checkpoint,
    ),
    at(
        "checkpoint rename before",
        Point::before(Call::Rename, "checkpoint.tmp$"),
        Cause::Checkpoint,
    ),
    at(
        "checkpoint rename after",
        Point::after(Call::Rename, "checkpoint.tmp$"),
        Cause::Checkpoint,
    ),
    at(
        "checkpoint folder",
        Point::before(Call::Sync, "/checkpoints$"),
        Cause::Checkpoint,
    ),
    at(
        "checkpoint old removed",
        Point::after(Call::Remove, ".checkpoint$"),
        Cause::Checkpoint,
    ),
    at(
        "stop, footer",
        Point::before(Call::SyncData, ".seg"),
        Cause::Stop,
    ),
    at(
        "stop, checkpoint",
        Point::after(Call::Rename, "checkpoint.tmp$"),
        Cause::Stop,
    ),
    at(
        "stop, other state",
        Point::before(Call::Rename, "/state/"),
        Cause::Stop,
    ),
];

const fn at(name: &'static str, point: Point, cause: Cause) -> (&'static str, Point, Cause) {
    (name, point, cause)
}

/// A checkpoint is due after six hours.
const SIX_HOURS_MS: i64 = 6 * 3_600_000 + 60_000;
const DIES_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn kills_at_every_point_lose_double_and_falsify_nothing() {
    let shim = match Shim::build() {
        Ok(shim) => shim,
        Err(why) => return not_run("kills at every point", &why),
    };
    let (seed, limit) = (seed(), Duration::from_secs(seconds(15)));
    let engine = Engine::start();
    let mut service = Service::prepare(
        Config::acme()
            // The smallest segments, so that they are often rolled.
            .journal("segment_mb = 1\nreserve_mb = 64\n")
            .warehouse(&engine.settings(engine.password())),
    );
    service.set_environment(shim.environment());
    service.restart();
    let door = service.door("acme");
    let began = now();
    let (sent, (rounds, slowest)) = under_load(&door, seed, || {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut rounds, mut slowest) = (0, Duration::ZERO);
        while rounds == 0 || began.elapsed() < limit {
            for (name, point, cause) in POINTS {
                kill_at(&mut service, &shim, (name, point, cause), &mut random);
                let started = now();
                service.restart();
                slowest = slowest.max(started.elapsed());
            }
            rounds += 1;
        }
        (rounds, slowest)
    });
    let kills = rounds * POINTS.len();
    let ledger = Ledger::draw("kills at points", &service, &engine.views(), &sent);
    let more = format!(
        "seed {seed}, {kills} kills at {} points, slowest start {slowest:?}",
        POINTS.len()
    );
    ledger.with(more).close();
}

/// Lets the service die at a point, and asserts that it did.
fn kill_at(
    service: &mut Service,
    shim: &Shim,
    (name, point, cause): (&str, Point, Cause),
    random: &mut StdRng,
) {
    // Something must have happened since the last start for a checkpoint to be due.
    pause(150);
    let most = if let Cause::Load(most) = cause {
        most
    } else {
        1
    };
    let began = now();
    shim.arm(point, random.random_range(1..=most), Act::Kill);
    match cause {
        Cause::Load(_) => {}
        Cause::Checkpoint => shim.set_clocks(0, SIX_HOURS_MS),
        Cause::Stop => terminate(service.pid()),
    }
    let ended = service.wait_for_end(DIES_WITHIN);
    shim.disarm();
    shim.set_clocks(0, 0);
    assert_eq!(
        ended.signal(),
        Some(9),
        "{name}: it ended otherwise, {ended}"
    );
    say(&format!("  {name}: {:?}", began.elapsed()));
}

/// Two weeks and more: no journal is kept for less.
const DAYS_20_MS: i64 = 20 * 86_400_000;

#[test]
fn kills_at_the_removal_of_old_segments_lose_nothing() {
    let shim = match Shim::build() {
        Ok(shim) => shim,
        Err(why) => return not_run("kills at the removal of segments", &why),
    };
    let seed = seed();
    let engine = Engine::start();
    let settings = engine.settings(engine.password());
    let journal = "segment_mb = 1\nreserve_mb = 64\n";
    let mut service = Service::prepare(Config::acme().journal(journal).warehouse(&settings));
    service.set_environment(shim.environment());
    service.set_environment([("TRUNKLINE__RETENTION__JOURNAL", "1d")]);
    service.restart();
    let door = service.door("acme");
    let mut sender = Sender::new(door.clone(), seed, 0);
    fill(&mut sender, &service, 4);
    // Twenty days later, and two checkpoints on; only the clock of the wall goes over a restart.
    for days in [0, DAYS_20_MS] {
        shim.set_clocks(days, 0);
        fill(&mut sender, &service, 1);
        assert!(service.stop().success(), "{}", service.log_tail());
        service.restart();
        service.wait_for_warehouse();
    }
    fill(&mut sender, &service, 1);
    door.flush();
    assert!(service.stop().success(), "{}", service.log_tail());
    service.restart();
    service.wait_for_warehouse();
    door.flush();
    let before = segments(&service);
    for (name, point) in [
        ("removal before", Point::before(Call::Remove, ".seg$")),
        ("removal after", Point::after(Call::Remove, ".seg$")),
        ("removal, folder", Point::before(Call::Sync, "/journal$")),
    ] {
        // Age counts from the last arrival since the start, and two checkpoints of a life must
        // cover what goes: the one it started from, and one that is due after six hours. Old
        // segments are looked for every hour.
        sender.window();
        door.flush();
        shim.arm(point, 1, Act::Kill);
        shim.set_clocks(DAYS_20_MS, SIX_HOURS_MS);
        let ended = service.wait_for_end(DIES_WITHIN);
        shim.disarm();
        shim.set_clocks(DAYS_20_MS, 0);
        assert_eq!(
            ended.signal(),
            Some(9),
            "{name}: it ended otherwise, {ended}"
        );
        service.restart();
        service.wait_for_warehouse();
        door.flush();
    }
    let left = segments(&service);
    assert!(left < before, "nothing was removed");
    sender.window();
    let ledger = Ledger::draw("kills at removal", &service, &engine.views(), &sender.sent);
    ledger
        .with(format!("seed {seed}, segments {before}, then {left}"))
        .close();
}

/// Sends until there are so many more segments.
fn fill(sender: &mut Sender, service: &Service, more: usize) {
    let before = segments(service);
    while segments(service) < before + more {
        sender.window();
    }
}

fn segments(service: &Service) -> usize {
    let files = std::fs::read_dir(service.data_dir().join("journal")).unwrap();
    let names = files.flatten().map(|file| file.file_name());
    names
        .filter(|it| it.to_string_lossy().ends_with(".seg"))
        .count()
}
