//! Which files a checkpoint refers to, without reading all of it; the others are removed.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use trunkline_rollup::STATE_LAYOUT;

use super::{Damaged, Frame, Kind, MAGIC, folder, list};
use crate::shelf::{Saved, Shelves};

/// More than the beginning of any frame takes, which says what it is.
const BEGINNING: u32 = 1_024;

/// Removes those of the files of shelves that no checkpoint refers to; they are all that there were before
/// the newest checkpoint was begun. Without certainty about all checkpoints nothing is removed.
pub(crate) fn clear(
    state: &Path,
    shelves: &Shelves,
    mut files: Vec<String>,
) -> Result<(), Damaged> {
    for path in list(&folder(state))? {
        let named = named(&path)?;
        files.retain(|name| !named.contains(name));
    }
    Ok(shelves.remove(files.iter())?)
}

/// Gives the names of the files of shelves that a checkpoint refers to; none if it is of another layout,
/// and so is read by nobody. Fails unless it is certain that these are all.
pub(super) fn named(path: &Path) -> Result<BTreeSet<String>, Damaged> {
    let mut file = BufReader::new(File::open(path)?);
    let mut names = BTreeSet::new();
    let mut magic = [0; 8];
    file.read_exact(&mut magic)?;
    if magic != *MAGIC {
        return Err(Damaged::Frame { frame: 0 });
    }
    for number in 0.. {
        let damaged = || Damaged::Frame { frame: number };
        let [length, crc] = [word(&mut file)?, word(&mut file)?];
        let mut frame = vec![0; length.min(BEGINNING) as usize];
        file.read_exact(&mut frame)?;
        let rest = length - frame.len() as u32;
        let head: Frame = postcard::from_bytes(&frame).map_err(|_| damaged())?;
        if !matches!(
            head,
            Frame::End { .. }
                | Frame::Section {
                    kind: Kind::Shelf | Kind::ShelfOfVisits | Kind::ShelfOfEntities,
                    ..
                }
        ) {
            file.seek_relative(rest.into())?;
            match head {
                Frame::Header(header) if header.layout != STATE_LAYOUT => return Ok(names),
                _ => continue,
            }
        }
        let whole = frame.len() + rest as usize;
        (&mut file).take(rest.into()).read_to_end(&mut frame)?;
        if frame.len() != whole || crc32c::crc32c(&frame) != crc {
            return Err(damaged());
        }
        let taken = postcard::take_from_bytes::<Frame>(&frame);
        match taken.map_err(|_| damaged())? {
            (Frame::Section { account, kind, .. }, body) => {
                let saved: Saved = postcard::from_bytes(body).map_err(|_| damaged())?;
                let of = kind.shelf().ok_or_else(damaged)?;
                names.extend(saved.names(&of.name(&account)));
            }
            // If a length had been wrong, they would not be as many.
            (Frame::End { frames }, _) if frames == number => return Ok(names),
            _ => return Err(damaged()),
        }
    }
    Err(Damaged::Other)
}

fn word(file: &mut impl Read) -> Result<u32, Damaged> {
    let mut word = [0; 4];
    file.read_exact(&mut word)?;
    Ok(u32::from_le_bytes(word))
}
