// A site that has the snippet on its pages: serves pages made by the cases, and looks at them with a browser as a visitor
// on a phone would. The service that TRUNKLINE_SNIPPET_BASE names answers; of its sites es, ru and de have pools of numbers of
// these countries, brief one that holds numbers for 2 s, full one of a single number and a fallback, and none has no pool.
// TRUNKLINE_SNIPPET_PORT is where the site listens, its origin there, TRUNKLINE_SNIPPET_TOKEN a token that may read.
// Where the service has to fail, a stand-in answers.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { withBrowser } from "../board/browser.mjs";
import { standIn } from "./standin.mjs";

const PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36";
export const holds = (what) => console.log(`ok: ${what}`);
// What the test has to find in the service's books afterwards.
export const tell = (what) => console.log(`told: ${JSON.stringify(what)}`);
export const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

// Runs cases on a site, a browser and a service, and leaves nothing of them behind.
export const withSite = (act) => withBrowser(async (browser) => {
  const pages = new Map(), held = [];
  const server = createServer((request, response) => {
    const path = request.url.split("?")[0];
    // An answer that takes as long as the case wants it to, to keep a page from having loaded.
    if (path === "/held") held.push(response);
    else if (pages.has(path)) {
      const html = !path.endsWith(".js");
      response.writeHead(200, { "content-type": html ? "text/html; charset=utf-8" : "text/javascript" }).end(pages.get(path));
    } else response.writeHead(404).end();
  });
  const { TRUNKLINE_SNIPPET_BASE: base, TRUNKLINE_SNIPPET_PORT: port } = process.env;
  await new Promise((done) => { server.listen(Number(port), "127.0.0.1", done); });
  const own = await standIn(base);
  const origin = `http://127.0.0.1:${server.address().port}`;
  try {
    await act(new Site(browser, origin, pages, held, own.base, base));
  } finally {
    held.forEach((response) => response.end());
    server.closeAllConnections();
    server.close();
    own.close();
  }
});

class Site {
  constructor(browser, origin, pages, held, standin, base) {
    Object.assign(this, { browser, origin, pages, held, standin, base });
  }

  // Makes a page: `body` with the snippet in its head. `script` are the tag's attributes; `fails` names a way of the
  // stand-in to fail; `head` comes before the tag.
  page(path, body, { site = "es", script = 'data-number="+34 910 000 001"', fails, head = "", base } = {}) {
    const from = base ?? (fails === undefined ? this.base : `${this.standin}/${fails}`);
    const tag = `<script async src="${from}/v1/trunkline.js?site=${site}" ${script} data-webdriver="allow"></script>`;
    this.pages.set(path, `<!doctype html><html lang="es"><head><meta charset="utf-8"><link rel="icon" href="data:,">
      <title>${path}</title>${head}${tag}</head><body>${body}</body></html>`);
  }

  // How many numbers of a pool visits hold, by the service's own word.
  async leased(pool) {
    const answer = await fetch(`${this.base}/v1/live`, { headers: { authorization: `Bearer ${process.env.TRUNKLINE_SNIPPET_TOKEN}` } });
    const { pools } = await answer.json();
    return pools.find((it) => it.pool === pool).leased;
  }

  // Waits until that many are held.
  async holds(pool, count) {
    for (let tries = 0; await this.leased(pool) !== count && tries < 100; tries += 1) await pause(50);
    assert.equal(await this.leased(pool), count, pool);
  }

  // Ends a visit behind its page's back.
  async end(visit) {
    assert.equal((await fetch(`${this.base}/v1/visits/${visit}/end`, { method: "POST" })).status, 204);
  }

  // Opens a page as a new visitor, or in another tab of one. `before` runs in each page before its own scripts.
  async open(path, { before, agent = PHONE, argument, beside } = {}) {
    const context = beside ? beside.tab.browserContext() : await this.browser.createBrowserContext();
    const tab = await context.newPage();
    await tab.setUserAgent({ userAgent: agent });
    const visitor = new Visitor(this, tab);
    tab.on("request", (request) => visitor.note(request));
    tab.on("pageerror", (fault) => visitor.faults.push(fault.message));
    tab.on("console", (line) => {
      if (line.type() === "error") visitor.faults.push(line.text());
    });
    if (before) await tab.evaluateOnNewDocument(before, argument);
    await visitor.go(path);
    return visitor;
  }
}

class Visitor {
  constructor(site, tab) {
    Object.assign(this, { site, tab, asked: [], faults: [] });
  }

  // Remembers what the snippet asked for: what stands behind /v1/visits, and the body.
  note(request) {
    const [, door] = /\/v1\/visits([^?]*)/.exec(request.url()) ?? [];
    if (door === undefined) return;
    const text = request.postData();
    this.asked.push({ what: door.split("/").pop() || "visit", door, body: text ? JSON.parse(text) : {} });
  }

  count(what) {
    return this.asked.filter((it) => it.what === what).length;
  }

  go(path) {
    return this.tab.goto(`${this.site.origin}${path}`, { waitUntil: "domcontentloaded" });
  }

  text(selector) {
    return this.tab.$eval(selector, (element) => element.textContent);
  }

  attribute(selector, name) {
    return this.tab.$eval(selector, (element, it) => element.getAttribute(it), name);
  }

  // Waits until the snippet has its answer, and gives what it says.
  async answered() {
    await this.tab.waitForFunction(() => window.trunkline && window.trunkline.visit, { timeout: 10_000 });
    return this.tab.evaluate(() => Object.assign({}, window.trunkline));
  }

  // Waits for the visit's number, and writes it in the form of the page's.
  async written() {
    const { number } = await this.answered();
    return `+34 ${number.slice(3, 6)} ${number.slice(6, 9)} ${number.slice(9)}`;
  }

  // Waits until an element shows the visit's number in that form, and gives it.
  async shows(selector = "#phone") {
    const written = await this.written();
    await this.reads(selector, written);
    return written;
  }

  // Waits until an element has this text.
  async reads(selector, text) {
    const same = (it, wanted) => document.querySelector(it)?.textContent === wanted;
    await this.tab.waitForFunction(same, { timeout: 10_000 }, selector, text).catch(async () => {
      assert.equal(await this.text(selector), text, selector);
    });
  }

  // Waits until this has been asked for so often, and gives that request.
  async asks(what, count = 1) {
    for (let tries = 0; this.count(what) < count && tries < 200; tries += 1) await pause(25);
    assert.ok(this.count(what) >= count, `${what}: ${JSON.stringify(this.asked)}`);
    return this.asked.filter((it) => it.what === what)[count - 1];
  }

  // Waits long enough for a snippet that were to do something to have done it, and sees that the real number stays.
  async keeps(selector, text, ms = 1000) {
    await this.tab.waitForFunction(() => document.readyState === "complete");
    await pause(ms);
    assert.equal(await this.text(selector), text);
  }

  close() {
    return this.tab.browserContext().close();
  }
}
