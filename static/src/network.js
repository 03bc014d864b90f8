// The volume of the network page, drawn from the numbers of the table beside it.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

const HEIGHT = 240;
const place = document.querySelector("[data-volume]");
const facts = document.getElementById("volume");

if (place && facts) draw(JSON.parse(facts.textContent));

function draw(volume) {
  let chart = null;
  const paint = () => {
    chart?.destroy();
    chart = new uPlot(options(volume), [volume.at, volume.usd], place);
  };
  paint();
  new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
  new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
}

function options({ language, words, at }) {
  const style = window.getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const whole = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const exact = new Intl.NumberFormat(language, { style: "currency", currency: "USD" });
  const isHourly = at.length > 1 && at[1] - at[0] < 86_400;
  const half = (isHourly ? 3_600 : 86_400) / 2;
  const time = new Intl.DateTimeFormat(language, isHourly ? { hour: "2-digit", minute: "2-digit" } : { month: "short", day: "numeric" });
  const moment = new Intl.DateTimeFormat(language, isHourly ? { dateStyle: "medium", timeStyle: "short" } : { dateStyle: "medium" });
  const axis = { stroke: color("--ink-soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: "13px system-ui" };
  const said = (seconds, format) => format.format(new Date(seconds * 1000));
  return {
    width: place.clientWidth,
    height: HEIGHT,
    scales: { x: { range: [at[0] - half, at.at(-1) + half] }, y: { range: (_chart, _least, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      { ...axis, space: 80, values: (_chart, values) => values.map((value) => said(value, time)) },
      { ...axis, size: 64, values: (_chart, values) => values.map((value) => `$${whole.format(value)}`) },
    ],
    series: [
      { label: words.at, value: (_chart, value) => (value === null ? "–" : said(value, moment)) },
      {
        label: words.usd,
        stroke: color("--way-bright"),
        fill: `color-mix(in srgb, ${color("--way-bright")} 80%, transparent)`,
        width: 0,
        paths: uPlot.paths.bars({ size: [0.8, 64] }),
        points: { show: false },
        value: (_chart, value) => (value === null ? "–" : exact.format(value)),
      },
    ],
    cursor: { y: false },
  };
}
