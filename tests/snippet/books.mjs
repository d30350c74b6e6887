// What the service has in its books of what a browser does. What is told here the test looks up there afterwards.
import assert from "node:assert/strict";
import { hiding, quick, run, wrong } from "./visits.mjs";
import { holds, pause, tell } from "./site.mjs";

const REAL = "+34 910 000 001", PHONE = `<p id="phone">${REAL}</p>`;
const GOOGLE = "?utm_source=google&utm_medium=cpc&gclid=G-1";

// What was sent last is on its way: a browser that goes at once may take it along.
const heard = () => pause(500);

// A visit over two pages, one of them drawn in the browser; another that is ended.
const path = async (site) => {
  site.page("/first", `${PHONE}<a id="next" href="/second">next</a>`);
  site.page("/second", PHONE);
  const visitor = await site.open(`/first${GOOGLE}`);
  await visitor.shows();
  await site.holds("es", 1);
  const { visit, visitor: who, number } = await visitor.answered();
  await visitor.tab.evaluate(() => { history.pushState({}, "", "/first/prices"); document.title = "Prices"; });
  await visitor.asks("page");
  await visitor.tab.click("#next");
  await visitor.asks("visit", 2);
  await visitor.shows();
  assert.equal((await visitor.answered()).visit, visit);
  await site.holds("es", 1);
  await visitor.close();
  // People dial after closing.
  await pause(300);
  assert.equal(await site.leased("es"), 1);
  tell({ visit, visitor: who, number, ended: 0, pages: [`/first${GOOGLE}`, "/first/prices", "/second"], titles: ["/first", "Prices", "/second"] });
  const leaving = await site.open("/second");
  await leaving.shows();
  await site.holds("es", 2);
  const { visit: left, visitor: whose, number: freed } = await leaving.answered();
  assert.notEqual(freed, number);
  await leaving.tab.evaluate(() => window.trunkline.consent(false));
  await site.holds("es", 1);
  tell({ visit: left, visitor: whose, number: freed, ended: 1, consent: 0, pages: ["/second"], titles: ["/second"] });
  await leaving.close();
  holds("the service holds one number for each visit until it is given back, and the path of pages");
};

// Numbers of this site are held for two seconds.
const life = async (site) => {
  site.page("/seen", PHONE, { site: "brief" });
  const visitor = await site.open("/seen", { before: run, argument: `(${quick})(); (${hiding})();` });
  await visitor.shows();
  const { visit, visitor: who, number } = await visitor.answered();
  await pause(5000);
  assert.deepEqual([visitor.count("visit"), (await visitor.answered()).visit], [1, visit]);
  assert.equal(await site.leased("brief"), 1, "beats renew it");
  await visitor.tab.evaluate(() => window.hide(true));
  await site.holds("brief", 0);
  tell({ visit, visitor: who, number, ended: 0, pages: ["/seen"], titles: ["/seen"], lived_ms: [5000, 60_000], hold_ms: 2000 });
  await pause(500);
  const beats = visitor.count("beat");
  await pause(500);
  assert.equal(visitor.count("beat"), beats);
  holds("a page that is seen keeps its number by beats; hidden it lets go of it");
  await visitor.close();
};

