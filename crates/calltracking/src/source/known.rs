//! Search engines, social sites and payment pages, by their hosts.
//!
//! A pattern is a host, which `www.` or `m.` may precede. With a dot in front it is also every host below; `*` at its end is
//! any public suffix (`google.*` is `google.com` and `google.co.uk`). An app is known by its name (`android-app://…`).
//! More specific patterns come before wider ones.

use super::host::Host;

/// What a host of the tables is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name as a source.
    pub source: &'static str,
    /// `organic` for a search engine, `social` for a social site.
    pub medium: &'static str,
}

/// Names with their patterns.
type Table = [(&'static str, &'static [&'static str])];

/// Search engines: what they bring is `organic`.
pub const SEARCH: &Table = &[
    (
        "google",
        &[
            "google.*",
            "images.google.*",
            "maps.google.*",
            "news.google.*",
            "search.google.*",
            "com.google.android.googlequicksearchbox",
        ],
    ),
    ("bing", &[".bing.com", "com.microsoft.bing"]),
    (
        "duckduckgo",
        &[".duckduckgo.com", "com.duckduckgo.mobile.android"],
    ),
    (
        "yahoo",
        &["yahoo.*", ".search.yahoo.*", ".search.yahoo.co.jp"],
    ),
    (
        "yandex",
        &[
            "yandex.*",
            "ya.ru",
            "images.yandex.*",
            "maps.yandex.*",
            "search.yandex.*",
            "ru.yandex.searchplugin",
        ],
    ),
    ("baidu", &[".baidu.com"]),
    ("ecosia", &[".ecosia.org", "com.ecosia.android"]),
    ("mail.ru", &["go.mail.ru"]),
    (
        "naver",
        &[".search.naver.com", "naver.com", "com.nhn.android.search"],
    ),
    ("rambler", &["nova.rambler.ru", "search.rambler.ru"]),
    ("daum", &[".search.daum.net", "daum.net"]),
    ("seznam", &["search.seznam.cz", "seznam.cz"]),
    ("brave", &["search.brave.com"]),
    ("startpage", &[".startpage.com"]),
    ("qwant", &[".qwant.com"]),
    ("sogou", &[".sogou.com"]),
    ("so.com", &[".so.com"]),
    ("shenma", &[".sm.cn"]),
    ("coccoc", &[".coccoc.com"]),
    ("aol", &[".search.aol.com", "aol.com"]),
    ("ask", &[".ask.com"]),
    ("lycos", &["search.lycos.com"]),
    ("dogpile", &["dogpile.com"]),
    ("kagi", &["kagi.com"]),
    ("mojeek", &["mojeek.com"]),
    ("swisscows", &["swisscows.com"]),
    ("presearch", &["presearch.com"]),
    ("petal", &["petalsearch.com"]),
    ("goo", &["search.goo.ne.jp"]),
    ("onet", &["szukaj.onet.pl"]),
    ("virgilio", &["ricerca.virgilio.it"]),
    ("najdi", &["najdi.si"]),
    ("zapmeta", &[".zapmeta.com"]),
];

/// Social sites and messengers: what they bring is `social`.
pub const SOCIAL: &Table = &[
    (
        "facebook",
        &[
            ".facebook.com",
            "fb.com",
            "fb.me",
            "com.facebook.katana",
            "com.facebook.lite",
        ],
    ),
    (
        "messenger",
        &[".messenger.com", "m.me", "com.facebook.orca"],
    ),
    (
        "instagram",
        &[".instagram.com", "ig.me", "com.instagram.android"],
    ),
    (
        "threads",
        &[".threads.net", ".threads.com", "com.instagram.barcelona"],
    ),
    (
        "tiktok",
        &[
            ".tiktok.com",
            "com.zhiliaoapp.musically",
            "com.ss.android.ugc.trill",
        ],
    ),
    (
        "linkedin",
        &[".linkedin.com", "lnkd.in", "com.linkedin.android"],
    ),
    (
        "x",
        &[".x.com", ".twitter.com", "t.co", "com.twitter.android"],
    ),
    (
        "vk",
        &[
            ".vk.com",
            ".vk.ru",
            "vk.me",
            "vkontakte.ru",
            "com.vkontakte.android",
        ],
    ),
    ("ok", &[".ok.ru", "odnoklassniki.ru", "ru.ok.android"]),
    ("my.mail.ru", &["my.mail.ru"]),
    (
        "telegram",
        &[
            "t.me",
            "telegram.me",
            ".telegram.org",
            "org.telegram.messenger",
            "org.telegram.messenger.web",
            "org.thunderdog.challegram",
        ],
    ),
    (
        "whatsapp",
        &[
            ".whatsapp.com",
            "wa.me",
            "l.wl.co",
            "com.whatsapp",
            "com.whatsapp.w4b",
        ],
    ),
    (
        "youtube",
        &[".youtube.com", "youtu.be", "com.google.android.youtube"],
    ),
    (
        "pinterest",
        &["pinterest.*", ".pinterest.com", "pin.it", "com.pinterest"],
    ),
    (
        "reddit",
        &[".reddit.com", "redd.it", "com.reddit.frontpage"],
    ),
    ("snapchat", &[".snapchat.com", "com.snapchat.android"]),
    ("tumblr", &[".tumblr.com", "t.umblr.com", "com.tumblr"]),
    ("quora", &[".quora.com", "com.quora.android"]),
    ("discord", &[".discord.com", "discord.gg", "com.discord"]),
    ("viber", &[".viber.com", "com.viber.voip"]),
    ("line", &[".line.me", "jp.naver.line.android"]),
    (
        "wechat",
        &[".weixin.qq.com", ".wechat.com", "com.tencent.mm"],
    ),
    (
        "weibo",
        &[".weibo.com", ".weibo.cn", "t.cn", "com.sina.weibo"],
    ),
    ("xiaohongshu", &[".xiaohongshu.com", "com.xingin.xhs"]),
    ("douyin", &[".douyin.com", "com.ss.android.ugc.aweme"]),
    ("kakao", &[".kakao.com", "com.kakao.talk"]),
    ("zalo", &[".zalo.me", "com.zing.zalo"]),
    ("dzen", &[".dzen.ru", "zen.yandex.ru"]),
    ("bluesky", &[".bsky.app", "xyz.blueskyweb.app"]),
    (
        "mastodon",
        &[
            "mastodon.social",
            "mastodon.online",
            "org.joinmastodon.android",
        ],
    ),
    ("xing", &[".xing.com", "com.xing.android"]),
    ("nextdoor", &["nextdoor.*", "com.nextdoor"]),
    ("twitch", &[".twitch.tv", "tv.twitch.android.app"]),
    ("livejournal", &[".livejournal.com"]),
];

/// Payment pages: who comes back from one was on the site before.
pub const PAYMENT: &[&str] = &[
    // Worldwide.
    ".paypal.com",
    ".stripe.com",
    "pay.google.com",
    "pay.amazon.com",
    ".adyen.com",
    ".klarna.com",
    ".braintreegateway.com",
    ".mollie.com",
    ".paddle.com",
    ".2checkout.com",
    ".authorize.net",
    ".worldpay.com",
    ".checkout.com",
    ".skrill.com",
    ".paysafecard.com",
    ".alipay.com",
    ".arcot.com",
    ".cardinalcommerce.com",
    ".3dsecure.io",
    // Europe.
    ".sofort.com",
    ".redsys.es",
    ".przelewy24.pl",
    ".tpay.com",
    ".payu.com",
    "secure.payu.*",
    ".iyzipay.com",
    // Asia and the Americas.
    ".razorpay.com",
    ".paytm.in",
    ".payumoney.com",
    "mercadopago.*",
    ".pagseguro.uol.com.br",
    // Russian-speaking countries.
    ".yookassa.ru",
    ".yoomoney.ru",
    "securepay.tinkoff.ru",
    "securepay.tbank.ru",
    "securepayments.sberbank.ru",
    ".robokassa.ru",
    ".cloudpayments.ru",
    ".payanyway.ru",
    ".unitpay.ru",
    ".unitpay.money",
    ".qiwi.com",
    "pay.kaspi.kz",
    "epay.homebank.kz",
    ".payme.uz",
    ".liqpay.ua",
    ".wayforpay.com",
    ".fondy.eu",
    ".portmone.com.ua",
];

/// Finds a search engine or a social site.
pub(super) fn find(host: &Host) -> Option<Known> {
    let seen = Seen::new(host);
    let among = |table: &Table| {
        let found = table
            .iter()
            .find(|(_, patterns)| patterns.iter().any(|pattern| seen.is(pattern)));
        found.map(|(source, _)| *source)
    };
    let known = |medium| move |source| Known { source, medium };
    among(SEARCH)
        .map(known("organic"))
        .or_else(|| among(SOCIAL).map(known("social")))
}

/// Says whether a host is a payment page's.
pub(super) fn is_payment(host: &Host) -> bool {
    let seen = Seen::new(host);
    PAYMENT.iter().any(|pattern| seen.is(pattern))
}

/// A host with the parts of it that patterns are compared with.
struct Seen<'h> {
    host: &'h Host,
    /// The host without `www.` or `m.`.
    bare: &'h str,
    /// What of that stands before the public suffix.
    stem: Option<&'h str>,
}

impl<'h> Seen<'h> {
    fn new(host: &'h Host) -> Self {
        let stem = host.stem();
        Self {
            host,
            bare: bare(&host.name),
            stem: stem.map(bare),
        }
    }

    fn is(&self, pattern: &str) -> bool {
        let (pattern, below) = match pattern.strip_prefix('.') {
            Some(rest) => (rest, true),
            None => (pattern, false),
        };
        let Some(pattern) = pattern.strip_suffix(".*") else {
            let same = self.bare == pattern || self.host.name == pattern;
            return same || below && self.host.is_in(pattern);
        };
        let Some(above) = self.stem.and_then(|stem| stem.strip_suffix(pattern)) else {
            return false;
        };
        above.is_empty() || below && above.ends_with('.')
    }
}

fn bare(name: &str) -> &str {
    let short = name
        .strip_prefix("www.")
        .or_else(|| name.strip_prefix("m."));
    short.unwrap_or(name)
}
