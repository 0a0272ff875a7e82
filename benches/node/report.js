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

function wanted({ most, seconds: limit }) {
  if (limit !== undefined) return `≤ ${limit * 1000} ms`;
  return most < 1 ? `≤ 1/${Math.round(1 / most)}` : `≤ ${most}`;
}

function isReached({ most, seconds: limit }, value, quotient) {
  return limit === undefined ? quotient <= most : value <= limit;
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
  const head = ["case", "mmapio", "beside it", "ratio", "must reach", "reached?"];
  return [table(head, rows), ...results.flatMap(others)].join("\n\n");
}

/** What was measured besides, for comparison. */
function others({ one, values = {} }) {
  const { against = "mmap-io" } = one;
  const rest = Object.entries(values).filter(([name]) => name !== "mmapio" && name !== against);
  return rest.map(([name, times]) => `${one.title}; ${name}: ${shown(times)}.`);
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

/** What follows from it for those who choose. */
const ADVICE = `When not to map:

- Small files as a whole. A mapping takes some system calls more than it saves until the file has about 100 KiB: \`fs.readFileSync\`.
- Single places of a file that is not in memory. Each touch waits for the storage, and the event loop with it, and reads what lies around
  the place too: \`advice: "random"\` leaves that out, \`fs.read\` waits elsewhere, for many places at once; or \`warmAsync\` before.
- Files that are read once, from the beginning to the end, and are not in memory: then the storage is what one waits for.
- Files that others truncate, where zeros instead of an error will not do.

Map what is in memory, or will be, and is read in no order or more than once: nothing is copied, nothing is allocated, and all processes
share it.`;

module.exports = { ADVICE, sideBySide, ways };
