// The visit: pages, signs of life, coming back, and clocks that are wrong.
import assert from "node:assert/strict";
import { holds, pause } from "./site.mjs";

const REAL = "+34 910 000 001";
const PHONE = `<p id="phone">${REAL}</p>`;

const routes = async (site) => {
  site.page("/app", PHONE);
  const visitor = await site.open("/app");
  await visitor.shows();
  const { visit } = await visitor.answered();
  const turn = (act) => visitor.tab.evaluate(act);
  await turn(() => { history.pushState({}, "", "/app/prices?a=1"); document.title = "Prices"; });
  const { door, body } = await visitor.asks("page");
  assert.equal(door, `/${visit}/page`);
  assert.deepEqual(body, { url: `${site.origin}/app/prices?a=1`, title: "Prices" });
  await turn(() => history.replaceState({}, "", "/app/contact"));
  await visitor.asks("page", 2);
  await turn(() => history.back());
  assert.equal((await visitor.asks("page", 3)).body.url, `${site.origin}/app`);
  await turn(() => { location.hash = "#/route"; });
  await visitor.asks("page", 4);
  // Neither a place on the page, nor what a router writes again, nor a page passed through is a page view.
  await turn(() => { location.hash = "#/route"; history.replaceState({ a: 1 }, "", location.href); });
  await turn(() => { history.pushState({}, "", "/app/1"); history.pushState({}, "", "/app/2"); });
  await visitor.asks("page", 5);
  await turn(() => { location.hash = "#prices"; });
  await pause(600);
  assert.equal(visitor.asked.filter((it) => it.what === "page").pop().body.url, `${site.origin}/app/2`);
  assert.deepEqual([visitor.count("page"), visitor.count("visit")], [5, 1]);
  assert.deepEqual(visitor.faults, []);
  holds("the pages of a single-page app are told once each");
  await visitor.close();
};

const back = async (site) => {
  site.page("/one", `${PHONE}<a id="next" href="/two">next</a>`);
  site.page("/two", `${PHONE}<a id="next" href="/one">next</a>`);
  const visitor = await site.open("/one");
  const written = await visitor.shows();
  const { visit } = await visitor.answered();
  await visitor.tab.click("#next");
  await visitor.tab.waitForFunction(() => location.pathname === "/two");
  assert.equal(await visitor.shows(), written);
  assert.equal((await visitor.answered()).visit, visit);
  const { body } = await visitor.asks("visit", 2);
  assert.deepEqual([body.url, body.referrer], [`${site.origin}/two`, `${site.origin}/one`]);
  await visitor.tab.goBack();
  await visitor.tab.waitForFunction(() => location.pathname === "/one");
  assert.equal(await visitor.shows(), written);
  await visitor.tab.goForward();
  await visitor.tab.waitForFunction(() => location.pathname === "/two");
  assert.equal(await visitor.shows(), written);
  assert.equal((await visitor.answered()).visit, visit);
  // Each return is told: as a visit by a page made anew, as a page by one that was kept.
  for (let tries = 0; visitor.count("visit") + visitor.count("page") < 4 && tries < 100; tries += 1) await pause(25);
  assert.equal(visitor.count("visit") + visitor.count("page"), 4, JSON.stringify(visitor.asked));
  holds("back and forward keep visit and number");
  // A page that was kept by the browser while the consent was withdrawn on another.
  await visitor.tab.evaluate(() => window.trunkline.consent(false));
  await visitor.tab.goBack();
  await visitor.tab.waitForFunction(() => location.pathname === "/one");
  await visitor.reads("#phone", REAL);
  holds("a withdrawn consent holds on the pages before");
  await visitor.close();
  // Pages that the browser keeps as they are come back with an event; whether it keeps any is its own choice.
  const kept = await site.open("/one");
  await kept.shows();
  await kept.tab.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await kept.asks("beat");
  assert.equal((await kept.asks("page")).body.url, `${site.origin}/one`);
  const other = await site.open("/two", { beside: kept });
  await other.shows();
  assert.equal((await other.answered()).visit, (await kept.answered()).visit);
  await other.tab.evaluate(() => window.trunkline.consent(false));
  await kept.reads("#phone", REAL);
  assert.equal(kept.count("end") + other.count("end"), 1);
  holds("two tabs are one visit, and end as one");
  await kept.close();
};

