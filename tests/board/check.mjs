// Looks at the board as a person does: logs in, reads, filters, drills down, switches the theme, uses the keyboard.
// Asked by the end-to-end test `board`: BASE is the service, TOKEN may read and send, PICTURES a folder for pictures.
// Prints what it measured and one line for each thing that holds; ends with 1 at the first that does not.
import assert from "node:assert/strict";
import { filled, open, withBrowser } from "./browser.mjs";
import { BASE, accessible, bearer, exact, go, holds, login, pause, picture, v1 } from "./visit.mjs";

const tile = (page, name) => page.$eval(`[data-figure="${name}"]`, (it) => it.title);

const sameFigures = async (page, query = "") => {
  const times = await v1(`reports/response-times?period=today${query}`);
  const conversations = await v1(`reports/conversations?period=today${query}`);
  const messages = await v1(`reports/messages?period=today&author=manager${query}`);
  for (const [table, names] of [
    [times, ["received", "answered_share", "p50_s", "p90_s"]],
    [conversations, ["participations", "conversations"]],
    [messages, ["messages"]],
  ]) {
    for (const name of names) assert.equal(await tile(page, name), exact(table, 0, name), `${name}${query}`);
  }
  const live = await v1(`live?limit=1${query}`);
  const waiting = await page.$eval('[data-figure="waiting"]', (it) => it.textContent.replace(/\D/g, ""));
  assert.equal(Number(waiting), live.waiting.count);
  const managers = await v1(`reports/response-times?period=today&by=manager&order=-count${query}`);
  const rows = await page.$$eval("#managers tbody tr", (rows) => rows.map((row) => ({
    name: row.cells[0].textContent, cells: [...row.cells].slice(1).map((cell) => cell.querySelector("a")?.title ?? "no data"),
  })));
  const names = managers.columns.findIndex((column) => column.name === "manager_name");
  let compared = 0;
  for (const [place, row] of managers.rows.entries()) {
    const shown = rows.find((shown) => shown.name === row[names]);
    if (exact(managers, place, "count") === "0") continue;
    assert.deepEqual(shown.cells.slice(0, 5), ["count", "mean_s", "p50_s", "p90_s", "within_target_share"].map((name) => exact(managers, place, name)));
    compared += 1;
  }
  assert.ok(compared > 0, "there is something to compare");
  return compared;
};

// Loads the board and says how long that took, in milliseconds: until the page, and until every panel has its figures.
const measure = async (page, act) => {
  const began = performance.now();
  await act();
  await filled(page);
  const all = performance.now() - began;
  const load = await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd);
  return `page ${load.toFixed(0)} ms, all panels ${all.toFixed(0)} ms`;
};

