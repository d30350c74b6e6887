//! The destinations, and what is the same for all of them.

use trunkline_model::time::Time;

use super::answer::Reading;
use super::conversion::{Conversion, Kind};
use super::reason::Reason;
use super::setup::Setup;
use super::{ga4, google_ads, google_ads_calls, metrica};

/// An hour in milliseconds.
pub(super) const HOUR: i64 = 3_600_000;
/// A day in milliseconds.
pub(super) const DAY: i64 = 24 * HOUR;

/// Where conversions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Conversions of clicks, at Google Ads.
    GoogleAds,
    /// Conversions of calls to forwarding numbers of Google Ads.
    GoogleAdsCalls,
    /// Events, at Google Analytics 4.
    Ga4,
    /// Offline conversions, at Yandex Metrica.
    YandexMetrica,
    /// Calls, at Yandex Metrica.
    YandexMetricaCalls,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Rows, for uploads by hand.
    Csv,
    /// The bodies of requests, one a line.
    Json,
}

/// Part of what is sent: a file of its own where a destination wants several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What tells it from the others; empty if there is but one.
    pub name: &'static str,
    /// Its text.
    pub text: String,
}

/// A request. The address is that of the configuration, with what is said here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The conversions that it tells of.
    pub ids: Vec<String>,
    /// What is added to the path's beginning.
    pub prefix: &'static str,
    /// What is added to the query.
    pub query: Vec<(&'static str, &'static str)>,
    /// The media type of the body.
    pub media: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Which conversions go, and why the others do not.
#[derive(Clone, Debug, Default)]
pub struct Plan<'a> {
    /// Those that go, in the order of their times.
    pub going: Vec<&'a Conversion>,
    /// Those that do not.
    pub left: Vec<(&'a Conversion, Reason)>,
}