// What a person would see: the text in every frame, from the first.
const frames = () => {
  window.frames_seen = [];
  const look = () => {
    const place = document.querySelector("#phone");
    if (place) window.frames_seen.push(place.textContent);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
};

const flicker = async (site) => {
  const body = PHONE + "<p>More text.</p>".repeat(300);
  site.page("/first", body);
  site.page("/next", body);
  const visitor = await site.open("/first", { before: frames });
  const written = await visitor.shows();
  let clean = 0;
  for (const path of ["/next", "/first", "/next", "/first", "/next", "/first"]) {
    await visitor.go(path);
    await visitor.shows();
    await visitor.tab.waitForFunction(() => window.frames_seen.length > 2 && performance.getEntriesByType("paint").length > 0);
    const seen = await visitor.tab.evaluate(() => window.frames_seen);
    if (seen.every((text) => text === written)) clean += 1;
  }
  // A browser that stands still between two steps of the page's making may paint in between.
  assert.ok(clean >= 5, `${clean} of 6 pages`);
  holds(`on the pages after the first no frame shows the real number (${clean} of 6)`);
  await visitor.close();
};

// A page that can be hidden and shown, and on which minutes pass in tenths of seconds.
export const quick = () => {
  const own = window.setInterval;
  window.setInterval = (act, ms) => own(act, ms === 60_000 ? 100 : ms);
};
export const hiding = () => {
  let hidden = false;
  Object.defineProperty(document, "hidden", { get: () => hidden });
  window.hide = (now) => {
    hidden = now;
    document.dispatchEvent(new Event("visibilitychange"));
  };
};

// Does several of these.
export const run = (code) => { (0, eval)(code); };
const QUICK = { before: run, argument: `(${quick})(); (${hiding})();` };

const beats = async (site) => {
  site.page("/beats", PHONE);
  const visitor = await site.open("/beats", QUICK);
  await visitor.shows();
  const { visit } = await visitor.answered();
  await visitor.asks("beat", 1);
  assert.equal(visitor.asked.find((it) => it.what === "beat").door, `/${visit}/beat`);
  await visitor.asks("beat", 3);
  await visitor.tab.evaluate(() => window.hide(true));
  await pause(400);
  const before = visitor.count("beat");
  await pause(500);
  assert.equal(visitor.count("beat"), before, "hidden");
  await visitor.tab.evaluate(() => window.hide(false));
  await visitor.asks("beat", before + 3);
  assert.deepEqual([visitor.count("visit"), visitor.count("end")], [1, 0]);
  await visitor.go("/beats");
  await visitor.answered();
  assert.equal(visitor.count("end"), 0);
  await visitor.close();
  // Minutes are minutes here, so the only beats are those of hiding and of coming back.
  const calm = await site.open("/beats", { before: hiding });
  await calm.shows();
  for (const count of [1, 2]) {
    await calm.tab.evaluate((now) => window.hide(now), count === 1);
    await calm.asks("beat", count);
    await pause(200);
    assert.equal(calm.count("beat"), count);
  }
  await calm.close();
  holds("beats while it is seen, one more when it hides, none hidden, and no end when it closes");
};

const returns = async (site) => {
  // Hidden for longer than half of the hold, which is two seconds there.
  site.page("/hidden", PHONE, { site: "brief" });
  const visitor = await site.open("/hidden", QUICK);
  const written = await visitor.shows();
  await visitor.tab.evaluate(() => window.hide(true));
  await pause(1300);
  await visitor.tab.evaluate(() => window.hide(false));
  await visitor.asks("visit", 2);
  await visitor.reads("#phone", written);
  holds("who comes back after half of the hold asks again");
  await visitor.close();
  // Beats that are answered are asked for after half of the hold, for a beacon tells nothing.
  const watching = await site.open("/hidden", QUICK);
  await watching.shows();
  const answered = watching.tab.waitForResponse((it) => it.url().endsWith("/beat") && it.request().resourceType() === "fetch");
  assert.equal((await answered).status(), 204);
  await watching.close();
  // A visit that the service no longer knows begins anew.
  site.page("/gone", PHONE);
  const stranger = await site.open("/gone");
  await stranger.shows();
  const { visit } = await stranger.answered();
  await site.end(visit);
  await stranger.tab.evaluate(() => history.pushState({}, "", "/gone/page"));
  await stranger.asks("page");
  await stranger.asks("visit", 2);
  await stranger.tab.waitForFunction((it) => window.trunkline.visit !== it, {}, visit);
  holds("a visit that is gone begins anew");
  await stranger.close();
  // No answer for as long as the number is held: it may be somebody else's.
  const offline = await site.open("/hidden", QUICK);
  await offline.shows();
  await offline.tab.setOfflineMode(true);
  await offline.reads("#phone", REAL);
  assert.equal(await offline.tab.evaluate(() => window.trunkline.visit), undefined);
  holds("after a hold without an answer the real number is back");
  await offline.close();
};

// A page whose clock is off by as much as `offsets` says, page by page.
export const wrong = (offsets) => {
  const own = Date, page = Number(window.name || 0);
  window.name = String(page + 1);
  const now = () => own.now() + offsets[page % offsets.length];
  window.Date = class extends own {
    constructor(...given) {
      super(...(given.length ? given : [now()]));
    }
    static now() {
      return now();
    }
  };
};

const YEAR = 365 * 86_400_000;
const clocks = async (site) => {
  site.page("/clock", PHONE);
  for (const [what, offsets] of Object.entries({ "ten years ahead": [10 * YEAR], "thirty years behind": [-30 * YEAR],
    "years off on one page and right on the next": [-9 * YEAR, 0, 9 * YEAR, 0] })) {
    const visitor = await site.open("/clock", { before: wrong, argument: offsets });
    const written = await visitor.shows();
    const { visit } = await visitor.answered();
    for (let page = 2; page < 5; page += 1) {
      const year = new Date(Date.now() + offsets[(page - 1) % offsets.length]).getUTCFullYear();
      await visitor.go("/clock");
      assert.equal(await visitor.shows(), written, what);
      assert.equal((await visitor.answered()).visit, visit, what);
      assert.ok(Math.abs(year - await visitor.tab.evaluate(() => new Date().getUTCFullYear())) <= 1, what);
    }
    await visitor.asks("visit", 4);
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
    holds(`the page's clock may be ${what}`);
  }
  // Beats go by time that has passed, whatever the clock says.
  site.page("/beating", PHONE);
  const visitor = await site.open("/beating", { before: run, argument: `(${quick})(); (${wrong})([20 * ${YEAR}]);` });
  await visitor.shows();
  await visitor.asks("beat", 4);
  assert.equal(visitor.count("visit"), 1);
  await visitor.close();
};

export const cases = { routes, back, flicker, beats, returns, clocks };
