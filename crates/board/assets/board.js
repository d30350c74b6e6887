// What the page does by itself: fetches what changed, ages what waits, switches the theme.
//
// A hidden page fetches nothing. The live panel is asked for every 700 ms and answered 304 unless it
// changed; a change makes the figures be asked for, at most every two seconds. htmx does the fetching.
(() => {
  "use strict";
  const LIVE = 700, SOON = 1200, FIGURES = 2000, FIGURES_ANYWAY = 15000, CHARTS = 30000;
  const page = document.getElementById("main");
  const say = (name) => document.body.dispatchEvent(new CustomEvent(name));

  // Theme.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const paint = () => {
    if (button) {
      button.setAttribute("aria-pressed", String(isDark()));
      button.textContent = isDark() ? "Light" : "Dark";
    }
    say("boardtheme");
  };
  button?.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // It holds for this page.
    }
    paint();
  });
  dark.addEventListener("change", paint);
  paint();

  // A link that logs in once.
  document.getElementById("once")?.requestSubmit();

  // Filters: a choice is asked for at once, but one made with keys, where each arrow is a choice, by the button that then
  // shows; the dates show when they are chosen.
  const filters = document.getElementById("filters");
  const dates = () => filters.classList.toggle("with-dates", filters.period.value === "dates");
  const submit = () => {
    for (const field of filters.elements) field.disabled = field.name !== "" && field.value === "";
    if (filters.period.value !== "dates") filters.from.disabled = filters.to.disabled = true;
    filters.submit();
  };
  if (filters) {
    const keys = (on) => () => filters.classList.toggle("by-keys", on);
    dates();
    filters.addEventListener("keydown", keys(true));
    filters.addEventListener("pointerdown", keys(false));
    filters.addEventListener("change", (event) => {
      dates();
      if (filters.classList.contains("by-keys")) return;
      const waits = filters.period.value === "dates" && !filters.from.value;
      if (!waits && !(event.target === filters.period && filters.period.value === "dates")) submit();
    });
  }
  filters?.querySelector("button").addEventListener("click", (event) => {
    event.preventDefault();
    submit();
  });
  addEventListener("pageshow", () => {
    for (const field of filters?.elements ?? []) field.disabled = false;
  });

  if (!document.querySelector("[data-live], [data-follows]")) return;

  // Ages.
  const ahead = Date.now() - Number(page.dataset.now);
  const two = (number) => String(number).padStart(2, "0");
  const age = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000)), m = Math.floor(s / 60), h = Math.floor(m / 60);
    if (s < 60) return `${s}\u202fs`;
    if (m < 10) return `${m}\u202fm ${two(s % 60)}\u202fs`;
    if (h < 1) return `${m}\u202fm`;
    if (h < 24) return `${h}\u202fh ${two(m % 60)}\u202fm`;
    return `${Math.floor(h / 24)}\u202fd ${two(h % 24)}\u202fh`;
  };
  const grow = () => {
    const now = Date.now() - ahead;
    for (const time of document.querySelectorAll("time[data-since]")) {
      const text = age(now - Number(time.dataset.since));
      if (time.textContent !== text) time.textContent = text;
    }
  };

  // What changed.
  const pulse = document.getElementById("pulse");
  const tags = new WeakMap();
  const last = { figures: Date.now(), charts: Date.now() };
  let changed = 0, failed = 0;
  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail, tag = tags.get(ctx.sourceElement);
    if (tag) ctx.request.headers["If-None-Match"] = tag;
  });
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail, status = ctx.response.status;
    // A form that changes figures, and says itself what became of it.
    if ("changes" in ctx.sourceElement.dataset) {
      if (status < 300) [changed, last.figures] = [Date.now() - SOON - 1, 0];
      return;
    }
    failed = status < 400 ? 0 : failed + 1;
    if (status === 200) {
      if ("live" in ctx.sourceElement.dataset && tags.has(ctx.sourceElement)) changed ||= Date.now();
      tags.set(ctx.sourceElement, ctx.response.headers.get("ETag"));
    }
  });
  document.addEventListener("htmx:error", (event) => {
    failed += 1;
    const form = event.detail.ctx?.sourceElement;
    if (form && "changes" in form.dataset) document.getElementById("spend-told").textContent = "The file could not be sent: try again.";
  });
  document.querySelector("input[data-most]")?.addEventListener("change", ({ target }) => {
    const large = [...target.files].some((file) => file.size > Number(target.dataset.most));
    target.setCustomValidity(large ? "The file is too large: upload it in parts." : "");
  });
  document.addEventListener("htmx:after:swap", () => { grow(); heat(); say("boarddraw"); });

  const tick = () => {
    if (document.hidden) return;
    const now = Date.now();
    say("boardtick");
    const due = changed && now - changed > SOON && now - last.figures > FIGURES;
    if (due || now - last.figures > FIGURES_ANYWAY) {
      changed = 0;
      last.figures = now;
      say("boardfigures");
    }
    if (now - last.charts > CHARTS) {
      last.charts = now;
      say("boardcharts");
    }
    grow();
    pulse.textContent = failed > 2 ? "no answer" : "live";
    pulse.classList.toggle("off", failed > 2);
  };

  // The heat map is one stop of the Tab key; arrows move in it.
  const heat = () => {
    const links = [...document.querySelectorAll("table.heat a")];
    if (links.length && !links.some((link) => link.tabIndex === 0)) links[0].tabIndex = 0;
  };
  document.getElementById("heat")?.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const cell = event.target.closest("table.heat td");
    if (!step || !cell) return;
    event.preventDefault();
    const rows = [...cell.closest("tbody").rows];
    let row = rows.indexOf(cell.parentElement), column = cell.cellIndex;
    for (;;) {
      row += step[0];
      column += step[1];
      const next = rows[row]?.cells[column];
      if (!next || column === 0) return;
      const link = next.querySelector("a");
      if (link) {
        event.target.tabIndex = -1;
        link.tabIndex = 0;
        link.focus();
        return;
      }
    }
  });

  document.addEventListener("visibilitychange", tick);
  setInterval(tick, LIVE);
})();
