// Trunkline's snippet: asks for the visit's number and shows it wherever the page shows the real one.
//
// It changes nothing but the data of text nodes and three attributes, so that a framework's own nodes stay its own. What it
// cannot do safely it leaves undone: on every failure the page shows the real number, which never leaves the HTML.
// The service drops whole-line comments, breaks and spaces that the language does not need (visits/snippet.rs), so there are no
// comments behind code, no comment blocks and no template literals here, no quotes and spaces in patterns, and every statement
// ends with its mark. ES2017, no dependencies. docs/snippet.md tells how to use it.
(function () {
  "use strict";
  const doc = document, nav = navigator, config = window.trunklineConfig || {};
  const script = doc.currentScript || doc.querySelector('script[src*="/v1/trunkline.js"]');
  const option = (name) => (script && script.getAttribute("data-" + name)) || config[name];
  const when = (what, name, act, options) => what.addEventListener(name, act, options);
  const source = new URL(script ? script.src : location);
  const base = option("base") || source.href.split("/v1/trunkline.js")[0], site = source.searchParams.get("site");
  if (!site || !window.fetch || (window.trunkline && window.trunkline.consent)) return;

  // Machines get no number. The letter before "bot" spares a make of phones called CUBOT.
  const MACHINES = /(^|[^u])bot|crawl|spider|slurp|headless|lighthouse|externalhit|preview|mediapartners|inspection/i;
  const machine = MACHINES.test(nav.userAgent) || (nav.webdriver && option("webdriver") !== "allow");

  // What the page may read, and the one thing it may call. Without a visit there is nothing else.
  const api = window.trunkline = { consent: machine ? () => {} : consent };
  if (machine) return;

  // ---- Numbers

  // Country codes of one and two digits; all others have three.
  const COUNTRY = /^(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;
  // What may stand between two digits, %20 in links as well.
  const GAP = "(?:[\\s.()/\\-\\u00ad\\u2010-\\u2015\\u200b-\\u200f\\u2060]|%20)*";
  const spaced = (digits) => digits.split("").join(GAP);

  const parse = (text) => {
    const digits = String(text).replace(/\D/g, "");
    const country = /^\s*\+/.test(text) ? (COUNTRY.exec(digits) || [digits.slice(0, 3)])[0] : "";
    return { country, rest: digits.slice(country.length) };
  };

  // A real number and how it may be written: +34, 0034, 34, +44 (0), with a leading 0 or 8, or the bare rest.
  const target = (number, selector) => {
    const it = parse(number);
    const abroad = it.country && "(?:(?:\\+|00|011|8" + GAP + "10)" + GAP + ")?" + spaced(it.country) + GAP + "(?:\\(0\\)" + GAP + ")?|";
    it.pattern = new RegExp("\\(?(?:" + abroad + "[08]" + GAP + ")?" + spaced(it.rest), "g");
    it.selector = selector;
    return it;
  };

  const targets = [];
  const add = (number, selector) => {
    try {
      if (selector) doc.querySelector(selector);
      if (parse(number).rest.length > 5) targets.push(target(number, selector));
    } catch (fault) {
      console.warn(fault);
    }
  };
  const listed = (name) => (option(name) || "").split(";");
  const selectors = listed("selector");
  listed("number").forEach((number, place) => add(number, (selectors[place] || "").trim()));
  (config.numbers || []).forEach((it) => add(it.number || it, it.selector));

  // The number to show, null for the real one.
  let shown = null;

  // Fills the new digits into what the page wrote, if they fit; `whole` is for those that do not.
  const fill = (written, real, whole) => {
    if (shown.country !== real.country || shown.rest.length !== real.rest.length) {
      return (written[0] === "(" && written.indexOf(")") < 0 ? "(" : "") + whole;
    }
    let place = real.rest.length - written.replace(/%20|\D/g, "").length;
    return written.replace(/%20|\d/g, (digit) => (digit[1] || place++ < 0 ? digit : shown.rest[place - 1]));
  };

  // ---- Text nodes and attributes

  // What was there and what was written instead, by text node and by element. A node that is written back more often than
  // this is the framework's: it keeps what it wants.
  const NAMES = ["href", "title", "aria-label"], OFTEN = 5, told = new WeakMap();
  let wrote = false;

  // A link belongs to the selector as well when only its text does.
  const inScope = (real, node) => !real.selector || (node.closest ? node : node.parentElement).closest(real.selector)
    || (node.closest && node.querySelector(real.selector));

  // Whether a hit is the number itself: no digit beside it in its own nodes, no other country's code before it.
  const alone = (text, from, to, over) => !(from > over[0].from && /[\d+]/.test(text[from - 1]))
    && !(to < over[over.length - 1].to && /\d/.test(text[to]))
    && !/(?:\+|\b00)\d{1,3}[\s.(\-]*$/.test(text.slice(0, from));

  // Brings pieces, which make one text together, to what they have to show.
  const settle = (pieces, whole) => {
    let text = "";
    pieces.forEach((it) => {
      const before = it.before = (told.get(it.node) || {})[it.name] || { times: 0 };
      it.ours = before.ours === it.data;
      it.real = it.out = it.ours ? before.real : it.data;
      it.from = text.length;
      it.to = (text += it.real).length;
    });
    const edits = [];
    (shown ? targets : []).forEach((real) => {
      real.pattern.lastIndex = 0;
      for (let hit; (hit = real.pattern.exec(text));) {
        const from = hit.index, to = from + hit[0].length;
        const over = pieces.filter((it) => it.from < to && it.to > from);
        real.pattern.lastIndex = from + 1;
        if (alone(text, from, to, over) && inScope(real, over[0].node) && !over.some((it) => !it.ours && it.before.times >= OFTEN)) {
          edits.push({ from, to, over, by: fill(hit[0], real, whole) });
          text = text.slice(0, from) + hit[0].replace(/[^]/g, "#") + text.slice(to);
        }
      }
    });
    edits.sort((one, other) => other.from - one.from).forEach((edit) => edit.over.forEach((it, place) => {
      const from = Math.max(edit.from, it.from), to = Math.min(edit.to, it.to);
      const part = edit.by.length === edit.to - edit.from ? edit.by.slice(from - edit.from, to - edit.from) : place ? "" : edit.by;
      it.out = it.out.slice(0, from - it.from) + part + it.out.slice(to - it.from);
    }));
    pieces.forEach((it) => {
      if (it.out === it.data) return;
      const times = it.before.times + (it.ours ? 0 : 1);
      told.set(it.node, Object.assign(told.get(it.node) || {}, { [it.name]: { times, real: it.real, ours: it.out } }));
      if (it.name) it.node.setAttribute(it.name, it.out);
      else it.node.data = it.out;
      wrote = true;
    });
  };

  const attributes = (node) => NAMES.forEach((name) => {
    const data = node.getAttribute(name), link = name === "href";
    if (link ? /^tel:/i.test(data) : data) settle([{ node, name, data }], shown && (link ? shown.number : shown.formatted));
  });

  // What is never touched, and what does not end a number that is split over elements.
  const LEFT = 'head,script,style,noscript,textarea,select,template,iframe,[contenteditable],[data-trunkline="off"]';
  const INLINE = /^(A|B|BDI|BDO|BIG|EM|FONT|I|LABEL|MARK|S|SMALL|SPAN|STRONG|SUP|U|WBR)$/;
  let run = [];
  const flush = () => {
    if (run.length) settle(run, shown && shown.formatted);
    run = [];
  };
  const walk = (element) => {
    for (let node = element.firstChild; node; node = node.nextSibling) {
      if (node.nodeType === 3) run.push({ node, name: "", data: node.data });
      if (node.nodeType !== 1) continue;
      const inline = INLINE.test(node.nodeName);
      if (!inline) flush();
      if (!node.matches(LEFT)) {
        attributes(node);
        walk(node);
      }
      if (!inline) flush();
    }
  };
  const scan = (element) => {
    if (!element.isConnected || element.closest(LEFT)) return;
    attributes(element);
    walk(element);
    flush();
  };
  const block = (node) => {
    while (node && (node.nodeType !== 1 || INLINE.test(node.nodeName)) && node.parentElement) node = node.parentElement;
    return node;
  };

  // New nodes are done before they are painted, for observers are called before. Somebody who makes a node anew each time we
  // wrote to one would keep both of us busy for ever: after thirty times in a second we rest for one.
  let rounds = 0, second = 0;
  const observer = new MutationObserver((records) => {
    const places = new Set();
    records.forEach((it) => {
      if (it.type === "childList") it.addedNodes.forEach((node) => places.add(block(node)));
      else places.add(it.type === "attributes" ? it.target : block(it.target));
    });
    wrote = false;
    places.forEach((place) => place && place.nodeType === 1 && scan(place));
    observer.takeRecords();
    const now = performance.now();
    if (now - second > 1000) rounds = 0, second = now;
    if (wrote && ++rounds > 30) {
      observer.disconnect();
      setTimeout(watch, 1000);
    }
  });
  const watch = () => {
    observer.disconnect();
    scan(doc.documentElement);
    const what = { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: NAMES };
    observer.observe(doc.documentElement, what);
  };

  // A page that a framework is about to hydrate is not touched before it has loaded and come to rest; others when parsed.
  const HYDRATES = '#root>*,#app>*,#___gatsby,[data-reactroot],[data-server-rendered],script[type=module],script[src*="/_next/"]';
  let safe = false;
  const go = () => {
    safe = true;
    if (shown) watch();
  };
  const rest = () => (window.requestIdleCallback ? requestIdleCallback(go, { timeout: 5000 }) : setTimeout(go, 300));
  const parsed = () => {
    if (option("wait") !== "load" && !doc.querySelector(HYDRATES)) go();
    else if (doc.readyState === "complete") rest();
    else when(window, "load", rest);
  };
  if (doc.readyState === "loading") when(doc, "DOMContentLoaded", parsed);
  else parsed();

  const show = (answer) => {
    const had = shown;
    ["visit", "number", "formatted", "served"].forEach((name) => { api[name] = answer[name]; });
    const { number, formatted } = answer;
    shown = number ? Object.assign(parse(number), { number, formatted: formatted || number }) : null;
    if (safe && (shown || had)) watch();
    if (number !== (had || {}).number) doc.dispatchEvent(new CustomEvent("trunkline:number", { detail: Object.assign({}, api) }));
  };

  // ---- The visit

  const LOCAL = "localStorage", VISITOR = "trunkline.visitor", NONE = "none", BEAT = 60000, PATIENCE = 2000;
  const BRIEF = "sessionStorage", VISIT = "trunkline.visit." + site;
  // Storage may be forbidden: then there is no visitor, and the real number stays.
  const stored = (where, name, value) => {
    try {
      const store = window[where];
      if (value) store.setItem(name, value);
      else if (value === null) store.removeItem(name);
      return store.getItem(name);
    } catch (fault) {
      return null;
    }
  };

  // Two clocks, both only for what has passed since: the page's may be years off, or jump, and the other stands still while a
  // machine sleeps. `life` is the last sign of life that was sent, `sure` the last that was answered.
  const clock = (ago) => [performance.now() - ago, Date.now() - ago];
  const since = (then) => Math.max(performance.now() - then[0], Date.now() - then[1]);
  let on = false, asking = false, ads, timer, life, sure, hold, path;
  const certain = () => {
    life = sure = clock(0);
    stored(BRIEF, VISIT, JSON.stringify([api, hold, Date.now()]));
  };

  // What Analytics and Metrica know the visitor by: of `_ga` (GA1.1.X.Y) the last two numbers. Not read for who refused to be told
  // of to advertisers, nor for a browser that asks not to be tracked, unless the page's own word says otherwise.
  const secret = nav.globalPrivacyControl || nav.doNotTrack === "1";
  const cookie = (pattern) => (new RegExp("(?:^|; )_" + pattern).exec(doc.cookie) || [])[1];
  const known = (body) => {
    body.consent = secret && ads === undefined ? false : ads;
    if (given && body.consent !== false) {
      body.ga_client_id = cookie("ga=GA1\\.[^.;]+\\.([\\d.]+)");
      body.ym_client_id = cookie("ym_uid=(\\d+)");
    }
    return JSON.stringify(body);
  };

  const address = (visit, what) => base + "/v1/visits/" + visit + "/" + what;
  const beacon = (visit, what) => visit && nav.sendBeacon && nav.sendBeacon(address(visit, what), known({}));
  const post = (to, body) => fetch(to, { method: "POST", body: known(body), keepalive: true, credentials: "omit" });
  // Anchors within a page are no other page; addresses behind #/ and #! are.
  const here = () => location.href.replace(/#(?![/!]).*/, "");

  // The number may be somebody else's once the hold has passed without an answer.
  const failed = () => {
    if (api.visit && since(sure) > hold) show({});
  };

  const take = (answer, visitor) => {
    // Consent was withdrawn while it was under way.
    if (visitor !== api.visitor) return beacon(answer.visit, "end");
    // A refusal, or no answer of the service's at all.
    if (!answer.visit || !/^(null|\+?\d{5,15})$/.test(answer.number)) throw answer;
    hold = (answer.hold_s || 1800) * 1000;
    show(answer);
    certain();
  };

  const ask = () => {
    if (asking) return;
    asking = true;
    path = here();
    const visitor = api.visitor;
    const limit = new Promise((_, no) => setTimeout(no, PATIENCE));
    const body = { visitor, url: location.href, referrer: doc.referrer, title: doc.title };
    const answered = post(base + "/v1/visits?site=" + encodeURIComponent(site), body).then((it) => it.json());
    Promise.race([answered, limit]).then((answer) => take(answer, visitor)).catch(failed).then(() => {
      asking = false;
      if (visitor !== api.visitor) path = "";
      turned();
    });
  };

  // An answer that there is no such visit begins another.
  const tell = (what, body) => {
    const visit = api.visit;
    post(address(visit, what), body).then((it) => {
      if (visit !== api.visit) return;
      if (it.ok) certain();
      else if (it.status === 404) {
        sure = [-Infinity, 0];
        ask();
      }
    }).catch(failed);
  };

  const beat = () => {
    if (!api.visit) return;
    if (since(life) > hold / 2) return ask();
    life = clock(0);
    if (since(sure) > hold / 2) tell("beat", {});
    else beacon(api.visit, "beat");
  };

  const turned = () => {
    if (!on || asking || here() === path) return;
    path = here();
    if (api.visit && since(life) < hold / 2) tell("page", { url: location.href, title: doc.title });
    else ask();
  };

  // Hiding sends the last beat; what is hidden sends none.
  const seen = () => {
    clearInterval(timer);
    if (!on) return;
    if (stored(LOCAL, VISITOR) !== api.visitor) return stop();
    beat();
    if (!doc.hidden) timer = setInterval(beat, BEAT);
  };

  const start = () => {
    if (on) return;
    // A page that is prepared, or opened behind others, is no visit before somebody sees it.
    if (doc.prerendering || doc.hidden) {
      when(doc, doc.prerendering ? "prerenderingchange" : "visibilitychange", () => { if (given) start(); }, { once: true });
      return;
    }
    let visitor = stored(LOCAL, VISITOR);
    if (!visitor || visitor === NONE) {
      visitor = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte + 256).toString(16).slice(1)).join("");
      if (!stored(LOCAL, VISITOR, visitor)) return;
    }
    on = true;
    api.visitor = visitor;
    try {
      // The number of the page before, so that it is there at once, if it still is the visit's.
      const kept = JSON.parse(stored(BRIEF, VISIT)), ago = Date.now() - kept[2];
      if (kept[0].visitor === visitor && ago >= 0 && ago < kept[1] / 2) {
        hold = kept[1];
        life = sure = clock(ago);
        show(kept[0]);
      }
    } catch (fault) {
      // Nothing kept, or nothing that we wrote.
    }
    ask();
    timer = setInterval(beat, BEAT);
  };

  // ---- Consent

  const required = option("consent") === "required";
  let given = false;
  const stop = () => {
    clearInterval(timer);
    on = false;
    stored(BRIEF, VISIT, null);
    api.visitor = undefined;
    show({});
  };

  function consent(yes, advertising) {
    given = Boolean(yes);
    ads = given && advertising;
    if (given) return start();
    beacon(api.visit, "end");
    stored(LOCAL, VISITOR, required ? null : NONE);
    stop();
  }

  // What consent banners say, unless the browser asks not to be tracked: then only the page's own word counts.
  const listen = () => {
    const layer = window.dataLayer = window.dataLayer || [], push = layer.push;
    const hear = (it) => {
      const said = it && it[0] === "consent" && it[1] === "update" && it[2];
      if (!said) return;
      const may = (name) => said[name] === "granted";
      if (said.ad_user_data) ads = may("ad_user_data") && may("ad_personalization");
      if (said.analytics_storage) consent(may("analytics_storage"), ads);
    };
    [].forEach.call(layer, hear);
    layer.push = function () {
      [].forEach.call(arguments, hear);
      return push.apply(layer, arguments);
    };
    if (typeof window.__tcfapi === "function") {
      window.__tcfapi("addEventListener", 2, (it, ok) => {
        const may = (it && it.purpose && it.purpose.consents) || {};
        if (ok && it.eventStatus !== "cmpuishown") {
          const free = it.gdprApplies === false;
          consent(free || (may[1] && may[7]), free ? ads : !!(may[3] && may[4]));
        }
      });
    }
  };

  // ---- What happens on the page

  let soon;
  const later = () => {
    clearTimeout(soon);
    soon = setTimeout(turned, 250);
  };
  ["pushState", "replaceState"].forEach((name) => {
    const own = history[name];
    history[name] = function () {
      const result = own.apply(this, arguments);
      later();
      return result;
    };
  });
  when(window, "popstate", later);
  when(window, "hashchange", later);
  when(doc, "visibilitychange", seen);
  // Another page of the site may have withdrawn the consent.
  when(window, "storage", (event) => { if (event.key === VISITOR) seen(); });
  // Back to a page that was kept as it was.
  when(window, "pageshow", (event) => {
    if (!event.persisted) return;
    seen();
    path = "";
    turned();
  });

  if (config.consent === true || (!required && stored(LOCAL, VISITOR) !== NONE)) consent(true, config.advertising);
  if (required && !secret) listen();
})();
