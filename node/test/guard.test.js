"use strict";
// A file that shrinks under threads that read its mapping as fast as they can: compiled loops, and Node's own C++ on the buffer.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");
const { Worker } = require("node:worker_threads");

const { file, mmap, run, skip } = require("./helpers.js");

const { PAGESIZE } = mmap;
const ROUNDS = Number(process.env.MMAPIO_ROUNDS ?? 200);
const PAGES = 64;
const SIZE = PAGES * PAGESIZE;
const BYTE = 0x5a;
/** What one side waits for the other at the most. */
const PATIENCE = 60_000;

/** Numbers that both sides see. */
const SLOT = { begun: 0, ended: 1, passes: 2, done: 3, faults: 4, faultedRounds: 5, wrong: 6, sum: 7 };

/** How a reader goes over the bytes; each answers how many are neither the file's nor zero. */
const READERS = {
  loop: `
    let wrong = 0;
    for (let at = 0; at < buffer.length; at += 16) {
      const byte = buffer[at];
      if (byte !== ${BYTE} && byte !== 0) wrong += 1;
    }
    return wrong;`,
  words: `
    const words = new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length / 4);
    let wrong = 0;
    for (let at = 0; at < words.length; at += 1) if (words[at] !== 0x5a5a5a5a && words[at] !== 0) wrong += 1;
    return wrong;`,
  calls: `
    const copy = Buffer.from(buffer);
    const found = buffer.indexOf(1) === -1 && buffer.includes("mmap") === false;
    const text = buffer.toString("hex", buffer.length - 64);
    return (found ? 0 : 1) + (copy.length === buffer.length ? 0 : 1) + (/^(5a|00)*$/.test(text) ? 0 : 1);`,
};

/** A reader maps the file anew each round, since a page that once faulted is its own and faults no more. */
function reader(name, how, slots) {
  const code = `
    const { workerData: { slots, name } } = require("node:worker_threads");
    const mmap = require(${JSON.stringify(path.join(__dirname, "../lib/index.js"))});
    const SLOT = ${JSON.stringify(SLOT)};
    const pass = (buffer) => {${READERS[how]}};
    for (let round = 1; round <= ${ROUNDS}; round += 1) {
      while (Atomics.load(slots, SLOT.begun) < round) Atomics.wait(slots, SLOT.begun, round - 1, ${PATIENCE});
      const file = mmap.open(name);
      const buffer = file.buffer;
      while (Atomics.load(slots, SLOT.ended) < round) {
        Atomics.add(slots, SLOT.wrong, pass(buffer));
        Atomics.add(slots, SLOT.passes, 1);
        Atomics.notify(slots, SLOT.passes);
      }
      const { count, truncated } = file.faults;
      Atomics.add(slots, SLOT.faults, count);
      if (count > 0 && truncated) Atomics.add(slots, SLOT.faultedRounds, 1);
      file.close();
      Atomics.store(slots, SLOT.done, round);
      Atomics.notify(slots, SLOT.done);
    }`;
  return new Worker(code, { eval: true, workerData: { slots, name } });
}

function waitUntil(slots, slot, least) {
  for (;;) {
    const now = Atomics.load(slots, slot);
    if (now >= least) return;
    assert.notStrictEqual(Atomics.wait(slots, slot, now, PATIENCE), "timed-out", `waited for slot ${slot} to be ${least}`);
  }
}

/** Two more passes: one of them began after this was called. */
function waitForPasses(slots) {
  waitUntil(slots, SLOT.passes, Atomics.load(slots, SLOT.passes) + 2);
}

function tell(slots, slot, round) {
  Atomics.store(slots, slot, round);
  Atomics.notify(slots, slot);
}

/** The file is whole, shrinks while it is read, and grows again while it is read. */
function oneRound(fd, slots, round, whole) {
  fs.writeSync(fd, whole, 0, SIZE, 0);
  tell(slots, SLOT.begun, round);
  waitForPasses(slots);
  fs.ftruncateSync(fd, (round % (PAGES - 1)) * PAGESIZE + (round % 3) * 100);
  waitForPasses(slots);
  fs.ftruncateSync(fd, SIZE);
  waitForPasses(slots);
  tell(slots, SLOT.ended, round);
  waitUntil(slots, SLOT.done, round);
}

for (const how of Object.keys(READERS)) {
  test(`${ROUNDS} truncations under a thread that reads: ${how}`, async (t) => {
    const { name, fd } = file(t, SIZE);
    const whole = Buffer.alloc(SIZE, BYTE);
    fs.writeSync(fd, whole, 0, SIZE, 0);
    const slots = new Int32Array(new SharedArrayBuffer(4 * Object.keys(SLOT).length));
    const worker = reader(name, how, slots);
    t.after(() => worker.terminate());
    const ended = new Promise((resolve, reject) => {
      worker.once("exit", resolve);
      worker.once("error", reject);
    });
    await new Promise((resolve) => worker.once("online", resolve));
    for (let round = 1; round <= ROUNDS; round += 1) oneRound(fd, slots, round, whole);
    await ended;
    const [passes, faults, faulted, wrong] = ["passes", "faults", "faultedRounds", "wrong"].map((slot) => slots[SLOT[slot]]);
    console.log(`ROUNDS ${how}: ${ROUNDS} truncations, ${passes} passes, ${faults} faults answered in ${faulted} rounds`);
    assert.strictEqual(wrong, 0);
    assert.strictEqual(faulted, ROUNDS);
  });
}

/** A mapping whose guard has answered once: so it is in place. */
function faulted(t) {
  const { name, fd } = file(t, 2 * PAGESIZE);
  const mapped = mmap.open(name);
  fs.ftruncateSync(fd, PAGESIZE);
  assert.strictEqual(mapped.buffer[PAGESIZE], 0);
  assert.strictEqual(mapped.faults.count, 1);
  return mapped;
}

test("traps of WebAssembly stay the runtime's", (t) => {
  if (globalThis.WebAssembly === undefined) return skip(t, "no WebAssembly here");
  const mapped = faulted(t);
  // (module (memory 1) (func (export "f") (param i32) (result i32) local.get 0 i32.load))
  const code = Buffer.from("0061736d0100000001060160017f017f030201000503010001070501016600000a0901070020002802000b", "hex");
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code));
  for (let round = 0; round < 100; round += 1) {
    assert.strictEqual(exports.f(8), 0);
    assert.throws(() => exports.f(0x7fffffff), WebAssembly.RuntimeError);
  }
  assert.strictEqual(mapped.faults.count, 1);
  mapped.close();
});

test("what is not ours ends the process as it would without us", (t) => {
  const { name } = file(t, PAGESIZE);
  for (const signal of ["SIGBUS", "SIGSEGV"]) {
    const ran = run(`const mapped = mmap.open(${JSON.stringify(name)}); mapped.buffer[0];
      process.kill(process.pid, "${signal}"); setTimeout(() => console.log("lived"), 10_000);`);
    assert.deepStrictEqual([ran.signal, ran.stdout], [signal, ""], `${ran.status} ${ran.stderr}`);
  }
});
