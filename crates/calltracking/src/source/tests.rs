use proptest::prelude::*;
use trunkline_model::event::Origin;
use trunkline_model::text::Text;

use super::*;

const PAGE: &str = "https://shop.example/";

fn own() -> Own {
    Own::from(&Site {
        key: "k".to_owned(),
        origins: vec!["https://www.shop.example".to_owned()],
        own_domains: vec!["blog.other.example".to_owned(), "кот.рф".to_owned()],
        pool: None,
    })
}

fn of(url: &str, referrer: Option<&str>) -> Source {
    classify(url, referrer, &own())
}

/// Source and medium.
fn short(source: &Source) -> (&str, &str) {
    let [source, medium] = [&source.source, &source.medium];
    (
        source.as_deref().unwrap_or("-"),
        medium.as_deref().unwrap_or("-"),
    )
}

fn from_referrer(referrer: &str) -> Source {
    let source = of(PAGE, Some(referrer));
    assert_eq!(source.origin, None, "{referrer}");
    source
}

#[test]
fn tags_speak_first() {
    let url = "https://shop.example/a?utm_source=news+letter&utm_medium=email&utm_campaign=%D0%B2%D0%B5%D1%81%D0%BD%D0%B0\
               &utm_content=top&utm_term=a%2Bb&gclid=G1";
    let expected = Source {
        source: Some("news letter".into()),
        medium: Some("email".into()),
        campaign: Some("весна".into()),
        content: Some("top".into()),
        term: Some("a+b".into()),
        gclid: Some("G1".into()),
        origin: Some(Origin::Utm),
        ..Source::default()
    };
    assert_eq!(of(url, Some("https://www.google.com/")), expected);
}

#[test]
fn a_click_id_names_its_source() {
    for (url, expected) in [
        ("?gclid=1", ("google", "cpc")),
        ("?gbraid=1", ("google", "cpc")),
        ("?wbraid=1", ("google", "cpc")),
        ("?yclid=1", ("yandex", "cpc")),
        ("?msclkid=1", ("bing", "cpc")),
        ("?fbclid=1", ("facebook", "social")),
        ("?ctwa_clid=1", ("facebook", "paid")),
        ("?fbclid=1&gclid=1", ("google", "cpc")),
        ("?utm_source=&gclid=1", ("google", "cpc")),
        ("?utm_medium=display&gclid=1", ("google", "display")),
        ("?utm_source=x&gclid=1", ("x", "-")),
    ] {
        let source = of(&format!("{PAGE}{url}"), Some("https://partner.example/"));
        assert_eq!(short(&source), expected, "{url}");
        assert_eq!(source.origin, Some(Origin::Utm), "{url}");
    }
    let ids = of(
        "/?gclid=a&gbraid=b&wbraid=c&fbclid=d&yclid=e&msclkid=f&ctwa_clid=g",
        None,
    );
    let kept = [
        &ids.gclid,
        &ids.gbraid,
        &ids.wbraid,
        &ids.fbclid,
        &ids.yclid,
        &ids.msclkid,
        &ids.ctwa_clid,
    ];
    assert_eq!(
        kept.map(|id| id.as_deref()),
        ["a", "b", "c", "d", "e", "f", "g"].map(Some)
    );
}

#[test]
fn tags_without_a_source_keep_what_they_say_and_are_not_direct() {
    let url = "https://shop.example/?utm_campaign=x&utm_medium=print";
    assert_eq!(short(&of(url, None)), ("-", "print"));
    let searched = of(url, Some("https://www.google.com/"));
    assert_eq!(short(&searched), ("google", "print"));
    assert_eq!(searched.campaign.as_deref(), Some("x"));
    assert_eq!(searched.origin, Some(Origin::Utm));
}

