// A site that has the snippet on its pages: serves pages made by the cases, and looks at them with a browser as a visitor
// on a phone would. TRUNKLINE_SNIPPET_BASE is a service whose sites es, ru and de have pools of numbers of these countries;
// without it the stand-in is asked. TRUNKLINE_SNIPPET_PORT is where the site listens, so that a service can be told its origin.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { withBrowser } from "../board/browser.mjs";
import { standIn } from "./standin.mjs";

const PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36";
export const holds = (what) => console.log(`ok: ${what}`);
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
  await new Promise((done) => { server.listen(Number(process.env.TRUNKLINE_SNIPPET_PORT ?? 0), "127.0.0.1", done); });
  const own = await standIn();
  const origin = `http://127.0.0.1:${server.address().port}`;
  try {
    await act(new Site(browser, origin, pages, held, own.base, process.env.TRUNKLINE_SNIPPET_BASE || own.base));
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
