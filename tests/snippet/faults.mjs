// What the page shows when the service fails: the real number.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { holds, pause } from "./site.mjs";

const REAL = "+34 910 000 001";
const PHONE = `<p id="phone">${REAL}</p><a id="link" href="tel:+34910000001">call</a>`;

const untouched = async (visitor, what, ms) => {
  await visitor.keeps("#phone", REAL, ms);
  assert.equal(await visitor.attribute("#link", "href"), "tel:+34910000001", what);
  const thrown = visitor.faults.filter((fault) => !/^Failed to load resource|CORS policy/.test(fault));
  assert.deepEqual(thrown, [], what);
};

// A port that nobody listens on.
const nobody = () => new Promise((done) => {
  const server = createServer();
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => done(`http://127.0.0.1:${port}`));
  });
});

// A clock that is off by another amount on each page.
const clock = (offsets) => {
  const own = Date.now, page = Number(window.name || 0);
  window.name = String(page + 1);
  Date.now = () => own() + offsets[page];
};

const down = async (site) => {
  // Not even the script can be had; or the script, and then nothing; or an answer that is none.
  const away = await nobody();
  site.page("/away", PHONE, { base: away });
  site.page("/down", PHONE, { script: `data-number="${REAL}" data-base="${away}"` });
  site.page("/broken", PHONE, { fails: "broken" });
  site.page("/odd", PHONE, { fails: "odd" });
  for (const path of ["/away", "/down", "/broken", ...Array(5).fill("/odd")]) {
    const visitor = await site.open(path);
    await untouched(visitor, path, 1000);
    await visitor.close();
  }
  holds("with the service down the real number stays");
  // It went down after the first page: the number is still the visit's, and stays until its hold has passed.
  site.page("/up", PHONE);
  const visitor = await site.open("/up");
  const ours = await visitor.shows();
  await visitor.go("/down");
  await visitor.reads("#phone", ours);
  await pause(500);
  assert.equal(await visitor.text("#phone"), ours);
  await visitor.close();
  holds("a visit that has its number keeps it when the service goes down");
  // Not one whose number may be somebody else's by now, nor one of which nobody can say: the clock has gone back.
  site.page("/brief", PHONE, { site: "brief" });
  site.page("/brief-down", PHONE, { site: "brief", script: `data-number="${REAL}" data-base="${away}"` });
  for (const [path, then, ms, offsets] of [["/brief", "/brief-down", 1300, [0, 0]], ["/up", "/down", 0, [0, -3_600_000]]]) {
    const late = await site.open(path, { before: clock, argument: offsets });
    await late.shows();
    await pause(ms);
    await late.go(then);
    await untouched(late, path, 500);
    await late.close();
  }
  holds("an old number is not shown while the service is down");
};

const slow = async (site) => {
  site.page("/slow", PHONE, { fails: "slow" });
  const visitor = await site.open("/slow");
  await untouched(visitor, "slow", 3800);
  assert.equal(visitor.count("visit"), 1);
  assert.equal(await visitor.tab.evaluate(() => window.trunkline.visit), undefined);
  holds("an answer after two seconds comes too late");
  await visitor.close();
};

const unserved = async (site) => {
  site.page("/full", PHONE, { site: "full" });
  const first = await site.open("/full");
  await first.shows();
  const full = await site.open("/full");
  await full.reads("#phone", "+34 900 100 100");
  assert.equal(await full.tab.evaluate(() => window.trunkline.served), false);
  await Promise.all([first.close(), full.close()]);
  site.page("/none", PHONE, { site: "none" });
  const none = await site.open("/none");
  await none.answered();
  await untouched(none, "none", 500);
  await none.close();
  holds("without a number of its own a visit sees the pool's fallback, or the real number");
};

// What pages may read and hear, for forms and widgets.
const events = async (site) => {
  site.page("/events", PHONE, { head: `<script>
    window.heard = [];
    document.addEventListener("trunkline:number", (event) => { heard.push([event.detail.number, event.detail.visit]); });
  </script>` });
  const visitor = await site.open("/events");
  const { visit, number, formatted } = await visitor.answered();
  assert.equal(formatted, number.slice(3).replace(/(...)(..)(..)(..)/, "$1 $2 $3 $4"));
  await visitor.tab.evaluate(() => window.trunkline.consent(false));
  assert.deepEqual(await visitor.tab.evaluate(() => window.heard), [[number, visit], [null, null]]);
  await visitor.close();
  holds("the page hears which number is shown, and when none is");
};

// Storage is forbidden: then there is no visitor to know again.
const storage = async (site) => {
  site.page("/private", PHONE);
  const visitor = await site.open("/private", { before: () => {
    Object.defineProperty(window, "localStorage", { get: () => { throw new DOMException("denied", "SecurityError"); } });
  } });
  await untouched(visitor, "storage", 600);
  assert.deepEqual(visitor.asked, []);
  await visitor.close();
  holds("a browser that keeps nothing gets no number");
};

export const cases = { down, slow, unserved, events, storage };