#[test]
fn tags_are_found_wherever_they_stand_and_however_they_are_written() {
    for url in [
        "https://shop.example/?UTM_Source=x",
        "https://shop.example/?a=1&amp;utm_source=x",
        "https://shop.example/#utm_source=x",
        "https://shop.example/#/page?utm_source=x",
        "https://shop.example/?utm_source=#a=1&utm_source=x",
        "https://shop.example/?utm_source=x#utm_source=y",
        "https://shop.example/?utm_source=x&utm_source=y",
        "https://shop.example/?utm_source=%20&utm_source=%0Ax%09",
        "https://shop.example/#utm_source=x&utm_term=why?&utm_medium=-",
        "?utm_source=x",
        "utm?utm_source=x",
        "https://[bad/?utm_source=x",
    ] {
        assert_eq!(short(&of(url, None)), ("x", "-"), "{url}");
    }
    for url in [
        "https://shop.example/?utm_source=",
        "https://shop.example/?utm_source",
        "https://shop.example/utm_source=x",
        "https://shop.example/?xutm_source=x",
        "https://shop.example/#utm_source",
        "",
    ] {
        assert_eq!(short(&of(url, None)), ("direct", "-"), "{url}");
        assert_eq!(of(url, None).origin, None, "{url}");
    }
}

#[test]
fn search_engines_are_known_in_all_countries() {
    for (referrer, source) in [
        ("https://www.google.com/", "google"),
        ("https://google.es/search?q=x", "google"),
        ("http://WWW.GOOGLE.CO.UK:8080/url?q=x", "google"),
        ("https://www.google.com.br./", "google"),
        ("https://images.google.de/", "google"),
        (
            "android-app://com.google.android.googlequicksearchbox/",
            "google",
        ),
        (
            "android-app://com.google.android.googlequicksearchbox/https/www.google.com",
            "google",
        ),
        ("https://www.bing.com/", "bing"),
        ("https://cn.bing.com/search?q=x", "bing"),
        ("https://duckduckgo.com/", "duckduckgo"),
        ("https://search.yahoo.com/", "yahoo"),
        ("https://es.search.yahoo.com/", "yahoo"),
        ("https://search.yahoo.co.jp/search", "yahoo"),
        ("https://yandex.ru/search/?text=x", "yandex"),
        ("https://www.yandex.com.tr/", "yandex"),
        ("https://m.yandex.kz/", "yandex"),
        ("https://ya.ru/", "yandex"),
        ("https://m.baidu.com/s", "baidu"),
        ("https://www.ecosia.org/", "ecosia"),
        ("https://go.mail.ru/search", "mail.ru"),
        ("https://m.search.naver.com/", "naver"),
        ("www.google.com", "google"),
        ("//google.com/x", "google"),
    ] {
        assert_eq!(
            short(&from_referrer(referrer)),
            (source, "organic"),
            "{referrer}"
        );
    }
}

#[test]
fn social_sites_are_known_by_their_hosts_and_apps() {
    for (referrer, source) in [
        ("https://l.facebook.com/l.php?u=x", "facebook"),
        ("https://m.facebook.com/", "facebook"),
        ("android-app://com.facebook.katana/", "facebook"),
        ("https://m.me/shop", "messenger"),
        ("https://l.instagram.com/", "instagram"),
        ("https://www.tiktok.com/@x", "tiktok"),
        ("https://lnkd.in/x", "linkedin"),
        ("android-app://com.linkedin.android", "linkedin"),
        ("https://t.co/abc", "x"),
        ("https://x.com/a", "x"),
        ("https://mobile.twitter.com/", "x"),
        ("https://away.vk.com/away.php", "vk"),
        ("https://ok.ru/", "ok"),
        ("https://t.me/s/x", "telegram"),
        ("android-app://org.telegram.messenger/", "telegram"),
        ("https://web.whatsapp.com/", "whatsapp"),
        ("https://www.youtube.com/watch?v=1", "youtube"),
        ("https://es.pinterest.com/", "pinterest"),
        ("https://www.pinterest.co.uk/pin", "pinterest"),
        ("https://out.reddit.com/", "reddit"),
        ("https://my.mail.ru/", "my.mail.ru"),
    ] {
        assert_eq!(
            short(&from_referrer(referrer)),
            (source, "social"),
            "{referrer}"
        );
    }
}

