// Draws response time or calls over time with uPlot, from the numbers in the page, in the colours of the theme.
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

  // Lines of the axis of counts are whole numbers.
  const COUNTS = [1, 2, 5].flatMap((step) => [...Array(8).keys()].map((power) => step * 10 ** power)).sort((a, b) => a - b);

  // What both charts have: the axes, the pointer, and a click that opens the rows of its interval.
  const frame = (data, width) => {
    const text = colour("--soft"), line = colour("--line");
    const font = "12px system-ui, sans-serif";
    const axis = { stroke: text, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    const clock = new Intl.DateTimeFormat("en-GB", data.hours
      ? { timeZone: data.tz, hour: "2-digit", minute: "2-digit" }
      : { timeZone: data.tz, day: "numeric", month: "short" });
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
      axis,
      line: { label: data.against, stroke: colour("--before"), width: 1.5, points: { show: false } },
      time: { ...axis, grid: { show: false }, splits: starts, values: (_, at) => at.map((it) => clock.format(it * 1000)) },
      x: { range: [from, to > from ? to : from + 3600] },
      at: { label: "at", value: (_, at) => at == null ? "–" : clock.format(at * 1000) },
      legend: { live: true, markers: { show: false } },
      focus: { prox: 24 },
      cursor: { y: false, points: { size: 7 } },
      hooks: {
        ready: [(u) => u.over.addEventListener("click", () => {
          const place = u.cursor.idx;
          if (place != null && !data.empty(place)) location.href = data.rows[place];
        })],
      },
    };
  };

  // Response time: the median, the band up to p90, and the median of the period before.
  const spread = (data, width) => {
    data.empty = (place) => data.median[place] == null;
    const { axis, time, x, at, line, ...rest } = frame(data, width), accent = colour("--accent");
    const few = { show: data.at.length < 40, size: 5 };
    const value = (_, value) => span(value);
    const shape = {
      ...rest,
      scales: { x, y: { distr: 4, asinh: 60, range: (_, __, most) => [0, Math.max(60, most || 0) * 1.2] } },
      axes: [time, { ...axis, size: 46, splits: (_, __, ___, most) => LINES.filter((it) => it <= most), filter: (_, splits) => splits, values: (_, values) => values.map(span) }],
      series: [
        at,
        { label: "median", stroke: accent, width: 2, points: { ...few, fill: accent }, value },
        { label: "p90", stroke: `${accent}66`, width: 1, points: { show: false }, value },
        { ...line, value },
      ],
      bands: [{ series: [2, 1], fill: `${accent}22` }],
    };
    return [shape, [data.at, data.median, data.p90, data.before]];
  };

  // Calls: bars on top of each other, drawn from the tallest down, and how many there were in the period before.
  const stack = (data, width) => {
    const sums = data.stack.map((_, place) => data.at.map((_, i) => data.stack.slice(0, place + 1).reduce((sum, [, of]) => sum + of[i], 0)));
    data.empty = (place) => sums.at(-1)[place] === 0;
    const { axis, time, x, at, line, ...rest } = frame(data, width);
    const paths = uPlot.paths.bars({ size: [0.78, 64], align: 1 });
    const bars = data.stack.map(([label, of], place) => ({
      label, fill: colour(`--k${place + 1}`), width: 0, paths, points: { show: false },
      value: (_, __, ___, i) => i == null ? "–" : of[i],
    }));
    const shape = {
      ...rest,
      cursor: { y: false, points: { show: false } },
      scales: { x, y: { range: (_, __, most) => [0, Math.max(4, most || 0) * 1.12] } },
      axes: [time, { ...axis, size: 46, incrs: COUNTS }],
      series: [at, ...bars.reverse(), { ...line, paths: uPlot.paths.stepped({ align: 1 }), value: (_, value) => value ?? "–" }],
    };
    return [shape, [data.at, ...sums.reverse(), data.before]];
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
    const [shape, numbers] = (data.stack ? stack : spread)(data, width);
    plot = new uPlot(shape, numbers, place);
    drawn = text;
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.body.addEventListener("boarddraw", () => draw(false));
    document.body.addEventListener("boardtheme", () => draw(true));
    addEventListener("resize", () => draw(false));
  });
})();
