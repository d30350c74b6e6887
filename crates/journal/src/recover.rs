//! Opens the journal of a directory for writing: takes the lock, checks the chain of segments,
//! reads the last one, cuts a torn tail, and makes sure of the last item.

use std::any::Any;
use std::io;
use std::sync::Arc;

use crate::chain::{self, NEXT, name};
use crate::config::{Config, World};
use crate::error::{OpenError, ReadError};
use crate::format::{SEGMENT_HEADER, SegmentHeader};
use crate::live::{Durable, Live};
use crate::scan::{Bound, Scan, Step};
use crate::spares::{Lack, Maker, Spares};
use crate::storage::{Storage, read_full};
use crate::tail::Tail;
use crate::writer::{Segment, Trouble, Writer, install};

/// A journal ready to be written.
pub(crate) struct Recovered {
    pub(crate) writer: Writer,
    pub(crate) lock: Box<dyn Any + Send>,
    pub(crate) clean: bool,
}

pub(crate) fn recover(
    storage: &Arc<dyn Storage>,
    config: &Config,
    world: &World,
    make_spares: impl FnOnce(Maker) -> io::Result<Spares>,
) -> Result<Recovered, OpenError> {
    config.check()?;
    let lock = take_lock(storage.as_ref())?;
    let maker = Maker {
        storage: storage.clone(),
        segment_bytes: config.segment_bytes,
        reserve_bytes: config.reserve_bytes,
    };
    let headers = chain::list(storage.as_ref())?;
    remove_leftover(storage.as_ref())?;
    let (oldest, header) = match (headers.first(), headers.last()) {
        (Some(first), Some(last)) => (first.base, *last),
        _ => (0, create(&maker, world.new_id)?),
    };
    // The newest name may be in the cache only, if its maker died before the directory's sync.
    storage
        .sync_dir()
        .map_err(failed(storage.as_ref(), "sync the directory of", ""))?;
    let tail = mend(storage.as_ref(), &header)?;
    let scan = tail.scan;
    let durable = Durable {
        base: header.base,
        byte: scan.at,
        next_offset: scan.next_offset,
    };
    let spares =
        make_spares(maker).map_err(failed(storage.as_ref(), "start the maker of", NEXT))?;
    let writer = Writer {
        storage: storage.clone(),
        observer: world.observer.clone(),
        live_view: Arc::new(Live::new(durable, oldest)),
        spares,
        compression: config.compression,
        sync: config.sync,
        reserve_bytes: config.reserve_bytes,
        journal: header.journal,
        next_offset: scan.next_offset,
        received_at: scan.received_at,
        before: None,
        trouble: Trouble::default(),
        buffer: Vec::new(),
        packed: Vec::new(),
        segment: Some(Segment {
            base: header.base,
            before: header.before,
            at: scan.at,
            capacity: scan.length,
            footed: tail.footed,
            file: scan.file,
        }),
    };
    Ok(Recovered {
        writer,
        lock,
        clean: tail.clean || headers.is_empty(),
    })
}

fn take_lock(storage: &dyn Storage) -> Result<Box<dyn Any + Send>, OpenError> {
    match storage.lock() {
        Ok(Some(lock)) => Ok(lock),
        Ok(None) => Err(OpenError::Locked {
            dir: storage.path(""),
        }),
        Err(source) => Err(failed(storage, "lock", chain::LOCK)(source)),
    }
}

/// Makes the first segment of a new journal.
fn create(maker: &Maker, id: u64) -> Result<SegmentHeader, OpenError> {
    let storage = maker.storage.as_ref();
    let spare = maker.make().map_err(|lack| match lack {
        Lack::Reserve { free, needed } => OpenError::Reserve {
            dir: storage.path(""),
            free,
            needed,
        },
        Lack::Io(source) => failed(storage, "make", NEXT)(source),
    })?;
    let header = SegmentHeader {
        journal: id,
        base: 0,
        before: None,
        received_at: i64::MIN,
    };
    install(storage, spare.file.as_ref(), &header).map_err(failed(storage, "make", &name(0)))?;
    Ok(header)
}

fn remove_leftover(storage: &dyn Storage) -> Result<(), OpenError> {
    match storage.remove(NEXT) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(failed(storage, "remove", NEXT)(source))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The end of the last segment, mended and durable.
struct MendedTail {
    scan: Scan,
    footed: bool,
    clean: bool,
}

fn mend(storage: &dyn Storage, header: &SegmentHeader) -> Result<MendedTail, OpenError> {
    let mut scan = Scan::open(storage, header, true)?;
    let mut footed = false;
    let tail = loop {
        match scan.step(Bound::Unknown)? {
            Step::Batch(_) => footed = false,
            Step::Footer => footed = true,
            Step::Bound => {}
            Step::Tail(tail) => break tail,
        }
    };
    let name = name(header.base);
    if scan.at > SEGMENT_HEADER as u64 {
        write_again(&scan).map_err(failed(storage, "write the last batch again in", &name))?;
    }
    let torn = match tail {
        Tail::Torn { until } => {
            cut(&scan, until).map_err(failed(storage, "cut the torn tail of", &name))?;
            true
        }
        Tail::Zeros | Tail::Valid { .. } => false,
    };
    scan.file
        .sync_data()
        .map_err(failed(storage, "sync", &name))?;
    Ok(MendedTail {
        scan,
        footed,
        clean: footed && !torn,
    })
}

/// Writes the last item with the bytes it has: if its sync failed before, the cache may be all
/// that has it, and only a page that is written again is synced again.
fn write_again(scan: &Scan) -> io::Result<()> {
    let mut item = vec![0; (scan.at - scan.item_at) as usize];
    let read = read_full(scan.file.as_ref(), &mut item, scan.item_at)?;
    scan.file.write_all_at(&item[..read], scan.item_at)
}

fn cut(scan: &Scan, until: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut at = scan.at;
    while at < until {
        let length = zeros.len().min((until - at) as usize);
        scan.file.write_all_at(&zeros[..length], at)?;
        at += length as u64;
    }
    Ok(())
}

fn failed(
    storage: &dyn Storage,
    action: &'static str,
    name: &str,
) -> impl FnOnce(io::Error) -> OpenError + use<> {
    let path = storage.path(name);
    move |source| OpenError::Io {
        action,
        path,
        source,
    }
}

impl From<crate::error::Corruption> for OpenError {
    fn from(corruption: crate::error::Corruption) -> Self {
        Self::Read(ReadError::Corrupt(corruption))
    }
}
