// Pages whose scripts change what the snippet changed: React, and scripts that fight.
import assert from "node:assert/strict";
import { react, rendered } from "./react.mjs";
import { holds, pause } from "./site.mjs";

const REAL = "+34 910 000 001";

// The page's component; it is sent to the browser as text, so it uses nothing from around it.
const shop = ({ createElement: h, useState }) => () => {
  const real = "+34 910 000 001";
  const [count, setCount] = useState(0);
  return h("main", null,
    h("p", { id: "phone" }, "Call ", real, " now"),
    h("a", { id: "link", href: "tel:+34910000001", title: real }, h("span", null, "+34"), " ", h("b", null, "910"), " 000 001"),
    h("button", { id: "more", onClick: () => setCount(count + 1) }, "clicked ", count),
    h("p", { id: "mixed" }, `${real} (${count})`),
    h("section", { key: count, id: "anew" }, real),
    count % 2 === 1 && h("footer", { id: "late" }, h("a", { href: "tel:+34910000001" }, real)));
};

const page = (site, path, hydrated, options) => {
  const start = hydrated ? "ReactDOM.hydrateRoot(place, element, told)" : "ReactDOM.createRoot(place, told)";
  site.pages.set("/react.js", react());
  // The held picture keeps the page from having loaded; hydration begins when the test says so.
  site.page(path, `<div id="page">${hydrated ? rendered(shop) : ""}</div><img src="/held" alt="">
    <script src="/react.js"></script><script>
      window.faults = [];
      const note = (fault) => { window.faults.push(String(fault)); };
      const told = { onRecoverableError: note, onUncaughtError: note, onCaughtError: note };
      window.start = () => {
        const place = document.getElementById("page"), element = React.createElement((${shop})(React));
        window.root = ${start};
        if (${!hydrated}) window.root.render(element);
      };
    </script>`, options);
};

const rerenders = async (visitor, ours) => {
  const { number } = await visitor.answered();
  await visitor.tab.evaluate(() => {
    window.nodes = ["#phone", "#link", "#more", "#mixed"].map((it) => document.querySelector(it));
    window.texts = [...document.querySelector("#phone").childNodes];
  });
  for (let click = 1; click <= 9; click += 1) {
    await visitor.tab.click("#more");
    await visitor.reads("#more", `clicked ${click}`);
    assert.equal(await visitor.text("#phone"), `Call ${ours} now`);
    assert.equal(await visitor.text("#anew"), ours, "a node made anew");
    // React writes this one back with each click: swapped five times, counting the first, and then React's.
    assert.equal(await visitor.text("#mixed"), `${click < 5 ? ours : REAL} (${click})`);
    if (click % 2 === 1) assert.equal(await visitor.attribute("#late a", "href"), `tel:${number}`);
    else assert.equal(await visitor.tab.$("#late"), null);
  }
  assert.ok(await visitor.tab.evaluate(() => window.nodes.every((it) => it.isConnected)
    && window.texts.every((it) => it.isConnected)));
  await visitor.tab.evaluate(() => window.trunkline.consent(false));
  assert.equal(await visitor.text("#phone"), `Call ${REAL} now`);
  assert.equal(await visitor.attribute("#link", "title"), REAL);
  assert.deepEqual(await visitor.tab.evaluate(() => window.faults), []);
  assert.deepEqual(visitor.faults, []);
  await visitor.tab.evaluate(() => window.root.unmount());
  assert.equal(await visitor.text("#page"), "");
};

