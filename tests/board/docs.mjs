// Looks at the page of the interface as a person does: reads, follows a link, switches the theme, uses the keyboard.
// Asked by the end-to-end test `openapi`: BASE is the service, PICTURES a folder for pictures. Ends with 1 at a fault.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { axe, open, withBrowser } from "./browser.mjs";

const { BASE, PICTURES } = process.env;

const accessible = async (page, what) => {
  await page.evaluate(readFileSync(axe, "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter((it) => ["serious", "critical"].includes(it.impact));
  const told = serious.map((it) => `${it.id}: ${it.nodes.slice(0, 3).map((node) => node.html).join(" ")}`);
  assert.deepEqual(told, [], what);
  console.log(`ok: axe finds nothing serious: ${what}`);
};

const picture = async (page, name) => {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name}.png` });
};

await withBrowser(async (browser) => {
  const { page, seen } = await open(browser);
  await page.goto(`${BASE}/docs`);
  await accessible(page, "light");
  await picture(page, "docs-light");
  await page.click('nav a[href="#op-report"]');
  const top = await page.$eval("#op-report", (it) => it.getBoundingClientRect().top);
  assert.ok(top >= 0 && top < 100, `the operation is at ${top} px`);
  await picture(page, "docs-report");
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await colour();
  await page.click("#theme");
  assert.notEqual(await colour(), light);
  await accessible(page, "dark");
  await picture(page, "docs-dark");
  await page.goto(`${BASE}/docs`);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  console.log("ok: links, theme, keyboard");

  const phone = await open(browser, { width: 390, height: 844 });
  await phone.page.goto(`${BASE}/docs`);
  const overflow = await phone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than a phone`);
  await picture(phone.page, "docs-phone");
  for (const { faults, hosts } of [seen, phone.seen]) {
    assert.deepEqual(faults, []);
    assert.deepEqual([...hosts], [new URL(BASE).host]);
  }
  console.log("ok: no fault on the console, no request to another host");
});
