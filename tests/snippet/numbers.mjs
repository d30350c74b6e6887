// Which texts and links are swapped, and how the new number is written.
import assert from "node:assert/strict";
import { holds } from "./site.mjs";

// Writes the last digits of a number into the # of a mask: how a person would copy it into the page's form.
const masked = (mask, number) => {
  const digits = number.replace(/\D/g, "").slice(-mask.replace(/[^#]/g, "").length);
  let place = 0;
  return mask.replace(/#/g, () => digits[place++]);
};

const statics = async (site) => {
  site.page("/static", `
    <script type="application/ld+json">{"telephone": "+34 910 000 001"}</script>
    <h1 id="top">Call +34 910 000 001 or +34 910 000 001 (24 h)</h1>
    <a id="link" href="tel:+34910000001" title="Call 910 000 001" aria-label="Call +34910000001">910 000 001</a>
    <a id="message" href="sms:+34910000001">write</a>
    <p id="french">+33 910 000 001</p><p id="longer">9100000012, 5910000001</p><p id="other">+34 910 000 002</p>
    <p id="off" data-trunkline="off">+34 910 000 001</p>
    <p id="editable" contenteditable>+34 910 000 001</p>
    <input id="field" value="+34 910 000 001"><textarea id="area">+34 910 000 001</textarea>`);
  const visitor = await site.open("/static");
  const { number, formatted, visit, visitor: who, served } = await visitor.answered();
  const mask = (text) => masked(text, number);
  await visitor.reads("#top", `Call ${mask("+34 ### ### ###")} or ${mask("+34 ### ### ###")} (24 h)`);
  await visitor.reads("#link", mask("### ### ###"));
  assert.equal(await visitor.attribute("#link", "href"), `tel:${number}`);
  assert.equal(await visitor.attribute("#link", "title"), `Call ${mask("### ### ###")}`);
  assert.equal(await visitor.attribute("#link", "aria-label"), `Call ${number}`);
  holds("text, link, title and label show the number in their own form");
  assert.equal(await visitor.attribute("#message", "href"), "sms:+34910000001");
  assert.equal(await visitor.text("#french"), "+33 910 000 001");
  assert.equal(await visitor.text("#longer"), "9100000012, 5910000001");
  assert.equal(await visitor.text("#other"), "+34 910 000 002");
  for (const left of ["#off", "#editable", "#area"]) assert.equal(await visitor.text(left), "+34 910 000 001", left);
  assert.equal(await visitor.attribute("#field", "value"), "+34 910 000 001");
  assert.match(await visitor.text("script[type='application/ld+json']"), /910 000 001/);
  holds("other numbers, fields, what is marked and what search engines read stay");
  const { body } = await visitor.asks("visit");
  assert.deepEqual(body, { visitor: who, url: `${site.origin}/static`, referrer: "", title: "/static" });
  assert.match(who, /^[0-9a-f]{32}$/);
  assert.ok(visit && formatted && served);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
};

const masks = async (site) => {
  const written = ["+7 ### ### ## ##", "8 (###) ###-##-##", "8(###)#######", "###-##-##-###", "+7(###)###-##-##", "7##########",
    "8–###–###–##–##", "+7\u00a0###\u00a0###\u00a0##\u00a0##", "810 7 ### ### ####"];
  const real = "+79100000001";
  const body = written.map((mask, place) => `<p id="m${place}">☎ ${masked(mask, real)}.</p>`);
  site.page("/masks", `${body.join("")}<a id="short" href="tel:8${real.slice(2)}">x</a><a id="coded" href="tel:+7%20910%20000%2000%2001">x</a>`,
    { site: "ru", script: `data-number="${real}"` });
  const visitor = await site.open("/masks");
  const { number } = await visitor.answered();
  for (const [place, mask] of written.entries()) await visitor.reads(`#m${place}`, `☎ ${masked(mask, number)}.`);
  assert.equal(await visitor.attribute("#short", "href"), `tel:8${number.slice(2)}`);
  assert.equal(await visitor.attribute("#coded", "href"), masked("tel:+7%20@###%20###%20##%20##".replace("@", ""), number));
  holds(`${written.length} masks are kept`);
  await visitor.close();
  // A number that does not fit into the page's form is written in the service's.
  site.page("/foreign", `<p id="a">(910) 000 001</p><p id="b">(910 000 001)</p><p id="c"><b>+34</b> <i>910</i> 000 001!</p>
    <a id="d" href="tel:910000001">x</a>`, { site: "de" });
  const foreign = await site.open("/foreign");
  const answer = await foreign.answered();
  await foreign.reads("#a", answer.formatted);
  await foreign.reads("#b", `(${answer.formatted})`);
  await foreign.reads("#c", `${answer.formatted}!`);
  assert.equal(await foreign.attribute("#d", "href"), `tel:${answer.number}`);
  holds("a number of another country is written as the service says");
  await foreign.close();
};

const split = async (site) => {
  site.page("/split", `<p id="spans"><span>+34</span> <b>910</b> 000 <i>0</i>01</p>
    <a id="link" href="tel:+34910000001"><span>+34</span><span>910</span><span>00<b>00</b></span><span>01</span></a>
    <p id="lines"><span>+34</span>
        <span>910 000 001</span></p>
    <p id="two"><span>910 000 001</span><span>910 000 001</span></p>
    <div id="blocks"><div>+34 910</div><div>000 001</div></div>`);
  const visitor = await site.open("/split", { before: () => addEventListener("DOMContentLoaded", () => {
    window.parts = [...document.querySelectorAll("#spans *, #link *")];
  }) });
  const { number } = await visitor.answered();
  const mask = (text) => masked(text, number);
  await visitor.reads("#spans", mask("+34 ### ### ###"));
  await visitor.reads("#link", number);
  await visitor.reads("#two", mask("### ### ###").repeat(2));
  assert.equal((await visitor.text("#lines")).replace(/\s+/g, " "), mask("+34 ### ### ###"));
  assert.deepEqual(await visitor.tab.$$eval("#spans *", (all) => all.map((it) => it.textContent)),
    ["+34", number.slice(3, 6), number.slice(9, 10)]);
  assert.ok(await visitor.tab.evaluate(() => window.parts.every((it) => it.isConnected)));
  assert.equal(await visitor.text("#blocks"), "+34 910000 001");
  holds("a number over several elements is swapped piece by piece, and no element is replaced");
  await visitor.close();
};

const several = async (site) => {
  const body = `<header><p class="phone">+34 910 000 001</p><a class="phone" href="tel:+34930000002">93 000 00 02</a></header>
    <main><p id="free">+34 910 000 001</p><p id="second">93 000 00 02</p>
    <a id="around" href="tel:+34910000001"><span class="phone">910 000 001</span></a></main>`;
  site.page("/several", body, { script: 'data-number="+34 910 000 001; +34 93 000 00 02"' });
  site.page("/selected", body, { script: 'data-number="+34 910 000 001; +34 93 000 00 02" data-selector=".phone; main p"' });
  site.page("/configured", body, { script: "", head: `<script>trunklineConfig = { numbers: [
    { number: "+34 910 000 001", selector: ".phone" }, { number: "+34 93 000 00 02", selector: "[" }] }</script>` });
  const visitor = await site.open("/several");
  const { number } = await visitor.answered();
  const mask = (text) => masked(text, number);
  await visitor.reads("#free", mask("+34 ### ### ###"));
  await visitor.reads("#second", mask("## ### ## ##"));
  await visitor.reads("header a", mask("## ### ## ##"));
  assert.equal(await visitor.attribute("header a", "href"), `tel:${number}`);
  holds("several numbers of a page are swapped, each in its form");
  for (const [path, second] of [["/selected", mask("## ### ## ##")], ["/configured", "93 000 00 02"]]) {
    await visitor.go(path);
    await visitor.answered();
    await visitor.reads("header p", mask("+34 ### ### ###"));
    assert.equal(await visitor.text("#free"), "+34 910 000 001");
    assert.equal(await visitor.text("#second"), second);
    assert.equal(await visitor.text("header a"), "93 000 00 02");
    assert.equal(await visitor.text("#around"), mask("### ### ###"));
    assert.equal(await visitor.attribute("#around", "href"), `tel:${number}`);
  }
  holds("a selector keeps a number to its places; a selector that is none leaves its number");
  await visitor.close();
};

export const cases = { statics, masks, split, several };
