"use strict";

const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const mmap = require("../lib/index.js");

/** A directory that is gone when the test ends. */
function scratch(t) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "mmapio-node-"));
  t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A file of so many bytes, each the low byte of its offset divided by 7, and its descriptor. */
function file(t, length, flags = "r+") {
  const name = path.join(scratch(t), "file");
  fs.writeFileSync(name, content(length));
  const fd = fs.openSync(name, flags);
  t.after(() => fs.closeSync(fd));
  return { name, fd };
}

function content(length) {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at / 7) & 0xff));
}

/** The lines of /proc/self/maps that name a file. */
function mappingsOf(name) {
  return fs.readFileSync("/proc/self/maps", "utf8").split("\n").filter((line) => line.includes(name)).length;
}

function descriptors() {
  return fs.readdirSync("/proc/self/fd").length;
}

/** Runs code in a process of its own, where it may do what it likes. */
function run(code, ...flags) {
  const prelude = `const mmap = require(${JSON.stringify(path.join(__dirname, "../lib/index.js"))});const fs = require("fs");`;
  return spawnSync(process.execPath, [...flags, "-e", prelude + code], { encoding: "utf8" });
}

/** The same with `mmap`, `fs`, `name` and more at hand; answers what it printed as JSON. */
function apart(name, code, ...flags) {
  const prelude = `const mmap = require(${JSON.stringify(path.join(__dirname, "../lib/index.js"))});
    const fs = require("node:fs"), name = ${JSON.stringify(name)}, tell = (value) => console.log(JSON.stringify(value));
    const mappings = () => fs.readFileSync("/proc/self/maps", "utf8").split("\\n").filter((line) => line.includes(name)).length;
    if (globalThis.Bun) globalThis.gc = () => Bun.gc(true);
    const turns = async (count) => { for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate); };`;
  const ran = spawnSync(process.execPath, [...flags, "-e", `${prelude} (async () => { ${code} })()`], { encoding: "utf8", timeout: 60_000, killSignal: "SIGKILL" });
  assert.ok(ran.status === 0, `${ran.signal ?? ran.status}: ${ran.stdout}${ran.stderr.slice(-2000)}`);
  return JSON.parse(ran.stdout);
}

/** Skips a test and says why, also where the runner calls that passed. */
function skip(t, why) {
  console.log(`SKIP ${t.name}: ${why}`);
  t.skip(why);
}

/** Waits until something is so; what does not become so in ten seconds will not. */
async function until(isSo) {
  for (const end = Date.now() + 10_000; !isSo() && Date.now() < end; ) await new Promise(setImmediate);
  return isSo();
}

module.exports = { apart, content, descriptors, file, mappingsOf, mmap, run, scratch, skip, until };
