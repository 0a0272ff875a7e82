"use strict";
// Runs the tests on every runtime that can load the addon, with one build of it, and prints what passed where. The runtimes come from
// the npm registry, in the versions named here; Node's versions are tested from the inside of a worker and of a vm context, too.
//
//   node scripts/runtimes.js [--only NAME]… [--file WORD]…

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const { RUNTIMES: packages, binary, install } = require("./registry.js");

const ROOT = path.join(__dirname, "..");
const MINUTES = 10;

const INSIDE = path.join(__dirname, "inside.js");

/** How each runtime runs a file of tests, and how what it prints is counted. */
function node(name, ...flags) {
  const command = (file) => [...flags, "--test-reporter=tap", file];
  return { name: [name, ...flags].join(" "), package: name, command, counted: ofTap };
}

function inside(where, name) {
  const command = (file) => ["--test-reporter=tap", INSIDE, where, file];
  return { name: `${name} in a ${where}`, package: name, command, counted: ofTap };
}

const RUNTIMES = [
  ...["node18", "node20", "node22", "node24", "node26"].map((name) => node(name)),
  { name: "bun", package: "bun", command: (file) => ["test", "--timeout=600000", file], counted: ofBun },
  { name: "deno", package: "deno", command: (file) => ["test", "-A", "--no-lock", file], counted: ofDeno },
  ...["node20", "node26"].flatMap((name) => [node(name, "--jitless"), node(name, "--expose-gc")]),
  ...["node18", "node20", "node26"].flatMap((name) => [inside("worker", name), inside("vm", name)]),
];

function number(text, pattern) {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

function ofTap(text) {
  const failed = number(text, /^# fail (\d+)/m) + number(text, /^# cancelled (\d+)/m);
  return { passed: number(text, /^# pass (\d+)/m), failed, skipped: number(text, /^# skipped (\d+)/m) };
}

function ofBun(text) {
  return { passed: number(text, /^ *(\d+) pass/m), failed: number(text, /^ *(\d+) fail/m), skipped: number(text, /^ *(\d+) skip/m) };
}

/** Deno calls a test that skips itself passed; the tests' own word tells it. */
function ofDeno(text) {
  const skippedInside = text.match(/^SKIP /gm)?.length ?? 0;
  return {
    passed: number(text, /\| (\d+) passed/) - skippedInside,
    failed: number(text, /\| (\d+) failed/),
    skipped: number(text, /\| (\d+) ignored/) + skippedInside,
  };
}

/** A file of tests on a runtime; one that dies has failed, whatever it had printed. */
function run(runtime, file) {
  const env = { MMAPIO_ROUNDS: "1000", ...process.env, NO_COLOR: "1" };
  const options = { cwd: ROOT, encoding: "utf8", env, timeout: MINUTES * 60_000, maxBuffer: 1 << 28 };
  const ran = spawnSync(binary(runtime.package), runtime.command(file), options);
  const text = `${ran.stdout}\n${ran.stderr}`;
  const counts = runtime.counted(text);
  const isDead = ran.status !== 0 && counts.failed === 0;
  const isEmpty = counts.passed + counts.failed + counts.skipped === 0;
  if (isDead) counts.failed += 1;
  // A group that is skipped as a whole is in no runtime's counts.
  else if (isEmpty) counts.skipped += 1;
  if (counts.failed > 0) {
    console.log(`--- ${runtime.name}: ${file}: ${ran.signal ?? `status ${ran.status}`}\n${text.trim()}\n---`);
  }
  for (const [, line] of text.matchAll(/^(?:# )?((?:ROUNDS|SKIP) .*)$/gm)) console.log(`${runtime.name}: ${line}`);
  return counts;
}

function chosen(flag, all, nameOf) {
  const words = process.argv.flatMap((word, at) => (word === flag ? [process.argv[at + 1]] : []));
  return words.length === 0 ? all : all.filter((one) => words.some((word) => nameOf(one).includes(word)));
}

function main() {
  install("runtimes", packages);
  const files = chosen("--file", fs.readdirSync(path.join(ROOT, "test")).filter((name) => name.endsWith(".test.js")), String);
  const rows = [];
  for (const runtime of chosen("--only", RUNTIMES, (runtime) => runtime.name)) {
    const began = process.hrtime.bigint();
    const sum = { passed: 0, failed: 0, skipped: 0 };
    for (const file of files) {
      const counts = run(runtime, `./test/${file}`);
      for (const key of Object.keys(sum)) sum[key] += counts[key];
    }
    const version = spawnSync(binary(runtime.package), ["--version"], { encoding: "utf8" }).stdout.match(/\d+\.\d+\.\d+/)?.[0];
    const seconds = Number((process.hrtime.bigint() - began) / 1_000_000_000n);
    rows.push({ runtime: runtime.name, version, ...sum, seconds });
    console.log(`${runtime.name}: ${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  }
  show(rows);
  process.exitCode = rows.length === 0 || rows.some((row) => row.failed > 0) ? 1 : 0;
}

function show(rows) {
  const keys = ["runtime", "version", "passed", "failed", "skipped", "seconds"];
  const table = [keys, ...rows.map((row) => keys.map((key) => String(row[key])))];
  const widths = keys.map((_, at) => Math.max(...table.map((line) => line[at].length)));
  const line = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(" | ")} |`;
  const [head, ...body] = table.map(line);
  console.log(["", head, line(widths.map((width) => "-".repeat(width))), ...body].join("\n"));
}

main();