#[test]
fn any_other_page_refers_by_its_host() {
    for (referrer, host) in [
        ("https://Partner.Example:8443/a?b#c", "partner.example"),
        ("https://www.partner.example/", "partner.example"),
        ("https://www.com/", "www.com"),
        ("https://xn--e1afmkfd.xn--p1ai/", "пример.рф"),
        ("https://ПРИМЕР.рф/x", "пример.рф"),
        ("https://mail.google.com/", "mail.google.com"),
        ("https://mail.yandex.ru/", "mail.yandex.ru"),
        ("https://notgoogle.com/", "notgoogle.com"),
        (
            "https://google.com.evil.example/",
            "google.com.evil.example",
        ),
        ("https://google.github.io/", "google.github.io"),
        ("https://google.com@evil.example/", "evil.example"),
        ("https://notfacebook.com/", "notfacebook.com"),
        ("http://192.0.2.7:80/", "192.0.2.7"),
        ("http://[2001:db8::1]/", "[2001:db8::1]"),
        (
            "android-app://com.google.android.gm/",
            "com.google.android.gm",
        ),
        ("https://notshop.example/", "notshop.example"),
        ("https://other.example/", "other.example"),
    ] {
        assert_eq!(
            short(&from_referrer(referrer)),
            (host, "referral"),
            "{referrer}"
        );
    }
}

#[test]
fn own_domains_and_payment_pages_are_no_referrers() {
    for referrer in [
        "https://shop.example/cart",
        "https://checkout.shop.example/",
        "http://SHOP.example.:8080",
        "https://blog.other.example/x",
        "https://a.blog.other.example/",
        "https://xn--j1aim.xn--p1ai/",
        "https://checkout.stripe.com/pay",
        "https://www.paypal.com/",
        "https://auth.robokassa.ru/",
        "https://sis.redsys.es/",
    ] {
        assert_eq!(
            short(&from_referrer(referrer)),
            ("direct", "-"),
            "{referrer}"
        );
    }
    // A page's own domain needs no settings; its neighbours below a shared suffix are others.
    let bare = |page, referrer| classify(page, Some(referrer), &Own::default());
    let same = bare("https://www.acme.co.uk/", "https://blog.acme.co.uk/");
    assert_eq!(short(&same), ("direct", "-"));
    let other = bare("https://acme.co.uk/", "https://other.co.uk/");
    assert_eq!(short(&other), ("other.co.uk", "referral"));
    let neighbour = bare("https://acme.github.io/", "https://other.github.io/");
    assert_eq!(short(&neighbour), ("other.github.io", "referral"));
    let local = bare("http://localhost:3000/", "http://localhost:4000/");
    assert_eq!(short(&local), ("direct", "-"));
    let addresses = bare("http://192.0.2.7/", "http://198.51.2.7/");
    assert_eq!(short(&addresses), ("198.51.2.7", "referral"));
}

#[test]
fn what_is_no_page_refers_nobody() {
    for referrer in [
        "",
        " ",
        "about:blank",
        "javascript:alert(1)",
        "data:text/html,x",
        "chrome-extension://abcdef/",
        "https://",
        "https://./",
        "https://[bad/",
        "https:///",
        "::::",
    ] {
        assert_eq!(
            short(&from_referrer(referrer)),
            ("direct", "-"),
            "{referrer}"
        );
    }
    assert_eq!(short(&of(PAGE, None)), ("direct", "-"));
}

