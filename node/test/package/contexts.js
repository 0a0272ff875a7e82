"use strict";
// mmapio in worker threads that come and go, and with buffers of another realm.

const assert = require("node:assert");
const vm = require("node:vm");
const { Worker, isMainThread } = require("node:worker_threads");

const exercise = require("./exercise.js");
const mmap = require("mmapio");

/** A module that is loaded in a realm of its own, and views that realm made of a mapping. */
function realms() {
  const source = "(mmap, exercise) => exercise(mmap)";
  assert.strictEqual(vm.runInNewContext(source)(mmap, exercise), "works");
  const bytes = mmap.anonymous(mmap.PAGESIZE).buffer;
  const view = vm.runInNewContext("new Uint8Array(memory)", { memory: bytes.buffer });
  assert.ok(!(view instanceof Uint8Array));
  view[0] = 7;
  assert.strictEqual(bytes[0], 7);
  assert.strictEqual(mmap.incore(view)[1], 1);
  assert.strictEqual(mmap.unmap(view), true);
  assert.strictEqual(bytes.length, 0);
}

function thread() {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename);
    worker.on("error", reject).on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
  });
}

async function main() {
  realms();
  for (let round = 0; round < 3; round += 1) await Promise.all([thread(), thread()]);
  exercise(mmap);
  console.log("works");
}

if (isMainThread) main();
else exercise(mmap);
