"use strict";
// Measures the addon beside @riaskov/mmap-io 1.4.3, and ways to read a file beside each other. Each contender is a process of its own,
// in turns: A B A B, so that a machine that gets slower is slow for all.
//
//   node benches/node/compare.js [--quick] [--rounds N] [--case WORD]… [--markdown FILE]

const { execFileSync, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const { RUNTIMES, TARGET, binary, install } = require("../../node/scripts/registry.js");
const { CASES, READING, SIDE_BY_SIDE } = require("./cases.js");
const { ADVICE, sideBySide, ways } = require("./report.js");

const ROOT = path.join(__dirname, "../..");
const PLACE = path.join(TARGET, "bench-node");
const DATA = path.join(PLACE, "data");
const GIB = 2 ** 30;
const TRIES = 5;
const MARKS = ["<!-- bench-node: begin (written by benches/node/compare.js) -->", "<!-- bench-node: end -->"];

/** Both libraries, ours as an installed package would lie: the scripts and the addon, built for release. */
function libraries() {
  install("runtimes", RUNTIMES);
  const headers = path.join(TARGET, "runtimes/node_modules/node20");
  // Its build needs Node's headers, which the package of the runtime has; nothing is downloaded.
  const env = { npm_config_nodedir: headers, PATH: `${path.join(headers, "bin")}:${process.env.PATH}` };
  const peers = install("bench-node/peers", { "mmap-io": "@riaskov/mmap-io@1.4.3" }, { flags: [], env });
  const own = path.join(PLACE, "mmapio");
  fs.rmSync(own, { recursive: true, force: true });
  fs.cpSync(path.join(ROOT, "node/lib"), path.join(own, "lib"), { recursive: true });
  fs.copyFileSync(path.join(TARGET, "release/libmmapio_node.so"), path.join(own, "lib/mmapio.node"));
  return { "mmapio": path.join(own, "lib/index.js"), "mmap-io": path.join(peers, "node_modules/mmap-io") };
}

/** A gigabyte that no hole and no filesystem can make smaller. */
function makeData() {
  const fd = fs.openSync(DATA, "w");
  const piece = require("node:crypto").randomBytes(2 ** 20);
  for (let at = 0; at < GIB; at += piece.length) fs.writeSync(fd, piece);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

/** Drops the file from memory, and reads it in order where it is to be resident. */
function prepare(library, state) {
  library.evict(DATA, { sync: true });
  if (state === "resident") {
    const fd = fs.openSync(DATA, "r");
    const buffer = Buffer.alloc(2 ** 20);
    while (fs.readSync(fd, buffer) > 0);
    fs.closeSync(fd);
  }
}

function isReady(library, state) {
  const { pages, residentPages } = library.residency(DATA).total;
  return state === "resident" ? residentPages === pages : residentPages === 0;
}

/** The state that a case needs; a reclaimer may take pages at any time. */
function requireState(library, state) {
  for (let attempt = 0; state && !isReady(library, state); attempt += 1) {
    if (attempt === TRIES) throw new Error(`the file cannot be had ${state}`);
    prepare(library, state);
  }
}

function once(one, contender, settings, library) {
  for (let attempt = 1; ; attempt += 1) {
    requireState(library, one.needs);
    const words = [path.join(__dirname, "child.js"), one.name, contender, JSON.stringify(settings)];
    const ran = spawnSync(binary("node20"), words, { encoding: "utf8", timeout: 600_000 });
    if (ran.status === 0) return JSON.parse(ran.stdout)[one.key];
    if (attempt === TRIES) throw new Error((ran.stderr || `ended by ${ran.signal}`).trim().split("\n").find((line) => /Error/.test(line)) ?? ran.stderr);
  }
}

/** All rounds of a case; the first one is not counted. */
function measured(one, settings, library, rounds) {
  const names = Object.keys(one.contenders);
  const values = Object.fromEntries(names.map((name) => [name, []]));
  try {
    for (let round = 0; round <= rounds; round += 1) {
      for (const name of names) {
        const value = once(one, name, settings, library);
        if (round > 0) values[name].push(value);
      }
    }
    return { one, values };
  } catch (error) {
    return { one, reason: error.message };
  }
}

function words(flag) {
  return process.argv.flatMap((word, at) => (word === flag ? [process.argv[at + 1]] : []));
}

function environment() {
  const load = fs.readFileSync("/proc/loadavg", "utf8").split(" ").slice(0, 3).join(" ");
  const node = execFileSync(binary("node20"), ["--version"], { encoding: "utf8" }).trim();
  const memory = `${(os.totalmem() / GIB).toFixed(1)} GiB`;
  const filesystem = execFileSync("stat", ["-f", "-c", "%T", PLACE], { encoding: "utf8" }).trim();
  return `Node ${node}, Linux ${os.release()}, ${os.cpus().length} × ${os.cpus()[0].model}, ${memory}, ${filesystem}, load ${load}`;
}

function text(results, before) {
  const of = (group) => results.filter(({ one }) => group.includes(one));
  const intro = "Medians of wall time where nothing else is said, ± the median distance from it; each contender a process, in turns.";
  const parts = [MARKS[0], `${before}; ${new Date().toISOString().slice(0, 10)}.`, intro];
  if (of(SIDE_BY_SIDE).length > 0) parts.push("## Beside @riaskov/mmap-io 1.4.3", sideBySide(of(SIDE_BY_SIDE)));
  if (of(READING).length > 0) parts.push("## Ways to read a file", ways(of(READING)), ADVICE);
  return [...parts, MARKS[1]].join("\n\n");
}

/** Puts the report where the last one was, or at the end. */
function write(file, report) {
  const old = fs.readFileSync(file, "utf8");
  const [from, to] = MARKS.map((mark) => old.indexOf(mark));
  const made = from >= 0 && to > from ? old.slice(0, from) + report + old.slice(to + MARKS[1].length) : `${old.trimEnd()}\n\n${report}\n`;
  fs.writeFileSync(file, made);
}

function main() {
  const modules = libraries();
  const library = require(modules.mmapio);
  const settings = { modules, data: DATA, scratch: PLACE };
  const isQuick = process.argv.includes("--quick");
  const chosen = words("--case");
  const before = environment();
  makeData();
  try {
    const results = CASES.filter(({ name }) => chosen.length === 0 || chosen.some((word) => name.includes(word))).map((one) => {
      const rounds = isQuick ? 2 : Math.min(Number(words("--rounds")[0] ?? 15), one.rounds ?? Infinity);
      console.error(`${one.name}: ${rounds} rounds`);
      return measured(one, settings, library, rounds);
    });
    const report = text(results, before);
    console.log(report);
    for (const file of words("--markdown")) write(file, report);
  } finally {
    fs.rmSync(DATA, { force: true });
  }
}

main();