#[test]
fn texts_are_as_long_as_a_text_may_be_and_long_click_ids_are_none() {
    let long = "ж".repeat(300);
    let source = of(
        &format!("/?utm_source={long}&utm_term=a%00b%1Bc&gclid={long}"),
        None,
    );
    assert_eq!(source.source.unwrap().chars().count(), 256);
    assert_eq!(source.term.as_deref(), Some("a b c"));
    assert_eq!(source.gclid, None);
    let exact = "a".repeat(256);
    assert_eq!(
        of(&format!("/?gclid={exact}"), None).gclid.as_deref(),
        Some(&*exact)
    );
}

#[test]
fn every_entry_of_the_tables_is_found_as_itself() {
    for (table, medium) in [(known::SEARCH, "organic"), (known::SOCIAL, "social")] {
        for (source, patterns) in table {
            for pattern in *patterns {
                let host = pattern.trim_start_matches('.').replace(".*", ".com");
                assert_eq!(
                    short(&from_referrer(&format!("https://{host}/"))),
                    (*source, medium),
                    "{host}"
                );
                assert_eq!(host, host.to_lowercase());
            }
        }
    }
    for pattern in known::PAYMENT {
        let host = pattern.trim_start_matches('.').replace(".*", ".com");
        assert_eq!(
            short(&from_referrer(&format!("https://{host}/"))),
            ("direct", "-"),
            "{host}"
        );
    }
}

/// Says whether a source can be written where a model's texts are read.
fn is_kept(source: &Source) -> bool {
    let json = serde_json::to_value(source).unwrap();
    let fields = json.as_object().unwrap().iter();
    let mut texts = fields.filter(|(name, value)| *name != "origin" && !value.is_null());
    texts.all(|(_, value)| {
        let text = value.as_str().unwrap();
        !text.is_empty() && Text::new(text).is_ok() && !text.chars().any(char::is_control)
    })
}

/// Addresses out of the pieces that matter, and out of anything.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "https://",
        "android-app://",
        "//",
        "google.com",
        "xn--",
        "рф",
        ".",
        ":",
        "@",
        "[",
        "]",
        "/",
        "?",
        "#",
        "&",
        "=",
        "utm_source",
        "utm_medium",
        "gclid",
        "fbclid",
        "amp;",
        "%",
        "%00",
        "%ff",
        "%D0",
        "+",
        "\0",
        "\u{202e}",
        "ж",
        "www.",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat()),
        any::<String>(),
        ".{0,400}",
    ]
}

proptest! {
    #[test]
    fn no_address_panics_and_every_text_can_be_kept(url in hostile(), referrer in hostile(), domain in hostile()) {
        let site = Site {
            key: "k".to_owned(),
            origins: vec![domain.clone()],
            own_domains: vec![domain],
            pool: None,
        };
        let source = classify(&url, Some(&referrer), &Own::from(&site));
        prop_assert!(is_kept(&source), "{source:?}");
        prop_assert!(source.source.is_some() || source.origin == Some(Origin::Utm), "{source:?}");
    }

    #[test]
    fn tags_come_back_as_they_were_encoded(name in "[^\\p{C}\\s]{1,100}", medium in "[^\\p{C}\\s]{1,100}") {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("utm_source", &name).append_pair("utm_medium", &medium);
        let query = query.finish();
        for url in [format!("https://a.example/?{query}"), format!("https://a.example/#{query}")] {
            let source = classify(&url, None, &Own::default());
            prop_assert_eq!(source.source.as_deref(), Some(&*name));
            prop_assert_eq!(source.medium.as_deref(), Some(&*medium));
        }
    }
}

#[test]
fn an_address_of_megabytes_is_read_to_its_end() {
    let url = format!(
        "https://{}/?{}utm_source=x",
        "a.".repeat(500_000),
        "a=b&".repeat(500_000)
    );
    let referrer = format!("https://{}example/", "a.".repeat(500_000));
    assert_eq!(short(&of(&url, Some(&referrer))), ("x", "-"));
    let referred = of(PAGE, Some(&referrer));
    assert_eq!(referred.medium.as_deref(), Some("referral"));
    assert!(is_kept(&referred));
}
