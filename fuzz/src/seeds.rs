//! Writes what the targets begin with: the samples of the adapters, signed, the maps with theirs, the
//! transcripts of Asterisk, and the examples of the contract. Each target has a folder.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use trunkline_model::event::{Kind, examples};
use trunkline_model::word::Word;
use trunkline_providers::ALL;

use crate::hooks::{MAPS, secret};
use crate::map::BETWEEN;
use crate::webhook::Sent;

/// Pages, the pages before and domains of the site's own.
const VISITS: [&str; 6] = [
    "https://www.acme.example/?utm_source=a&utm_medium=b&utm_campaign=%D0%B2&utm_content=d+e&utm_term=f&gclid=g\nhttps://t.co/x\nacme.example",
    "https://acme.example/#/page?UTM_Source=a&amp;yclid=1&msclkid=2&fbclid=3\nhttps://www.google.co.uk/\npay.example",
    "https://acme.co.uk/?gbraid=1&wbraid=2&ctwa_clid=3\nandroid-app://com.google.android.googlequicksearchbox/\n",
    "http://[2001:db8::1]:80/\nhttps://de.search.yahoo.com/\nhttps://acme.example:8443",
    "https://xn--j1aim.xn--p1ai./\nhttps://\u{43a}\u{43e}\u{442}.\u{440}\u{444}:443/\n\u{440}\u{444}",
    "https://acme.github.io/\nhttps://checkout.stripe.com@192.0.2.1/\n192.0.2.1",
];

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// Writes all of them into the folder that `SEEDS` names.
pub fn write() -> Done {
    let folder = std::env::var_os("SEEDS").ok_or("SEEDS names no folder")?;
    let seeds = Seeds(folder.into());
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let vendors = top.join("crates/providers/src/vendors");
    for (which, provider) in ALL.iter().enumerate() {
        let name = provider.guide().name;
        for sample in samples(
            &vendors.join(name.replace('-', "_")).join("samples"),
            "http",
        )? {
            let sent = Sent::read(&fs::read(&sample)?);
            let signed = sent.signed(*provider, secret(name));
            seeds.write("webhook", &sample, &[&[which as u8, 0][..], &signed])?;
        }
    }
    maps(&seeds, &top.join("docs/maps/samples"))?;
    for sample in samples(&vendors.join("asterisk/samples"), "txt")? {
        let said = fs::read(&sample)?;
        seeds.write("asterisk", &sample, &[b"\x00\x07", &said])?;
        let twice = [&b"\x00\x40"[..], &said, b"!lost\n", &said];
        seeds.write("asterisk", &sample.with_extension("twice"), &twice)?;
    }
    for sample in samples(&vendors.join("asterisk/samples"), "ndjson")? {
        seeds.write("asterisk", &sample, &[b"\x01\x00", &fs::read(&sample)?])?;
    }
    for kind in Kind::ALL {
        for (number, event) in examples(*kind).iter().enumerate() {
            let name = format!("{kind}-{number}");
            seeds.write("event", Path::new(&name), &[event.to_string().as_bytes()])?;
        }
    }
    for (number, visit) in VISITS.iter().enumerate() {
        let name = format!("visit-{number}");
        seeds.write("source", Path::new(&name), &[visit.as_bytes()])?;
    }
    Ok(())
}

/// A sample of a map is named by it.
fn maps(seeds: &Seeds, folder: &Path) -> Done {
    let which = ALL.iter().position(|it| it.guide().name == "map");
    let which = which.ok_or("there is no provider of maps")? as u8;
    for sample in samples(folder, "http")? {
        let name = sample.file_name().unwrap_or_default().to_string_lossy();
        let map = MAPS.iter().position(|(map, _)| name.starts_with(map));
        let map = map.ok_or_else(|| format!("{name} is of no map"))?;
        let bytes = fs::read(&sample)?;
        let signed = Sent::read(&bytes).signed(ALL[usize::from(which)], secret("map"));
        seeds.write("webhook", &sample, &[&[which, map as u8][..], &signed])?;
        let body = bytes.windows(2).position(|two| two == b"\n\n");
        let body = body.map_or(&bytes[..], |end| &bytes[end + 2..]);
        seeds.write("map", &sample, &[MAPS[map].1.as_bytes(), BETWEEN, body])?;
    }
    Ok(())
}

fn samples(folder: &Path, extension: &str) -> Done<Vec<PathBuf>> {
    let mut samples = Vec::new();
    if !folder.exists() {
        return Ok(samples);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|own| own == extension) {
            samples.push(path);
        }
    }
    Ok(samples)
}

/// The folder they are written to.
struct Seeds(PathBuf);

impl Seeds {
    fn write(&self, target: &str, sample: &Path, parts: &[&[u8]]) -> Done {
        let folder = self.0.join(target);
        fs::create_dir_all(&folder)?;
        let of = sample.components().rev().skip(2).take(1);
        let of = of.map(|part| part.as_os_str().to_string_lossy().replace('/', ""));
        let name = sample.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{}-{name}", of.collect::<String>());
        Ok(fs::write(folder.join(name), parts.concat())?)
    }
}
