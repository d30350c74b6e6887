// Looks at the board *Sources* as a marketer does: reads, drills down, uploads what advertising cost, and as one who may not.
// Asked by the end-to-end test `board`: BASE is the service, TOKEN may read and send, READER may only read, PICTURES a folder.
// Prints one line for each thing that holds; ends with 1 at the first that does not.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filled, open, withBrowser } from "./browser.mjs";
import { BASE, accessible, exact, go, holds, login, picture, v1 } from "./visit.mjs";

const { READER } = process.env;
// Reports write money as JSON numbers, the board as text with its decimals: they are compared as numbers.
const same = (shown, table, row, name, what) => {
  const given = exact(table, row, name);
  const number = Number(given);
  assert.equal(Number.isNaN(number) ? shown : Number(shown), Number.isNaN(number) ? given : number, `${name} ${what}`);
};
const figure = (page, name) => page.$eval(`#tiles [data-figure="${name}"]`, (it) => it.title || "no data");
const TILES = ["inquiries", "calls", "ambiguous_share", "leads", "won", "revenue", "roi", "spend", "cost_per_lead", "cost_per_call"];
const COLUMNS = ["visits", "inquiries", "calls", "ambiguous_share", "chats", "forms", "leads", "won", "revenue", "spend", "cost_per_lead", "cost_per_call", "roi"];
const POOLS = ["numbers", "in_service", "leased", "visits", "unserved_rate", "predicted_blocking", "served_late", "ambiguous_share", "numbers_for_1pct", "numbers_for_0.1pct", "reuse_p1_s"];
const rows = (page, panel) => page.$$eval(`#${panel} tbody tr`, (rows) => rows.map((row) => ({
  name: row.cells[0].querySelector("a")?.textContent ?? row.cells[0].firstChild.textContent,
  cells: [...row.cells].slice(1).map((cell) => cell.querySelector("[title]")?.title ?? "no data"),
})));

const sameFigures = async (page, by, query = "") => {
  const whole = await v1(`reports/sources?period=month${query}`);
  for (const name of TILES) same(await figure(page, name), whole, 0, name, query);
  const table = await v1(`reports/sources?period=month&by=${by}${query}`);
  const shown = await rows(page, "sources");
  assert.equal(shown.length, table.rows.length, `rows by ${by}${query}`);
  const place = table.columns.findIndex((column) => column.name === by);
  for (const [row, values] of table.rows.entries()) {
    const own = shown.find((one) => one.name === (values[place] ?? "not known"));
    assert.ok(own, `${values[place]} in ${JSON.stringify(shown)}`);
    for (const [column, name] of COLUMNS.entries()) same(own.cells[column], table, row, name, `of ${own.name}${query}`);
  }
  return shown.length;
};

const folder = mkdtempSync(join(tmpdir(), "trunkline-upload-"));
const file = (name, text) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const today = new Date().toISOString().slice(0, 10);
const HEAD = "date,source,medium,campaign,content,term,amount,currency,as_of\n";
const now = new Date().toISOString();
const SPEND = `${HEAD}${today},google,cpc,brand,,,100.50,EUR,${now}
${today},facebook,paid,spring,,,1040,EUR,${now}
${today},radio,,,,,20,EUR,${now}
${today},google,cpc,abroad,,,30,USD,${now}
soon,google,cpc,brand,,,1,EUR,${now}
`;

// Uploads a file and gives what the board says of it.
const upload = async (page, path) => {
  const field = await page.$('#spend input[type="file"]');
  await field.uploadFile(path);
  const answered = page.waitForResponse((it) => it.url().endsWith("/sources/spend"), { timeout: 20_000 });
  await page.evaluate(() => document.getElementById("spend-told").replaceChildren());
  await page.click("#spend button");
  const status = (await answered).status();
  await page.waitForSelector("#spend-told [data-told]", { timeout: 20_000 });
  const counts = await page.$$eval("#spend-told [data-count]", (all) => Object.fromEntries(all.map((it) => [it.dataset.count, Number(it.textContent)])));
  return { status, counts, text: await page.$eval("#spend-told", (it) => it.textContent) };
};