await withBrowser(async (browser) => {
  const { page, seen } = await open(browser);
  await login(page);
  console.log(`first visit: ${seen.bytes} bytes, ${seen.requests} requests with the login page`);
  const before = seen.bytes;
  console.log(`again: ${await measure(page, () => page.goto(`${BASE}/`))}, ${seen.bytes - before} bytes`);
  await page.goto("about:blank");
  await pause(6000);
  console.log(`when nobody looked for a while: ${await measure(page, () => page.goto(`${BASE}/`))}`);

  holds(`the tiles and ${await sameFigures(page)} managers show what the report API gives`);
  await picture(page, "today-light");
  await accessible(page, "light");

  // Theme.
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await colour();
  await page.click("#theme");
  const dark = await colour();
  assert.notEqual(dark, light);
  await page.reload();
  await filled(page);
  assert.equal(await colour(), dark);
  holds("the theme is switched, and stays so");
  await picture(page, "today-dark");
  await accessible(page, "dark");
  await page.click("#theme");
  assert.equal(await colour(), light);

  // Filters stand in the address.
  await go(page, () => page.select('select[name="team"]', "sales"));
  await filled(page);
  assert.equal(new URL(page.url()).searchParams.get("team"), "sales");
  assert.equal(new URL(page.url()).searchParams.has("manager"), false);
  await sameFigures(page, "&team=sales");
  await page.goBack();
  await filled(page);
  holds("a filter stands in the address, and Back undoes it");

  // Sorting.
  await go(page, () => page.click('#managers thead th:nth-child(4) a'));
  await filled(page);
  const medians = await page.$$eval("#managers tbody tr td:nth-child(4) a", (cells) => cells.map((cell) => parseFloat(cell.title)));
  assert.deepEqual(medians, [...medians].sort((a, b) => b - a));
  assert.equal(await page.$eval("#managers th[aria-sort]", (it) => it.textContent), "Median");
  holds("a click on a title sorts by it");

  // Drilling down.
  const messages = Number(await tile(page, "messages"));
  await go(page, () => page.click('[data-figure="messages"]'));
  assert.equal(await page.$$eval("tbody tr", (rows) => rows.length), Math.min(100, messages));
  await accessible(page, "rows");
  await picture(page, "rows", false);
  const csv = await page.$eval("a.csv", (it) => it.href);
  const written = await page.evaluate(async (csv) => (await fetch(csv)).text(), csv);
  assert.ok(written.startsWith("at,direction,author,manager,"), written.slice(0, 80));
  await go(page, () => page.click(".crumb a"));
  await filled(page);
  const cell = await page.$eval("table.heat a", (it) => it.getAttribute("href"));
  await page.goto(BASE + cell);
  assert.ok(await page.$("tbody tr"), cell);
  holds("figures open their rows");

  // Keyboard.
  await page.goto(`${BASE}/`);
  await filled(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  const team = await page.$('select[name="team"]');
  await team.focus();
  await page.keyboard.press("ArrowDown");
  assert.equal(new URL(page.url()).search, "", "an arrow in a filter does not leave the page");
  await go(page, () => page.click("#filters button"));
  assert.equal(new URL(page.url()).searchParams.get("team"), "sales");
  await page.goto(`${BASE}/`);
  await filled(page);
  await page.focus("table.heat a[tabindex='0']");
  const first = await page.evaluate(() => document.activeElement.getAttribute("href"));
  await page.keyboard.press("ArrowRight");
  const second = await page.evaluate(() => [document.activeElement.closest(".heat") !== null, document.activeElement.getAttribute("href")]);
  assert.ok(second[0] && second[1] !== first);
  holds("the keyboard skips to the figures, chooses a filter, and arrows move in the heat map");

  // A phone.
  const phone = await open(browser, { width: 390, height: 844 });
  await login(phone.page);
  const overflow = await phone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than a phone`);
  await picture(phone.page, "today-phone");
  await accessible(phone.page, "phone");

  // An event is seen; what it says is text.
  const evil = `<img src=x onerror="document.title='owned'">`;
  const sent = performance.now();
  await fetch(`${BASE}/v1/events`, {
    method: "POST", headers: { ...bearer.headers, "content-type": "application/json" },
    body: JSON.stringify({ type: "message", conversation: "hostile", contact: evil, channel: "web", author: "contact", at: new Date().toISOString() }),
  });
  await page.waitForFunction((evil) => document.getElementById("live").textContent.includes(evil), { polling: 20 }, evil);
  console.log(`a new event is seen after ${(performance.now() - sent).toFixed(0)} ms`);
  assert.doesNotMatch(await page.title(), /owned/);
  assert.equal(await page.$("#live img"), null);
  holds("a new event is seen without a reload, and its words are text");

  // A hidden page asks for nothing.
  await page.evaluate(() => Object.defineProperty(document, "hidden", { get: () => true }));
  await pause(1500);
  const asked = seen.requests;
  await pause(2500);
  assert.equal(seen.requests, asked);
  holds("a hidden page asks for nothing");

  // Logging out.
  await page.goto(`${BASE}/`);
  await go(page, () => page.click('form[action="/logout"] button'));
  await page.goto(`${BASE}/`);
  assert.equal(new URL(page.url()).pathname, "/login");
  await accessible(page, "login");
  await picture(page, "login", false);
  holds("who logged out is out");

  for (const { faults, hosts } of [seen, phone.seen]) {
    assert.deepEqual(faults, []);
    assert.deepEqual([...hosts], [new URL(BASE).host]);
  }
  holds("no fault on the console, no request to another host");
});
