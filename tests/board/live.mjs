// Watches how soon the board shows what happens: sends messages of contacts who have never written, each at another moment
// of the page's rhythm, and waits until the list of who waits names them and the tile counts them.
// Asked by the end-to-end test `board`: BASE is the service, TOKEN may read and send. Prints one line of JSON: milliseconds
// from before the sending to the sight, one for each message.
import { filled, open, withBrowser } from "./browser.mjs";

const { BASE, TOKEN } = process.env;
const MESSAGES = 11;
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

const send = async (contact) => {
  const event = { type: "message", conversation: `of-${contact}`, contact, channel: "web", author: "contact", at: new Date() };
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const answer = await fetch(`${BASE}/v1/events`, { method: "POST", headers, body: JSON.stringify(event) });
  if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
};

// Whether the list names the contact, and the tile counts it; before the first event of all there are no tiles.
const shows = (contact, count) => document.getElementById("live").textContent.includes(contact)
  && (count === 1 || Number(document.querySelector('[data-figure="waiting"]').textContent.replace(/\D/g, "")) === count);

await withBrowser(async (browser) => {
  const { page } = await open(browser);
  await page.goto(`${BASE}/`);
  await page.type("#token", TOKEN);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await filled(page);
  const took = [];
  for (let number = 0; number < MESSAGES; number += 1) {
    const contact = `contact-${number}-`;
    await pause(900 + 64 * number);
    const seen = page.waitForFunction(shows, { polling: "mutation", timeout: 20_000 }, contact, number + 1);
    const began = performance.now();
    await send(contact);
    await seen;
    took.push(Math.round(performance.now() - began));
  }
  console.log(JSON.stringify(took));
});
