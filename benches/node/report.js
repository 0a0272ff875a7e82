"use strict";
// Tables of Markdown.

function table(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at].length), 3));
  const line = (cells) => `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

function seconds(value) {
  const units = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];
  const [unit, name] = units.find(([unit]) => value >= unit) ?? units.at(-1);
  return `${(value / unit).toPrecision(3)} ${name}`;
}

function middle(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The median, and the median distance from it. */
function spread(values) {
  const median = middle(values);
  return { median, deviation: middle(values.map((value) => Math.abs(value - median))) };
}

function shown(values) {
  const { median, deviation } = spread(values);
  return `${seconds(median)} ± ${Math.round((100 * deviation) / median)} %`;
}

function ratio(value) {
  if (value >= 0.2) return value.toFixed(2);
  return `${value.toPrecision(2)} (1/${(1 / value).toFixed(0)})`;
}

function wanted({ most, least, seconds: limit }) {
  if (limit !== undefined) return `≤ ${limit * 1000} ms`;
  if (least !== undefined) return `${least} – ${most}`;
  return most < 1 ? `≤ 1/${Math.round(1 / most)}` : `≤ ${most}`;
}

function isReached({ most = Infinity, least = 0, seconds: limit = Infinity }, value, quotient) {
  return value <= limit && (limit !== Infinity || (quotient <= most && quotient >= least));
}

/** What was measured beside the other library. */
function sideBySide(results) {
  const rows = results.map(({ one, values, reason }) => {
    const { target, against = "mmap-io" } = one;
    if (reason) return [one.title, "–", "–", "–", target ? wanted(target) : "–", `not measured: ${reason}`];
    const [ours, base] = [spread(values.mmapio).median, spread(values[against]).median];
    const said = target ? (isReached(target, ours, ours / base) ? "yes" : "missed") : "–";
    return [one.title, shown(values.mmapio), shown(values[against]), ratio(ours / base), target ? wanted(target) : "–", said];
  });
  return table(["case", "mmapio", "beside it", "ratio", "must reach", "reached?"], rows);
}

/** Ways to read, each case with its own contenders. */
function ways(results) {
  return results
    .map(({ one, values, reason }) => {
      if (reason) return `${one.title}: not measured: ${reason}`;
      const base = spread(values[one.against]).median;
      const rows = Object.entries(values).map(([name, times]) => [name, shown(times), ratio(spread(times).median / base)]);
      return table([one.title, "time", `to ${one.against}`], rows);
    })
    .join("\n\n");
}

module.exports = { sideBySide, ways };
