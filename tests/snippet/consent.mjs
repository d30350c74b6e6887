// Who gets no number: visitors without consent, and machines.
import assert from "node:assert/strict";
import { holds } from "./site.mjs";

const REAL = "+34 910 000 001", PHONE = `<p id="phone">${REAL}</p>`;
const REQUIRED = `data-number="${REAL}" data-consent="required"`;
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)";

// Nothing asked for, nothing kept, nothing changed.
const silent = async (visitor, what) => {
  await visitor.keeps("#phone", REAL, 600);
  assert.deepEqual(visitor.asked, [], what);
  assert.deepEqual(await visitor.tab.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]), [0, 0, ""], what);
};

const consent = async (site) => {
  site.page("/asks", PHONE, { script: REQUIRED });
  const visitor = await site.open("/asks");
  await silent(visitor, "before consent");
  await visitor.tab.evaluate(() => window.trunkline.consent(true));
  await visitor.shows();
  const { visit, visitor: who } = await visitor.answered();
  await visitor.tab.evaluate(() => window.trunkline.consent(false));
  assert.equal(await visitor.text("#phone"), REAL);
  assert.equal((await visitor.asks("end")).door, `/${visit}/end`);
  assert.deepEqual(await visitor.tab.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
  assert.equal(await visitor.tab.evaluate(() => window.trunkline.visitor), undefined);
  await visitor.tab.evaluate(() => window.trunkline.consent(true));
  await visitor.shows();
  assert.notEqual((await visitor.answered()).visitor, who, "the visitor was forgotten");
  // It is asked for on each page.
  await visitor.go("/asks");
  await visitor.keeps("#phone", REAL, 600);
  assert.equal(visitor.count("visit"), 2);
  assert.deepEqual(visitor.faults, []);
  holds("without consent nothing happens; withdrawn, the real number is back and the visitor forgotten");
  await visitor.close();
  // Withdrawn while the service is still deciding: what it decides is ended.
  const hasty = await site.open("/asks");
  await hasty.tab.waitForFunction(() => window.trunkline);
  await hasty.tab.evaluate(() => { window.trunkline.consent(true); window.trunkline.consent(false); });
  await hasty.asks("end");
  assert.equal(await hasty.text("#phone"), REAL);
  await hasty.close();
  // Withdrawn while a page view is under way, to which the answer is that there is no such visit.
  site.page("/gone", PHONE, { script: REQUIRED, fails: "gone" });
  const leaving = await site.open("/gone");
  await leaving.tab.waitForFunction(() => window.trunkline);
  await leaving.tab.evaluate(() => window.trunkline.consent(true));
  await leaving.shows();
  await leaving.tab.evaluate(() => history.pushState({}, "", "/gone/page"));
  await leaving.asks("page");
  await leaving.tab.evaluate(() => window.trunkline.consent(false));
  await leaving.keeps("#phone", REAL, 800);
  assert.deepEqual([leaving.count("visit"), await leaving.tab.evaluate(() => localStorage.length + sessionStorage.length)], [1, 0]);
  await leaving.close();
  // Given before the script came.
  site.page("/given", PHONE, { script: REQUIRED, head: "<script>trunklineConfig = { consent: true }</script>" });
  const given = await site.open("/given");
  await given.shows();
  await given.close();
  // Where none is required, who objects is remembered, without an id.
  site.page("/free", PHONE);
  const free = await site.open("/free");
  await free.shows();
  await free.tab.evaluate(() => window.trunkline.consent(false));
  await free.asks("end");
  await free.go("/free");
  await free.keeps("#phone", REAL, 600);
  assert.equal(free.count("visit"), 1);
  assert.deepEqual(await free.tab.evaluate(() => Object.values(localStorage)), ["none"]);
  await free.close();
  holds("an objection holds on the next page");
};

// Banners: Google's consent mode, and the framework of the IAB.
const banners = async (site) => {
  const gtag = "<script>dataLayer = []; gtag = function () { dataLayer.push(arguments); };";
  const denied = `${gtag} gtag("consent", "default", { analytics_storage: "denied" });</script>`;
  site.page("/mode", PHONE, { script: REQUIRED, head: denied });
  const visitor = await site.open("/mode");
  await silent(visitor, "denied by default");
  await visitor.tab.evaluate(() => window.gtag("consent", "update", { analytics_storage: "granted" }));
  await visitor.shows();
  await visitor.tab.evaluate(() => window.gtag("consent", "update", { analytics_storage: "denied" }));
  await visitor.asks("end");
  assert.equal(await visitor.text("#phone"), REAL);
  assert.equal(await visitor.tab.evaluate(() => window.dataLayer.length), 3);
  await visitor.close();
  // An answer of an earlier page is told before the script has come.
  const updated = `${gtag} gtag("consent", "update", { analytics_storage: "granted" });</script>`;
  site.page("/early", PHONE, { script: REQUIRED, head: updated });
  const early = await site.open("/early");
  await early.shows();
  await early.close();
  holds("Google's consent mode is heard");
  site.page("/tcf", PHONE, { script: REQUIRED, head: `<script>
    __tcfapi = (name, version, act) => {
      window.say = (eventStatus, consents, gdprApplies = true) => act({ eventStatus, gdprApplies, purpose: { consents } }, true);
      window.say("cmpuishown", { 1: true, 7: true });
    };</script>` });
  const told = await site.open("/tcf");
  await silent(told, "while it is shown");
  await told.tab.evaluate(() => window.say("useractioncomplete", { 1: true }));
  await silent(told, "measuring refused");
  await told.tab.evaluate(() => window.say("useractioncomplete", { 1: true, 7: true }));
  await told.shows();
  await told.close();
  const outside = await site.open("/tcf");
  await outside.tab.waitForFunction(() => window.say);
  await outside.tab.evaluate(() => window.say("tcloaded", {}, false));
  await outside.shows();
  await outside.close();
  holds("the IAB's framework is heard");
  // A browser that asks not to be tracked: banners do not count, the page's own word does.
  const objecting = await site.open("/early", {
    before: () => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }),
  });
  await silent(objecting, "globalPrivacyControl");
  await objecting.tab.evaluate(() => window.trunkline.consent(true));
  await objecting.shows();
  await objecting.close();
  holds("a browser that asks not to be tracked is heard where consent is required");
};

