"use strict";
// Every value in every place of every function: the right answer, or an error that says what is wrong; never the end of the process.

const assert = require("node:assert");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");

const { CALLS } = require("./fuzz/calls.js");
const { mmap, scratch } = require("./helpers.js");

/** A directory in memory, where there is one: what is asked for may be large, and is slow to be written. */
function quickScratch(t) {
  if (!fs.existsSync("/dev/shm")) return scratch(t);
  const dir = fs.mkdtempSync("/dev/shm/mmapio-node-");
  t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs a script in a process of its own, which tells each call before it makes it; answers what it told at the end. */
async function told(t, script, ...args) {
  const child = spawn(process.execPath, [path.join(__dirname, "fuzz", script), ...args], { cwd: quickScratch(t) });
  let [out, err] = ["", ""];
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (err += data));
  const [code, signal] = await new Promise((resolve) => child.once("close", (...how) => resolve(how)));
  const last = out.trimEnd().slice(-300).split("\n").at(-1);
  assert.ok(code === 0 && signal === null, `${signal ?? code} at ${last}\n${err.slice(-2000)}`);
  return JSON.parse(last.startsWith("{") ? last : out.trimEnd().split("\n").at(-1));
}

test("every argument of every function", { concurrency: 2 }, async (t) => {
  await Promise.all(Object.keys(CALLS).map((name) =>
    t.test(name, async (t) => {
      const { count, wrong } = await told(t, "arguments.js", name);
      assert.deepStrictEqual(wrong, []);
      assert.ok(count >= 70, `${count} calls`);
    })));
});

test("a method of another object's", () => {
  const { prototype } = mmap.MappedFile;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const { value, get } = Object.getOwnPropertyDescriptor(prototype, name);
    if (name === "constructor" || name === "removeAllListeners") continue;
    for (const other of [undefined, null, 1, {}, Object.create(prototype), new Proxy(Object.create(prototype), {}), Buffer.alloc(1)]) {
      const call = () => (get ?? value).call(other, 0, 0);
      if (name.endsWith("Async")) assert.rejects(call, TypeError);
      else if (name === "runs") assert.throws(() => [...call()], TypeError);
      else assert.throws(call, TypeError, name);
    }
  }
});

test("the addon itself, which nobody is to call", async (t) => {
  const { count } = await told(t, "native.js");
  assert.ok(count > 5000, `${count} calls`);
});
