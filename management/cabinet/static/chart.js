// Draws the charts of a page: [data-chart] holds a management.cabinet.charts.Chart as JSON. uPlot is loaded before.

const HEIGHT = 260;
const drawn = new Map();

function colour(name) {
  // A canvas does not know light-dark(): let the browser work the colour out.
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function faded(stroke) {
  return stroke.replace(/^rgb\((.*)\)$/, "rgba($1, 0.4)");
}

function series(each, stroke) {
  const bars = each.shape === "bars";
  return {
    label: each.label,
    stroke,
    width: bars ? 0 : 2,
    fill: bars ? faded(stroke) : undefined, // a line over bars must stay readable
    paths: bars ? uPlot.paths.bars({ size: [0.6, 40], radius: 0.15 }) : undefined,
    points: { show: false },
  };
}

function draw(place) {
  const data = JSON.parse(place.dataset.chart);
  const colours = ["accent", "good", "warn", "bad"].map(colour);
  const [quiet, line] = [colour("quiet"), colour("line")];
  const numbers = new Intl.NumberFormat(document.documentElement.lang);
  const days = new Intl.DateTimeFormat(document.documentElement.lang, { day: "numeric", month: "short", timeZone: data.zone });
  const hours = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", timeZone: data.zone });
  const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: `12px ${getComputedStyle(document.body).fontFamily}` };
  // Half of a step at both ends, so that no bar is cut.
  const room = data.times.length > 1 ? (data.times.at(-1) - data.times[0]) / (data.times.length - 1) / 2 : 43_200;
  drawn.get(place)?.destroy();
  const chart = new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), data.zone),
      scales: {
        x: { range: (_, first, last) => [first - room, last + room] },
        y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] },
      },
      axes: [
        { ...axis, space: 72, values: (_, splits, __, ___, step) => splits.map((at) => (step < 86_400 ? hours : days).format(at * 1000)) },
        { ...axis, values: (_, splits) => splits.map((at) => numbers.format(at)), size: 64 },
      ],
      series: [
        { label: place.dataset.time, value: (_, at) => (at === null ? "—" : `${days.format(at * 1000)}, ${hours.format(at * 1000)}`) },
        ...data.series.map((each, index) => ({
          ...series(each, colours[index % colours.length]),
          value: (_, held) => (held === null || held === undefined ? "—" : `${numbers.format(held)} ${data.unit}`),
        })),
      ],
    },
    [data.times, ...data.series.map((each) => each.values)],
    place,
  );
  drawn.set(place, chart);
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) drawn.get(target)?.setSize({ width: target.clientWidth, height: HEIGHT });
});

function drawAll(root) {
  for (const place of root.querySelectorAll("[data-chart]")) {
    if (!drawn.has(place)) sizes.observe(place);
    draw(place);
  }
  for (const place of drawn.keys()) if (!place.isConnected) drawn.delete(place);
}

drawAll(document);
document.addEventListener("theme", () => drawAll(document));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document));
document.body.addEventListener("htmx:afterSwap", (event) => drawAll(event.target));
