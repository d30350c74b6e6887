// Looks at the board *Calls* as a person does: reads, filters, drills down, watches a call come in and end.
// Asked by the end-to-end test `board`: BASE is the service, TOKEN may read and send, PICTURES a folder for pictures.
// Prints one line for each thing that holds; ends with 1 at the first that does not.
import assert from "node:assert/strict";
import { filled, open, withBrowser } from "./browser.mjs";
import { BASE, TOKEN, accessible, exact, go, holds, login, picture, v1 } from "./visit.mjs";

const tile = (page, name, place = 1) => page.$eval(`#tile-${name} .figure:nth-child(${place}) [data-figure]`, (it) => it.title);
const send = async (event) => {
  const answer = await fetch(`${BASE}/v1/events`, {
    method: "POST", headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ type: "call", call: "seen", at: new Date(), ...event }),
  });
  assert.equal(answer.status, 202, await answer.text());
};

const sameFigures = async (page, query = "") => {
  const inbound = await v1(`reports/calls?period=today&direction=inbound${query}`);
  const outbound = await v1(`reports/calls?period=today&direction=outbound${query}`);
  const open = await v1(`reports/missed-calls?from=${new Date(Date.now() - 30 * 86400000).toISOString()}${query}`);
  for (const [name, place, table, figure] of [
    ["calls", 1, inbound, "calls"], ["calls", 2, outbound, "calls"], ["answered", 1, inbound, "answer_rate"],
    ["level", 1, inbound, "service_level"], ["wait", 1, inbound, "wait_p50_s"], ["wait", 2, inbound, "wait_p90_s"],
  ]) assert.equal(await tile(page, name, place), exact(table, 0, figure), `${figure}${query}`);
  assert.equal(await page.$eval('[data-figure="open"]', (it) => it.textContent), exact(open, 0, "open"));
  const filter = new URLSearchParams(query);
  const live = await v1(`live?limit=1000${filter.has("team") ? `&team=${filter.get("team")}` : ""}`);
  const ours = live.calls.filter((it) => !filter.has("number") || (it.direction === "outbound" ? it.from : it.to) === filter.get("number"));
  const going = await page.$eval('[data-figure="in_progress"]', (it) => it.textContent.replace(/\D/g, ""));
  assert.equal(Number(going), ours.length);
  const managers = await v1(`reports/calls?period=today&by=manager${query}`);
  const rows = await page.$$eval("#managers tbody tr", (rows) => rows.map((row) => ({
    name: row.cells[0].textContent, cells: [...row.cells].slice(1).map((cell) => cell.querySelector("a")?.title ?? "no data"),
  })));
  const names = managers.columns.findIndex((column) => column.name === "manager_name");
  const figures = ["calls", "share", "participations", "talk_sum_s", "talk_mean_s", "wait_mean_s", "taken", "not_taken", "take_rate"];
  let compared = 0;
  for (const [place, row] of managers.rows.entries()) {
    const shown = rows.find((shown) => shown.name === row[names]);
    if (row[names] === null || !shown) continue;
    assert.deepEqual(shown.cells, figures.map((name) => exact(managers, place, name)), row[names]);
    compared += 1;
  }
  assert.ok(compared > 0, "there is something to compare");
  // All that the chart draws, added up, are the calls of the tile.
  const chart = await page.$eval("#chart", (it) => JSON.parse(it.dataset.chart));
  const drawn = chart.stack.reduce((sum, [, of]) => sum + of.reduce((sum, count) => sum + count, 0), 0);
  assert.equal(drawn, Number(exact(inbound, 0, "calls")));
  return compared;
};