const hydration = async (site) => {
  page(site, "/hydrated", true, { script: `data-number="${REAL}" data-wait="load"` });
  const visitor = await site.open("/hydrated");
  const ours = await visitor.written();
  await pause(500);
  assert.equal(await visitor.text("#phone"), `Call ${REAL} now`, "before it has loaded");
  await visitor.tab.evaluate(() => { window.start(); });
  site.held.splice(0).forEach((response) => response.end());
  await visitor.reads("#phone", `Call ${ours} now`);
  await visitor.reads("#link", ours);
  holds("a page that React hydrates is not touched before, and hydrates without a fault");
  await rerenders(visitor, ours);
  holds("React re-renders, makes anew and removes what was swapped; a node it insists on stays its own");
  await visitor.close();
  // The second page has its number from the first, and waits all the same.
  page(site, "/second", true, { script: `data-number="${REAL}" data-wait="load"` });
  const second = await site.open("/hydrated");
  const { number } = await second.answered();
  await second.go("/second");
  assert.equal(await second.tab.evaluate((same) => window.trunkline?.number ?? same, number), number);
  assert.equal(await second.text("#phone"), `Call ${REAL} now`);
  await second.tab.evaluate(() => { window.start(); });
  site.held.splice(0).forEach((response) => response.end());
  await second.reads("#phone", `Call ${await second.written()} now`);
  assert.deepEqual(await second.tab.evaluate(() => window.faults), []);
  assert.deepEqual(second.faults, []);
  await second.close();
  // Not told and not recognised: it is swapped too early, React says so and renders anew, and the page still comes out right.
  page(site, "/untold", true);
  const untold = await site.open("/untold");
  const own = await untold.written();
  await untold.reads("#phone", `Call ${own} now`);
  await untold.tab.evaluate(() => { window.start(); });
  site.held.splice(0).forEach((response) => response.end());
  await untold.tab.waitForFunction(() => window.faults.length > 0);
  assert.match((await untold.tab.evaluate(() => window.faults)).join(), /[Hh]ydrat/);
  await untold.reads("#phone", `Call ${own} now`);
  await untold.tab.click("#more");
  await untold.reads("#more", "clicked 1");
  assert.equal(await untold.text("#phone"), `Call ${own} now`);
  await untold.close();
  holds("a page of React that was touched too early is rendered anew, with the number");
};

const rendering = async (site) => {
  page(site, "/rendered", false);
  const visitor = await site.open("/rendered");
  const ours = await visitor.written();
  await visitor.tab.evaluate(() => { window.start(); });
  site.held.splice(0).forEach((response) => response.end());
  await visitor.reads("#phone", `Call ${ours} now`);
  // In the same frame as React made it: no text with the real number is ever painted.
  await rerenders(visitor, ours);
  holds("a page that React makes in the browser has the number as soon as it is made");
  await visitor.close();
};

// Without a word from the page, the marks of frameworks make the snippet wait.
const marks = async (site) => {
  for (const [name, body] of Object.entries({ root: `<div id="root"><p id="phone">${REAL}</p></div>`,
    module: `<p id="phone">${REAL}</p><script type="module">window.ran = true;</script>` })) {
    site.page(`/${name}`, `${body}<img src="/held" alt="">`);
    const visitor = await site.open(`/${name}`);
    await visitor.answered();
    await pause(300);
    assert.equal(await visitor.text("#phone"), REAL, name);
    site.held.splice(0).forEach((response) => response.end());
    await visitor.shows();
    await visitor.close();
  }
  site.page("/plain", `<p id="phone">${REAL}</p><img src="/held" alt="">`);
  const visitor = await site.open("/plain");
  await visitor.shows();
  assert.equal(await visitor.tab.evaluate(() => document.readyState), "interactive");
  holds("a page of a framework is touched after it has loaded, any other before");
  await visitor.close();
};

const fights = async (site) => {
  site.page("/fights", `<p id="same">${REAL}</p><div id="anew"><p>${REAL}</p></div><p id="calm">${REAL}</p><script>
    window.backs = 0;
    const real = "${REAL}", same = document.getElementById("same").firstChild, anew = document.getElementById("anew");
    new MutationObserver(() => { if (same.data !== real) { window.backs += 1; same.data = real; } })
      .observe(same, { characterData: true });
    new MutationObserver(() => {
      if (anew.textContent !== real) { window.backs += 1; anew.innerHTML = "<p>" + real + "</p>"; }
    }).observe(anew, { childList: true, subtree: true, characterData: true });
  </script>`);
  const visitor = await site.open("/fights");
  await visitor.shows("#calm");
  await pause(2500);
  assert.equal(await visitor.text("#same"), REAL);
  const backs = await visitor.tab.evaluate(() => window.backs);
  assert.ok(backs > 5 && backs < 200, `written back ${backs} times`);
  // The page still answers, and what is new is still swapped.
  await visitor.tab.evaluate((real) => {
    document.body.insertAdjacentHTML("beforeend", `<p id="new">${real}</p>`);
  }, REAL);
  await visitor.shows("#new");
  holds(`a script that writes the real number back wins after ${backs} times, and nothing hangs`);
  await visitor.close();
};

export const cases = { hydration, rendering, marks, fights };