try {
  await withBrowser(async (browser) => {
    const { page, seen } = await open(browser);
    await login(page);
    await go(page, () => page.click('nav.boards a[href="/sources"]'));
    await filled(page);
    assert.equal(await figure(page, "spend"), "0.00");
    assert.match(await page.$eval("#tiles", (it) => it.textContent), /No spend is known in this period/);
    holds(`the tiles and ${await sameFigures(page, "source")} sources show what the report API gives`);

    // Upload: what it says, and the figures after it.
    const sent = Date.now();
    const told = await upload(page, file("march.csv", SPEND));
    assert.deepEqual(told.counts, { accepted: 4, duplicates: 0, refused: 1 });
    assert.match(told.text, /6"soon" is no day/);
    await page.waitForFunction(() => document.querySelector('#tiles [data-figure="spend"]').title === "1160.50", { timeout: 60_000 });
    holds(`an uploaded file is in the figures after ${Date.now() - sent} ms, and a refused row is told with its line`);
    await sameFigures(page, "source");
    const warned = await page.$$eval("#tiles .notice", (all) => all.map((it) => it.textContent.replace(/\s+/g, " ")));
    assert.ok(warned.some((it) => /^20\.00 EUR was spent on sources/.test(it)), warned.join());
    assert.ok(warned.some((it) => /^1 of the amounts count as 0/.test(it)), warned.join());
    holds("spend that matches nothing, and amounts without a rate, are warned of");
    const again = await upload(page, join(folder, "march.csv"));
    assert.deepEqual(again.counts, { accepted: 0, duplicates: 4, refused: 1 });
    holds("the same file again changes nothing");
    await picture(page, "sources-light");
    await accessible(page, "sources, light");
    await page.click("#theme");
    await picture(page, "sources-dark");
    await accessible(page, "sources, dark");
    await page.click("#theme");

    // An export without a column of the source.
    const google = `Campaign report\n"1 - 2 March"\nDay,Campaign,Cost\n${today},brand,"1,101.50"\nTotal: Campaigns,,"1,101.50"\n`;
    await page.click("#spend summary");
    for (const [name, value] of [["source", "google"], ["medium", "cpc"], ["currency", "eur"]]) await page.type(`#spend input[name="${name}"]`, value);
    assert.deepEqual((await upload(page, file("google.csv", google))).counts, { accepted: 1, duplicates: 0, refused: 0 });
    await page.waitForFunction(() => document.querySelector('#tiles [data-figure="spend"]').title === "2161.50", { timeout: 60_000 });
    holds("an export of Google Ads is read as it is, and takes the place of what was stated before");

    // Drilling down by the table: source, medium, campaign, content.
    for (const [name, next, query] of [["google", "medium", "&source=google"], ["cpc", "campaign", "&source=google&medium=cpc"],
      ["brand", "content", "&source=google&medium=cpc&campaign=brand"]]) {
      const link = await page.$$eval("#sources tbody th a", (links, name) => links.find((it) => it.textContent === name).getAttribute("href"), name);
      await page.goto(BASE + link);
      await filled(page);
      await sameFigures(page, next, query);
    }
    assert.match(await page.$eval(".steps", (it) => it.textContent), /All sources › google › cpc › brand/);
    await page.goto(BASE + await page.$eval(".steps a", (it) => it.getAttribute("href")));
    await filled(page);
    assert.equal(new URL(page.url()).searchParams.get("source"), null);
    holds("a source leads to its media, campaigns and contents, and back");

    // Models and bases.
    for (const [query, by] of [["model=linear", "source"], ["model=first&basis=closed", "source"], ["by=origin", "origin"], ["by=channel", "channel"]]) {
      await page.goto(`${BASE}/sources?${query}`);
      await filled(page);
      await sameFigures(page, by, `&${query.replace(/by=\w+/, "")}`);
    }
    await go(page, () => page.select('select[name="model"]', "last"));
    await filled(page);
    assert.equal(new URL(page.url()).searchParams.get("model"), "last");
    holds("the model, whose wins count and what is told apart stand in the address");

    // Sorting, rows behind, CSV.
    await page.goto(`${BASE}/sources?sort=-spend`);
    await filled(page);
    const spent = (await rows(page, "sources")).map((row) => Number(row.cells[9]));
    assert.deepEqual(spent, [...spent].sort((a, b) => b - a));
    await go(page, () => page.click('#tiles [data-figure="calls"]'));
    assert.equal(await page.$$eval("tbody tr", (rows) => rows.length), 3);
    assert.match(await page.$eval(".crumb a", (it) => it.textContent), /Sources/);
    await go(page, () => page.click(".crumb a"));
    await filled(page);
    for (const link of await page.$$eval("a.csv", (links) => links.map((it) => it.getAttribute("href")))) {
      const written = await page.evaluate(async (link) => { const answer = await fetch(link); return [answer.status, await answer.text()]; }, link);
      assert.ok(written[0] === 200 && written[1].includes(","), `${link}: ${written}`);
    }
    const sample = await page.$eval('a[download="spend.csv"]', (it) => it.getAttribute("href"));
    const text = await page.evaluate(async (link) => (await fetch(link)).text(), sample);
    assert.deepEqual((await upload(page, file("sample.csv", text))).counts, { accepted: 4, duplicates: 0, refused: 0 });
    holds("titles sort, figures open their rows, every panel is a CSV, and the sample file can be uploaded");

    // Pools.
    // The load grows while visits hold numbers: what follows from it lies between what the report says before and after.
    const before = await v1("reports/pools?period=month&by=pool");
    await page.goto(`${BASE}/sources?period=month`);
    await filled(page);
    const [pool] = await rows(page, "pools");
    const after = await v1("reports/pools?period=month&by=pool");
    for (const [place, name] of POOLS.entries()) {
      const [least, most] = [before, after].map((table) => exact(table, 0, name));
      if (least === most) same(pool.cells[place], after, 0, name, "of the pool");
      else assert.ok(Number(least) <= Number(pool.cells[place]) && Number(pool.cells[place]) <= Number(most), `${name}: ${least} ${pool.cells[place]} ${most}`);
    }
    holds("pools show what the report API gives");

    const phone = await open(browser, { width: 390, height: 844 });
    await login(phone.page);
    await phone.page.goto(`${BASE}/sources`);
    await filled(phone.page);
    const overflow = await phone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} px wider than a phone`);
    await picture(phone.page, "sources-phone");
    await accessible(phone.page, "sources, phone");

    const reader = await open(browser);
    await login(reader.page, READER);
    await reader.page.goto(`${BASE}/sources`);
    await filled(reader.page);
    assert.equal(await reader.page.$("#spend"), null);
    holds("who may not send events sees no form");

    for (const { faults, hosts } of [seen, phone.seen, reader.seen]) {
      assert.deepEqual(faults, []);
      assert.deepEqual([...hosts], [new URL(BASE).host]);
    }
    holds("no fault on the console, no request to another host");

    // A bad file: why, and nothing changed. The console notes the status of the refusal.
    const bad = await open(browser);
    await login(bad.page);
    await bad.page.goto(`${BASE}/sources`);
    await filled(bad.page);
    const unchanged = await figure(bad.page, "spend");
    for (const [text, why] of [["a,b\n1,2\n", /names a column of days/], ["date,source,amount,currency\n<img src=x onerror=alert(1)>,x,1,EUR\n", /is no day/]]) {
      const { status, text: said } = await upload(bad.page, file("<b>bad.csv", text));
      assert.match(said, why);
      assert.match(said, /<b>bad\.csv/);
      assert.ok(status === 400 || status === 200, String(status));
    }
    assert.equal(await bad.page.$("#spend-told img"), null);
    assert.equal(await figure(bad.page, "spend"), unchanged);
    await picture(bad.page, "sources-bad-file", false);
    holds("a bad file is told why, and what it says is text");
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