// Nothing of whom there may be nothing.
const nobody = async (site) => {
  site.page("/asks", PHONE, { script: `data-number="${REAL}" data-consent="required"` });
  site.page("/page", PHONE);
  const before = await site.leased("es");
  for (const [path, agent] of [["/asks", undefined], ["/page", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"]]) {
    const visitor = await site.open(path, agent && { agent });
    await visitor.tab.waitForFunction(() => window.trunkline);
    if (path === "/asks") await visitor.tab.evaluate(() => window.trunkline.consent(false));
    await visitor.keeps("#phone", REAL, 500);
    await visitor.close();
  }
  assert.equal(await site.leased("es"), before);
  holds("who refused and what is a machine have no visit");
};

// The service goes by its own clock.
const time = async (site) => {
  site.page("/clock", PHONE);
  const visitor = await site.open("/clock", { before: wrong, argument: [-20 * 365 * 86_400_000] });
  await visitor.shows();
  const { visit, visitor: who, number } = await visitor.answered();
  await visitor.tab.evaluate(() => history.pushState({}, "", "/clock/2"));
  await visitor.asks("page");
  tell({ visit, visitor: who, number, ended: 0, pages: ["/clock", "/clock/2"], titles: ["/clock", "/clock"], lived_ms: [0, 60_000] });
  await heard();
  await visitor.close();
};

const GA = "1234567890.1700000000", YM = "1700000000123456789";
const given = `_ga=GA1.2.${GA}`, late = `_ym_uid=${YM}`;

// What Analytics and Metrica know the visitor by, once he agreed.
const ids = async (site) => {
  const cookie = (text) => { document.cookie = text; };
  site.page("/ids", PHONE, { script: `data-number="${REAL}" data-consent="required"` });
  const visitor = await site.open("/ids", { before: run, argument: `(${cookie})("${given}"); (${hiding})();` });
  await visitor.tab.waitForFunction(() => window.trunkline);
  await visitor.tab.evaluate(() => window.trunkline.consent(true, true));
  await visitor.shows();
  const { visit, visitor: who, number } = await visitor.answered();
  const { body } = await visitor.asks("visit");
  assert.deepEqual([body.ga_client_id, body.ym_client_id, body.consent], [GA, undefined, true]);
  // Metrica comes after us; what it left is told by the next sign of life.
  await visitor.tab.evaluate(cookie, late);
  await visitor.tab.evaluate(() => window.hide(true));
  assert.deepEqual((await visitor.asks("beat")).body, { consent: true, ga_client_id: GA, ym_client_id: YM });
  tell({ visit, visitor: who, number, ended: 0, pages: ["/ids"], titles: ["/ids"], ga: GA, ym: YM, consent: 1 });
  await heard();
  await visitor.close();
  // Agreed to being counted, not to being told of: nothing is read.
  const shy = await site.open("/ids", { before: run, argument: `(${cookie})("${given}"); (${cookie})("${late}");` });
  await shy.tab.waitForFunction(() => window.trunkline);
  await shy.tab.evaluate(() => window.trunkline.consent(true, false));
  await shy.shows();
  const refused = await shy.answered();
  assert.deepEqual(Object.keys((await shy.asks("visit")).body).sort(), ["consent", "referrer", "title", "url", "visitor"]);
  // Withdrawn: the word is told without them.
  await shy.tab.evaluate(() => window.trunkline.consent(false));
  assert.deepEqual((await shy.asks("end")).body.ga_client_id, undefined);
  await site.holds("es", 1);
  tell({ visit: refused.visit, visitor: refused.visitor, number: refused.number, ended: 1, pages: ["/ids"], titles: ["/ids"], consent: 0 });
  await shy.close();
  holds("ids of Analytics and Metrica are told with consent, and then only");
  // Banners say it too, and a browser that asks not to be tracked says it of itself.
  site.page("/banner", PHONE, { script: `data-number="${REAL}" data-consent="required"`,
    head: "<script>dataLayer = []; gtag = function () { dataLayer.push(arguments); };</script>" });
  for (const [personal, consented] of [["granted", true], ["denied", false]]) {
    const told = await site.open("/banner", { before: run, argument: `(${cookie})("${given}");` });
    await told.tab.waitForFunction(() => window.trunkline);
    await told.tab.evaluate((it) => {
      window.gtag("consent", "update", { ad_user_data: "granted", ad_personalization: it, analytics_storage: "granted" });
    }, personal);
    await told.shows();
    const { body: said } = await told.asks("visit");
    assert.deepEqual([said.consent, said.ga_client_id], [consented, consented ? GA : undefined]);
    await told.close();
  }
  site.page("/free", PHONE);
  const private_ = () => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true });
  for (const [asks, consented] of [["", undefined], [`(${private_})();`, false]]) {
    const free = await site.open("/free", { before: run, argument: `${asks} (${cookie})("_ga=odd"); (${cookie})("${late}");` });
    await free.shows();
    const { body: said } = await free.asks("visit");
    assert.deepEqual([said.consent, said.ga_client_id, said.ym_client_id], [consented, undefined, consented === false ? undefined : YM]);
    await free.close();
  }
  holds("banners say whether they may be told, a browser that asks not to be tracked says no");
};

// A click on an advertisement by somebody who agreed, whom both know.
const agreed = async (site) => {
  site.page("/bought", PHONE, { script: `data-number="${REAL}" data-consent="required"` });
  const set = (cookies) => cookies.forEach((it) => { document.cookie = it; });
  const visitor = await site.open(`/bought${GOOGLE}`, { before: set, argument: [given, late] });
  await visitor.tab.waitForFunction(() => window.trunkline);
  await visitor.tab.evaluate(() => window.trunkline.consent(true, true));
  await visitor.shows();
  const { visit, visitor: who, number } = await visitor.answered();
  tell({ visit, visitor: who, number, ga: GA, ym: YM });
  await visitor.close();
  holds("an advertiser's visitor has a number");
};

// What the component of AMP does: asks with credentials, and puts what it gets into its link.
const amp = async (site) => {
  const config = `${site.base}/v1/visits/amp?site=es&visitor=amp-1&url=${encodeURIComponent(`${site.origin}/amp`)}&referrer=`;
  site.pages.set("/amp", `<!doctype html><title>amp</title><a id="link" href="tel:+34910000001">${REAL}</a><script>
    fetch(${JSON.stringify(config)}, { credentials: "include" }).then((it) => it.json()).then((it) => {
      const link = document.getElementById("link");
      link.href = "tel:" + it.phoneNumber;
      link.textContent = it.formattedPhoneNumber;
    });
  </script>`);
  const visitor = await site.open("/amp");
  await visitor.tab.waitForFunction(() => document.querySelector("#link").href !== "tel:+34910000001");
  const number = (await visitor.attribute("#link", "href")).slice(4);
  assert.equal(await visitor.text("#link"), number.slice(3).replace(/(...)(..)(..)(..)/, "$1 $2 $3 $4"));
  assert.deepEqual(visitor.faults, []);
  await site.holds("es", 1);
  tell({ visitor: "amp-1", number, ended: 0, pages: ["/amp"], titles: [""] });
  await visitor.close();
  holds("an AMP page has its number");
};

export const cases = { path, life, nobody, time, ids, agreed, amp };
