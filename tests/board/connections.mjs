// Looks at the board *Connections* as a person does who runs the hooks, and as one who may not.
// Asked by the end-to-end test `board`: BASE is the service, TOKEN may read and see the hooks, READER may only read, PICTURES
// is a folder for pictures. Prints one line for each thing that holds; ends with 1 at the first that does not.
import assert from "node:assert/strict";
import { filled, open, withBrowser } from "./browser.mjs";
import { BASE, TOKEN, accessible, go, holds, login, picture } from "./visit.mjs";

const { READER } = process.env;
const hooks = async () => {
  const answer = await fetch(`${BASE}/v1/admin/hooks`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return (await answer.json()).hooks;
};
const fact = (page, hook, name) => page.$$eval(`#hook-${hook} .facts div`, (facts, name) => {
  const fact = facts.find((it) => it.querySelector("dt").textContent === name);
  return fact.querySelector("dd").textContent.replace(/\s/g, "");
}, name);

await withBrowser(async (browser) => {
  const { page, seen } = await open(browser);
  await login(page);
  const boards = await page.$$eval("nav.boards a", (links) => links.map((it) => [it.textContent, it.getAttribute("aria-current")]));
  assert.deepEqual(boards.find(([, current]) => current), ["Today", "page"]);
  await page.focus('nav.boards a[href="/connections"]');
  await go(page, () => page.keyboard.press("Enter"));
  await filled(page);
  assert.equal(await page.$eval("nav.boards [aria-current]", (it) => it.textContent), "Connections");
  holds("the top bar leads to it, by keyboard too");

  for (const told of await hooks()) {
    for (const [name, key] of [["Requests", "requests"], ["Events", "events"], ["Refused", "refused"],
      ["Not understood", "unknown"], ["Of another hook", "shadowed"]]) {
      assert.equal(await fact(page, told.hook, name), String(told[key]), `${told.hook} ${key}`);
    }
  }
  const words = await page.$$eval(".state", (states) => states.map((it) => it.textContent));
  assert.deepEqual(words, ["has no secret", "refused", "nothing yet"]);
  assert.match(await page.$eval("#hook-own .refusals", (it) => it.textContent), /webhook-id is missing/);
  holds("each hook shows what GET /v1/admin/hooks says, and why something was refused");

  // What is open stays open while the figures change.
  await page.click("#recent-own summary");
  await page.click("#guide-own summary");
  assert.match(await page.$eval("#guide-own", (it) => it.textContent), /\/v1\/hooks\/own/);
  await picture(page, "connections-light");
  await accessible(page, "connections, light");
  const before = Number(await fact(page, "own", "Refused"));
  await fetch(`${BASE}/v1/hooks/own`, { method: "POST", body: "forged" });
  await page.waitForFunction((wanted) => [...document.querySelectorAll("#hook-own dd.bad")].some((it) => it.textContent === wanted),
    { timeout: 5_000 }, String(before + 1));
  assert.equal(await page.$eval("#recent-own", (it) => it.open), true);
  holds("a refusal is seen without a reload, and what was opened stays so");
  await page.click("#theme");
  await picture(page, "connections-dark");
  await accessible(page, "connections, dark");
  const csv = await page.$eval("a.csv", (it) => it.href);
  const written = await page.evaluate(async (csv) => (await fetch(csv)).text(), csv);
  assert.ok(written.startsWith("hook,provider,address,"), written);

  const phone = await open(browser, { width: 390, height: 844 });
  await login(phone.page);
  await phone.page.goto(`${BASE}/connections`);
  await filled(phone.page);
  const overflow = await phone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than a phone`);
  await picture(phone.page, "connections-phone");
  await accessible(phone.page, "connections, phone");

  const reader = await open(browser);
  await login(reader.page, READER);
  await reader.page.goto(`${BASE}/connections`);
  await filled(reader.page);
  assert.match(await reader.page.$eval("#connections", (it) => it.textContent), /scope admin/);
  assert.equal(await reader.page.$(".hook"), null);
  holds("who may not see them is told so");

  for (const { faults, hosts } of [seen, phone.seen, reader.seen]) {
    assert.deepEqual(faults, []);
    assert.deepEqual([...hosts], [new URL(BASE).host]);
  }
  holds("no fault on the console, no request to another host");
});