impl Destination {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::GoogleAds,
        Self::GoogleAdsCalls,
        Self::Ga4,
        Self::YandexMetrica,
        Self::YandexMetricaCalls,
    ];

    /// Gives its name, as in `--to`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GoogleAds => "google-ads",
            Self::GoogleAdsCalls => "google-ads-calls",
            Self::Ga4 => "ga4",
            Self::YandexMetrica => "yandex-metrica",
            Self::YandexMetricaCalls => "yandex-metrica-calls",
        }
    }

    /// Finds the destination of a name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Says whether it knows a conversion that is told again, and counts it once.
    pub const fn knows_repetitions(self) -> bool {
        matches!(self, Self::GoogleAds | Self::GoogleAdsCalls)
    }

    /// Says whether it can check without counting.
    pub const fn validates(self) -> bool {
        !matches!(self, Self::YandexMetrica | Self::YandexMetricaCalls)
    }

    /// How long after it happened a conversion is taken, in milliseconds.
    pub const fn oldest(self) -> i64 {
        match self {
            Self::GoogleAds | Self::GoogleAdsCalls => google_ads::OLDEST,
            Self::Ga4 => ga4::OLDEST,
            Self::YandexMetrica | Self::YandexMetricaCalls => metrica::OLDEST,
        }
    }

    /// The most conversions in one request.
    pub const fn most(self) -> usize {
        match self {
            Self::GoogleAds | Self::GoogleAdsCalls => google_ads::MOST,
            Self::Ga4 => ga4::MOST,
            Self::YandexMetrica | Self::YandexMetricaCalls => metrica::MOST,
        }
    }

    /// How its file is written if nobody says how.
    pub const fn format(self) -> Format {
        match self {
            Self::Ga4 => Format::Json,
            _ => Format::Csv,
        }
    }

    /// Says whether its file can be written so.
    pub const fn writes(self, format: Format) -> bool {
        match self {
            Self::GoogleAds | Self::GoogleAdsCalls => true,
            Self::Ga4 => matches!(format, Format::Json),
            Self::YandexMetrica | Self::YandexMetricaCalls => matches!(format, Format::Csv),
        }
    }

    /// The names that it has for kinds by itself.
    pub(super) const fn known_actions(self) -> &'static [(Kind, &'static str)] {
        match self {
            Self::Ga4 => ga4::EVENTS,
            Self::YandexMetricaCalls => metrica::CALLS,
            _ => &[],
        }
    }

    /// Says what is wrong with a name there.
    pub(super) fn name_problem(self, name: &str, format: Format) -> Option<String> {
        match (self, format) {
            (Self::GoogleAds | Self::GoogleAdsCalls, Format::Json) => {
                google_ads::name_problem(name)
            }
            (Self::Ga4, _) => ga4::name_problem(name),
            _ => None,
        }
    }

    /// Sorts conversions into those that it takes, as far as can be known here, and the others.
    pub fn plan<'a>(self, all: &'a [Conversion], setup: &Setup, now: Time) -> Plan<'a> {
        let mut plan = Plan::default();
        for one in all {
            match self.check(one, setup, now) {
                Ok(()) => plan.going.push(one),
                Err(reason) => plan.left.push((one, reason)),
            }
        }
        plan.going.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        plan
    }

    /// Says why it would not take a conversion.
    pub fn check(self, one: &Conversion, setup: &Setup, now: Time) -> Result<(), Reason> {
        setup.action(one.kind).ok_or(Reason::NoAction)?;
        if one.consent.or(setup.consent) == Some(false) {
            return Err(Reason::NoConsent);
        }
        if one.at > now {
            return Err(Reason::Future);
        }
        if now.since(one.at) > self.oldest() {
            return Err(Reason::TooOld);
        }
        money(one)?;
        match self {
            Self::GoogleAds => google_ads::check(one, now),
            Self::GoogleAdsCalls => google_ads_calls::check(one, now),
            Self::Ga4 => ga4::check(one),
            Self::YandexMetrica => metrica::check(one),
            Self::YandexMetricaCalls => metrica::check_call(one),
        }
    }

    /// Writes its files of conversions that [`Destination::check`] lets through.
    pub fn files(self, going: &[&Conversion], setup: &Setup, format: Format) -> Vec<Part> {
        let one = |text| vec![Part { name: "", text }];
        match (self, format) {
            (Self::GoogleAds, Format::Csv) => one(google_ads::csv(going, setup)),
            (Self::GoogleAdsCalls, Format::Csv) => one(google_ads_calls::csv(going, setup)),
            (Self::YandexMetrica, _) => metrica::conversions(going, setup),
            (Self::YandexMetricaCalls, _) => metrica::calls(going, setup),
            _ => one(self.lines(going, setup)),
        }
    }

    fn lines(self, going: &[&Conversion], setup: &Setup) -> String {
        let requests = self.requests(going, setup, self.most());
        let line = |request: Request| String::from_utf8_lossy(&request.body).into_owned() + "\n";
        requests.into_iter().map(line).collect()
    }

    /// Makes the requests for conversions that [`Destination::check`] lets through, at most so many in
    /// one.
    pub fn requests(self, going: &[&Conversion], setup: &Setup, most: usize) -> Vec<Request> {
        let most = most.clamp(1, self.most());
        match self {
            Self::GoogleAds => google_ads::requests(going, setup, most),
            Self::GoogleAdsCalls => google_ads_calls::requests(going, setup, most),
            Self::Ga4 => ga4::requests(going, setup, most),
            Self::YandexMetrica => {
                metrica::requests(going, most, |part| metrica::conversions(part, setup))
            }
            Self::YandexMetricaCalls => {
                metrica::requests(going, most, |part| metrica::calls(part, setup))
            }
        }
    }

    /// Reads the answer to a request.
    pub fn read(self, request: &Request, setup: &Setup, status: u16, body: &[u8]) -> Reading {
        let many = request.ids.len();
        if let Some(reading) = Reading::of_status(status, body, many) {
            return reading;
        }
        match self {
            Self::GoogleAds | Self::GoogleAdsCalls => google_ads::read(many, setup, body),
            Self::Ga4 => ga4::read(many, setup, body),
            Self::YandexMetrica | Self::YandexMetricaCalls => metrica::read(many, body),
        }
    }
}

/// Says what is wrong with what a conversion is worth.
fn money(one: &Conversion) -> Result<(), Reason> {
    if one.value.is_some_and(|value| value.units() < 0) {
        return Err(Reason::BadValue);
    }
    match (one.value, one.currency.as_deref()) {
        (Some(_), None) => Err(Reason::NoCurrency),
        (_, Some(code)) if code.len() != 3 || !code.bytes().all(|it| it.is_ascii_uppercase()) => {
            Err(Reason::BadCurrency)
        }
        _ => Ok(()),
    }
}

/// Says whether an id can be one: visible characters without those that separate, at most so many.
pub(super) fn is_id(text: &str, most: usize) -> bool {
    let visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b'"' | b';' | b'\'');
    (1..=most).contains(&text.len()) && text.bytes().all(visible)
}
