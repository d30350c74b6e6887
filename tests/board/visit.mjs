// What every visit to a board does: logs in, looks at it with axe, takes pictures.
// BASE is the service, TOKEN may read, PICTURES a folder for pictures.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { axe, filled } from "./browser.mjs";

export const { BASE, TOKEN, PICTURES } = process.env;
export const holds = (what) => console.log(`ok: ${what}`);
export const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

export const bearer = { headers: { authorization: `Bearer ${TOKEN}` } };
export const v1 = async (path) => (await fetch(`${BASE}/v1/${path}`, bearer)).json();

// Reads a value of a report as the board writes it exactly.
export const exact = (table, row, name) => {
  const place = table.columns.findIndex((column) => column.name === name);
  const value = table.rows[row]?.[place] ?? null;
  if (value === null) return "no data";
  return { s: `${Number(value).toFixed(3)} s`, share: Number(value).toFixed(4) }[table.columns[place].unit] ?? String(value);
};

// Logs a page in and waits for the board.
export const login = async (page, token = TOKEN) => {
  await page.goto(`${BASE}/`);
  assert.equal(new URL(page.url()).pathname, "/login");
  await page.type("#token", token);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await filled(page);
};

export const accessible = async (page, what) => {
  await page.evaluate(readFileSync(axe, "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map((it) => `${it.impact} ${it.id}: ${it.nodes.slice(0, 3).map((node) => node.html).join(" ")}`);
  const serious = violations.filter((it) => ["serious", "critical"].includes(it.impact));
  assert.deepEqual(serious.map((it) => it.id), [], `${what}: ${told.join("\n")}`);
  holds(`axe finds nothing serious: ${what}${told.length ? ` (lesser: ${told.join("; ")})` : ""}`);
};

export const picture = async (page, name, fullPage = true) => {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  await pause(400);
  await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage });
};

export const go = (page, act) => Promise.all([page.waitForNavigation(), act()]);
