// Draws response time over time with uPlot, from the numbers in the page, in the colours of the theme.
(() => {
  "use strict";
  let plot = null, drawn = "";

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const span = (s) => {
    if (s == null) return "–";
    if (s < 60) return `${Math.round(s)}\u202fs`;
    if (s < 3600) return `${Math.round(s / 60)}\u202fm`;
    if (s < 86400) return `${(s / 3600).toFixed(s < 36000 && s % 3600 ? 1 : 0)}\u202fh`;
    return `${Math.round(s / 86400)}\u202fd`;
  };
  // Lines of the axis of time, which is even up to a minute and grows by ratio from there: a night and a minute are
  // both to be seen.
  const LINES = [0, 60, 300, 1200, 3600, 14400, 43200, 86400, 259200, 864000, 8640000];

  const shapes = (data, width) => {
    const text = colour("--soft"), line = colour("--line"), accent = colour("--accent");
    const font = "12px system-ui, sans-serif";
    const axis = { stroke: text, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    const clock = new Intl.DateTimeFormat("en-GB", data.hours
      ? { timeZone: data.tz, hour: "2-digit", minute: "2-digit" }
      : { timeZone: data.tz, day: "numeric", month: "short" });
    const few = { show: data.at.length < 40, size: 5 };
    const told = (_, value) => span(value);
    // The intervals' own starts, as many as there is room for.
    const starts = () => {
      const step = Math.max(1, Math.ceil(data.at.length / Math.max(1, (width - 60) / 56)));
      return data.at.filter((_, place) => place % step === 0);
    };
    const [from, to] = data.axis;
    return {
      width,
      height: 260,
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), data.tz),
      padding: [12, 12, 0, 0],
      scales: { x: { range: [from, to > from ? to : from + 3600] }, y: { distr: 4, asinh: 60, range: (_, __, most) => [0, Math.max(60, most || 0) * 1.2] } },
      axes: [
        { ...axis, grid: { show: false }, splits: starts, values: (_, at) => at.map((it) => clock.format(it * 1000)) },
        { ...axis, size: 46, splits: (_, __, ___, most) => LINES.filter((it) => it <= most), filter: (_, splits) => splits, values: (_, values) => values.map(span) },
      ],
      legend: { live: true, markers: { show: false } },
      focus: { prox: 24 },
      cursor: { y: false, points: { size: 7 } },
      series: [
        { label: "at", value: (_, at) => at == null ? "–" : clock.format(at * 1000) },
        { label: "median", stroke: accent, width: 2, points: { ...few, fill: accent }, value: told },
        { label: "p90", stroke: `${accent}66`, width: 1, points: { show: false }, value: told },
        { label: data.against, stroke: colour("--before"), width: 1.5, points: { show: false }, value: told },
      ],
      bands: [{ series: [2, 1], fill: `${accent}22` }],
      hooks: {
        ready: [(u) => u.over.addEventListener("click", () => {
          const place = u.cursor.idx;
          if (place != null && data.median[place] != null) location.href = data.rows[place];
        })],
      },
    };
  };

  const draw = (anew) => {
    const place = document.getElementById("chart");
    if (!place || typeof uPlot === "undefined") {
      plot = null;
      drawn = "";
      return;
    }
    const text = place.dataset.chart;
    const width = Math.floor(place.clientWidth);
    if (!anew && text === drawn && plot && plot.width === width) return;
    const data = JSON.parse(text);
    place.replaceChildren();
    plot = new uPlot(shapes(data, width), [data.at, data.median, data.p90, data.before], place);
    drawn = text;
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.body.addEventListener("boarddraw", () => draw(false));
    document.body.addEventListener("boardtheme", () => draw(true));
    addEventListener("resize", () => draw(false));
  });
})();