const machines = async (site) => {
  site.page("/page", PHONE);
  const tag = (webdriver) => site.pages.set("/driven", site.pages.get("/page").replace('data-webdriver="allow"', webdriver));
  tag("");
  const driven = await site.open("/driven");
  assert.equal(await driven.tab.evaluate(() => navigator.webdriver), true);
  await silent(driven, "driven by a program");
  await driven.close();
  for (const agent of ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    `${MAC} HeadlessChrome/149.0.0.0 Safari/537.36`, "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0)", `${MAC} Chrome/149.0.0.0 Safari/537.36 Chrome-Lighthouse`,
    "facebookexternalhit/1.1", "Mediapartners-Google", "Mozilla/5.0 (compatible; bingbot/2.0) BingPreview/1.0b"]) {
    const machine = await site.open("/page", { agent });
    await machine.tab.waitForFunction(() => window.trunkline);
    await machine.tab.evaluate(() => window.trunkline.consent(true));
    await silent(machine, agent);
    await machine.close();
  }
  holds("machines get no number");
  for (const agent of [`${MAC} Version/18.1 Safari/605.1.15`, `${MAC} Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0`,
    "Mozilla/5.0 (Linux; Android 10; CUBOT X19) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/22B83 Instagram 350.0.0"]) {
    const person = await site.open("/page", { agent });
    await person.shows();
    await person.close();
  }
  holds("people do, with a Cubot as well");
};

// A page that the browser prepares, or that was opened behind another, waits until somebody sees it.
const unseen = async (site) => {
  site.page("/page", PHONE);
  for (const [property, event] of [["prerendering", "prerenderingchange"], ["hidden", "visibilitychange"]]) {
    const visitor = await site.open("/page", { argument: property, before: (name) => {
      let value = true;
      Object.defineProperty(document, name, { get: () => value });
      window.activate = () => { value = false; };
    } });
    await silent(visitor, property);
    await visitor.tab.evaluate((name) => {
      window.activate();
      document.dispatchEvent(new Event(name));
    }, event);
    await visitor.shows();
    assert.equal(visitor.count("visit"), 1);
    await visitor.close();
  }
  holds("a page that nobody sees yet gets no number");
};

export const cases = { consent, banners, machines, unseen };