// A panel is kept for five seconds: what was sent just now may be missing from it until then.
const settled = async (page, query) => {
  for (const until = Date.now() + 10000; ;) {
    try {
      return await sameFigures(page, query);
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    await page.reload();
    await filled(page);
  }
};

// Calls that go on while we look.
const ago = (s) => new Date(Date.now() - s * 1000);
for (const [call, from, since, phases] of [
  ["on-1", "+34600100201", 412, [["ringing", 400, "ana"], ["answered", 394, "ana"]]],
  ["on-2", "+34600100202", 95, [["ringing", 90, "luis"], ["answered", 85, "luis"]]],
  ["on-3", "+34600100203", 21, [["ringing", 9, "eva"]]],
  ["on-4", "+34600100204", 14, [["queued", 11]]],
]) {
  await send({ call, phase: "started", direction: "inbound", from, to: "+34910000101", at: ago(since) });
  for (const [phase, at, manager] of phases) await send({ call, phase, at: ago(at), ...(manager ? { manager, leg: "l1" } : {}) });
}

await withBrowser(async (browser) => {
  const { page, seen } = await open(browser);
  await login(page);
  await go(page, () => page.click('nav.boards a[href="/calls"]'));
  await filled(page);
  holds(`the tiles, the chart and ${await settled(page)} managers show what the report API gives`);
  await picture(page, "calls-light");
  await accessible(page, "calls, light");
  await page.click("#theme");
  await picture(page, "calls-dark");
  await accessible(page, "calls, dark");
  await page.click("#theme");

  // Filters stand in the address.
  await go(page, () => page.select('select[name="team"]', "sales"));
  await filled(page);
  assert.equal(new URL(page.url()).searchParams.get("team"), "sales");
  await settled(page, "&team=sales");
  const number = await page.$eval('select[name="number"] option:nth-child(2)', (it) => it.value);
  await page.goto(`${BASE}/calls?number=${encodeURIComponent(number)}`);
  await filled(page);
  await settled(page, `&number=${encodeURIComponent(number)}`);
  await page.goto(`${BASE}/calls?direction=outbound&credit=longest&period=week`);
  await filled(page);
  const week = await v1("reports/calls?period=week&direction=outbound");
  assert.equal(await tile(page, "answered"), exact(week, 0, "connect_rate"));
  holds("filters stand in the address: team, number, direction, credit, period");

  // Drilling down, sorting, CSV.
  await page.goto(`${BASE}/calls`);
  await filled(page);
  const calls = Number(await tile(page, "calls"));
  await go(page, () => page.click("#tile-calls a[data-figure]"));
  assert.equal(await page.$$eval("tbody tr", (rows) => rows.length), Math.min(100, calls));
  await accessible(page, "rows of calls");
  await picture(page, "calls-rows", false);
  assert.match(await page.$eval(".crumb a", (it) => it.textContent), /Calls/);
  await go(page, () => page.click(".crumb a"));
  await filled(page);
  await go(page, () => page.click("#managers thead th:nth-child(5) a"));
  await filled(page);
  const talks = await page.$$eval("#managers tbody tr td:nth-child(5) a", (cells) => cells.map((cell) => parseFloat(cell.title)));
  assert.deepEqual(talks, [...talks].sort((a, b) => b - a));
  for (const link of await page.$$eval("a.csv", (links) => links.map((it) => it.getAttribute("href")))) {
    const written = await page.evaluate(async (link) => { const answer = await fetch(link); return [answer.status, await answer.text()]; }, link);
    assert.ok(written[0] === 200 && written[1].includes(","), `${link}: ${written}`);
  }
  const cell = await page.$eval("table.heat a", (it) => it.getAttribute("href"));
  await page.goto(BASE + cell);
  assert.ok(await page.$("tbody tr"), cell);
  holds("figures open their rows, titles sort, every panel is a CSV");

  // Whom to call back: the oldest first, each leads to its episode.
  await page.goto(`${BASE}/calls`);
  await filled(page);
  const since = await page.$$eval("#back time", (times) => times.map((it) => Number(it.dataset.since)));
  assert.ok(since.length > 0 && since.every((at, place) => place === 0 || since[place - 1] <= at), String(since));
  await go(page, () => page.click("#back tbody a"));
  assert.equal(await page.$$eval("tbody tr", (rows) => rows.length), 1);
  await page.goto(`${BASE}/calls`);
  await filled(page);
  holds("whom to call back is listed from the oldest, and each leads to its calls");

  // A call is seen while it goes on; what it says is text.
  const going = Number(await page.$eval('[data-figure="in_progress"]', (it) => it.textContent));
  const shows = (text) => page.waitForFunction((text) => document.getElementById("now").textContent.includes(text), { timeout: 10_000 }, text);
  const evil = "<img src=x onerror=alert(1)>";
  await send({ phase: "started", direction: "inbound", from: evil, to: "+34910000101", id: "seen-1" });
  await shows(evil);
  await send({ phase: "ringing", leg: "l1", manager: "ana", id: "seen-2" });
  await shows("ringing");
  assert.equal(await page.$("#now img"), null);
  assert.equal(Number(await page.$eval('[data-figure="in_progress"]', (it) => it.textContent)), going + 1);
  await send({ phase: "ended", id: "seen-3" });
  await page.waitForFunction((evil) => !document.getElementById("now").textContent.includes(evil), { timeout: 10_000 }, evil);
  holds("a call is seen when it begins, rings and ends");

  const phone = await open(browser, { width: 390, height: 844 });
  await login(phone.page);
  await phone.page.goto(`${BASE}/calls`);
  await filled(phone.page);
  const overflow = await phone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than a phone`);
  await picture(phone.page, "calls-phone");
  await accessible(phone.page, "calls, phone");

  for (const { faults, hosts } of [seen, phone.seen]) {
    assert.deepEqual(faults, []);
    assert.deepEqual([...hosts], [new URL(BASE).host]);
  }
  holds("no fault on the console, no request to another host");
});
