//! Sources: the address of a page, a line break, that of the page before, a line break, a domain of the site's own.

use trunkline_calltracking::Source;
use trunkline_calltracking::source::{Own, classify};
use trunkline_model::event;
use trunkline_model::settings::Site;
use trunkline_model::text::Text;

/// Nothing panics; the same addresses always give the same source, whose texts an event may tell.
pub fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(3, '\n');
    let url = lines.next().unwrap_or_default();
    let referrer = lines.next();
    let domain = lines.next().unwrap_or_default();
    let own = Own::from(&Site {
        key: "k".to_owned(),
        origins: vec![domain.to_owned()],
        own_domains: vec![domain.to_owned()],
        pool: None,
    });
    let source = classify(url, referrer, &own);
    assert_eq!(source, classify(url, referrer, &own), "two sources");
    let tagged = source.origin == Some(event::Origin::Utm);
    assert!(
        source.source.is_some() || tagged,
        "neither named nor direct"
    );
    let told = told(&source);
    assert_eq!(
        source.source.as_deref(),
        told.source.as_deref(),
        "an event takes it otherwise"
    );
}

fn told(source: &Source) -> event::Source<'_> {
    macro_rules! told {
        ($($field:ident)+) => {
            event::Source {
                $($field: source.$field.as_deref().map(|text| {
                    assert!(!text.is_empty(), "an empty text");
                    Text::new(text).expect("the contract takes the text")
                }),)+
                origin: source.origin,
            }
        };
    }
    told!(source medium campaign content term gclid gbraid wbraid fbclid yclid msclkid ctwa_clid)
}
