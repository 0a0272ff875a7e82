"use strict";
// Who has a mapping: nothing that shows it is unmapped, and nothing that nobody has stays mapped, whatever threads and collectors do.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");
const { Worker } = require("node:worker_threads");

const { apart, content, file, mappingsOf, mmap } = require("./helpers.js");

const { PAGESIZE } = mmap;
const LENGTH = 4 * PAGESIZE;
const LIB = JSON.stringify(path.join(__dirname, "../lib/index.js"));
/** Node.js has it under a flag before it has it. */
const TRANSFER = "transfer" in ArrayBuffer.prototype ? [] : ["--harmony-rab-gsab-transfer"];
const SKIP = parseInt(process.versions.node, 10) < 20 && "there is no ArrayBuffer.prototype.transfer()";

test("a buffer keeps the mapping when its MappedFile is collected, and the other way round", (t) => {
  const { name } = file(t, LENGTH);
  const told = apart(name, `
    // In a function of their own, since Bun's collector believes whatever lies on the stack.
    const held = (() => ({ buffer: mmap.open(name).buffer, mapping: mmap.open(name) }))();
    held.mapping.buffer;
    gc(); await turns(5); gc(); await turns(5);
    const before = (() => [mappings(), held.buffer[7 * 100], held.mapping.buffer[7 * 100]])();
    delete held.buffer;
    delete held.mapping;
    for (let round = 0; round < 10 && mappings() > 0; round += 1) { gc(); await turns(5); }
    tell([...before, mappings()]);`, "--expose-gc");
  assert.deepStrictEqual(told, [2, 100, 100, 0]);
});

test("mappings and surveys that are dropped are collected, with and without buffers and calls", (t) => {
  const { name } = file(t, LENGTH);
  const told = apart(name, `
    // Of the file alone: runtimes open descriptors of their own meanwhile.
    const isOurs = (fd) => { try { return fs.readlinkSync("/proc/self/fd/" + fd) === name; } catch { return false; } };
    const descriptors = () => fs.readdirSync("/proc/self/fd").filter(isOurs).length;
    for (let round = 0; round < 500; round += 1) {
      const mapping = mmap.open(name);
      mapping.on("fault", () => {});
      if (round % 2) mapping.buffer;
      if (round % 5 === 0) mapping.warmAsync();
      if (round % 7 === 0) mmap.residency(name);
    }
    for (let round = 0; round < 50 && mappings() > 0; round += 1) { gc(); await new Promise((resolve) => setTimeout(resolve, 5)); }
    tell([mappings(), descriptors()]);`, "--expose-gc");
  assert.ok(told[0] <= 1 && told[1] <= 1, JSON.stringify(told));
});

test("a buffer that was moved on is never unmapped under its new owner", { skip: SKIP }, (t) => {
  const { name } = file(t, LENGTH);
  const told = apart(name, `
    const ways = { transfer: (buffer) => buffer.transfer(), toFixedLength: (buffer) => buffer.transferToFixedLength(),
      clone: (buffer) => structuredClone(buffer, { transfer: [buffer] }) };
    const ends = { close: (mapping) => mapping.close(), remap: (mapping) => mapping.remap(), resize: (mapping) => mapping.resize(${PAGESIZE}),
      unmap: (mapping) => mmap.unmap(mapping.buffer) };
    const seen = [];
    for (const [way, move] of Object.entries(ways)) for (const [end, finish] of Object.entries(ends)) {
      const mapping = mmap.open(name);
      let moved;
      try { moved = move(mapping.buffer.buffer); } catch (error) { seen.push(error.name); mapping.close(); continue; }
      finish(mapping);
      seen.push(new Uint8Array(moved)[700]);
      // Who has the memory may unmap it.
      mmap.unmap(new Uint8Array(moved));
      seen.push(moved.byteLength === 0 || way === "clone");
      mapping.close();
    }
    for (let round = 0; round < 10 && mappings() > 0; round += 1) { gc(); await turns(5); }
    tell({ seen, mappings: mappings() });`, "--expose-gc", ...TRANSFER);
  for (const what of told.seen) assert.ok(what === 100 || what === true || what === "DataCloneError", JSON.stringify(told));
  assert.strictEqual(told.mappings, 0);
  assert.ok(told.seen.filter((what) => what === 100).length >= 8, JSON.stringify(told));
});

test("memory that was moved to another thread outlives the thread that mapped it", { skip: SKIP }, (t) => {
  const { name } = file(t, LENGTH);
  const told = apart(name, `
    const { Worker } = require("node:worker_threads");
    const code = \`globalThis.gc ??= () => Bun.gc(true);
      const mmap = require(${LIB}), { parentPort } = require("node:worker_threads");
      globalThis.all = [mmap.open(\${JSON.stringify(name)}), mmap.open(\${JSON.stringify(name)})];
      all.push(all.map((mapping) => mapping.buffer));
      for (let round = 0; round < 300; round += 1) mmap.open(\${JSON.stringify(name)}).buffer;
      // One whose first buffer is kept, and two that nobody has any more.
      const moved = [ArrayBuffer.prototype.transfer.call(all[0].buffer.buffer), mmap.open(\${JSON.stringify(name)}).buffer.buffer.transfer(),
        mmap.map(${LENGTH}, 1, 1, require("node:fs").openSync(\${JSON.stringify(name)})).buffer.transferToFixedLength()];
      for (let round = 0; round < 5; round += 1) gc();
      setTimeout(() => {
        gc();
        parentPort.postMessage(moved, moved);
        setInterval(() => {}, 1000);
      }, 20);\`;
    const worker = new Worker(code, { eval: true });
    const moved = (await new Promise((resolve) => worker.once("message", resolve))).map((buffer) => new Uint8Array(buffer));
    await worker.terminate();
    await turns(20);
    tell([mappings(), ...moved.map((bytes) => bytes.reduce((sum, byte) => sum + byte))]);`, "--expose-gc", ...TRANSFER);
  const sum = content(LENGTH).reduce((sum, byte) => sum + byte);
  const [left, ...sums] = told;
  assert.deepStrictEqual(sums, [sum, sum, sum]);
  // Deno finishes no buffers when a thread ends: one whose MappedFile was collected before it stays, if it is in a bad moment.
  assert.ok(left === 3 || (process.versions.deno && left > 3 && left <= 8), `${left} mappings are left`);
});

test("threads that end with mappings, buffers and calls in flight leave nothing", async (t) => {
  const { name } = file(t, 64 * PAGESIZE);
  const code = `
    const mmap = require(${LIB}), { parentPort, workerData: { name, how } } = require("node:worker_threads");
    globalThis.kept = [];
    for (let round = 0; round < 30; round += 1) {
      const mapping = mmap.open(name, { access: "write" });
      kept.push(mapping, mapping.buffer);
      mapping.buffer[round] = 1;
      for (const call of ["syncAsync", "warmAsync", "residencyAsync"]) mapping[call]({ onProgress() {} }).catch(() => {});
      mmap.warmAsync(name).catch(() => {});
      mapping.on("fault", () => {});
    }
    parentPort.postMessage("");
    if (how === "exit") process.exit();
    if (how === "throw") throw new Error("on purpose");
    if (how === "spin") for (;;);
    setInterval(() => {}, 1000);`;
  // Deno's threads that spin go on when they were terminated.
  for (const how of ["terminate", "exit", "throw", ...(process.versions.deno ? [] : ["spin"])]) {
    const worker = new Worker(code, { eval: true, workerData: { name, how } });
    worker.on("error", () => {});
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    await new Promise((resolve) => worker.once("message", resolve));
    if (how !== "exit" && how !== "throw") await worker.terminate();
    await ended;
  }
  // Calls of a thread that ended run to their end.
  const until = Date.now() + 10_000;
  while (mappingsOf(name) > 0 && Date.now() < until) await new Promise(setImmediate);
  assert.strictEqual(mappingsOf(name), 0);
});

test("a process ends with calls in flight", (t) => {
  const { name } = file(t, LENGTH);
  for (const end of ["process.exit()", "setImmediate(() => process.exit())", "", "process.nextTick(process.reallyExit, 0)"]) {
    const told = apart(name, `
      const mapping = mmap.open(name, { access: "write", size: 32 << 20 });
      mapping.buffer.fill(1);
      for (let round = 0; round < 10; round += 1) for (const call of ["syncAsync", "warmAsync", "evictAsync"]) mapping[call]().catch(() => {});
      for (let round = 0; round < 5; round += 1) mmap.residencyAsync("/usr/include", { summary: true }).catch(() => {});
      tell(1);
      ${end}`);
    assert.strictEqual(told, 1);
  }
});

test("a process that exits does not wait for what takes days", (t) => {
  const { name } = file(t, 0);
  fs.writeFileSync(name, Buffer.alloc(16 << 20, 1));
  for (const call of ["mapping.warmAsync(options)", "mmap.warmAsync(name, options)"]) {
    const told = apart(name, `
      const mapping = mmap.open(name);
      // The first calls fill the thread pool; those that are asked about are loaded at a byte a second.
      mapping.evict({ sync: true });
      const call = (options) => ${call};
      for (let round = 0; round < 20; round += 1) call({ rate: 1 }).catch(() => {});
      await turns(20);
      tell(process.listenerCount("exit"));
      process.exit();`);
    assert.strictEqual(told, 1);
  }
});

test("one memory in several threads", async (t) => {
  const { name } = file(t, LENGTH);
  let mapping;
  try {
    mapping = mmap.open(name, { access: "write", shared: true });
  } catch (error) {
    assert.deepStrictEqual([error.code, mappingsOf(name)], ["ERR_MMAPIO_NO_SHARED_BUFFERS", 0]);
    assert.throws(() => mmap.anonymous(LENGTH, { shared: true }), { code: "ERR_MMAPIO_NO_SHARED_BUFFERS" });
    t.diagnostic(`SKIP ${process.version} has no SharedArrayBuffer over memory of others`);
    return;
  }
  assert.ok(mapping.shared);
  assert.match(Object.prototype.toString.call(mapping.buffer.buffer), /SharedArrayBuffer/);
  const counters = new Int32Array(mapping.buffer.buffer);
  counters.fill(0);
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    const counters = new Int32Array(workerData);
    for (let round = 0; round < 100_000; round += 1) Atomics.add(counters, 0, 1);
    parentPort.postMessage("");
    while (Atomics.load(counters, 1) === 0);
    for (let at = 0; at < 1000; at += 1) Atomics.add(counters, at + 2, 1);`;
  const workers = [1, 2].map(() => new Worker(code, { eval: true, workerData: mapping.buffer.buffer }));
  const ended = workers.map((worker) => new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject)));
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
  assert.strictEqual(Atomics.load(counters, 0), 200_000);
  assert.throws(() => mapping.resize(1), { code: "ERR_MMAPIO_SHARED" });
  assert.throws(() => mapping.remap(), { code: "ERR_MMAPIO_SHARED" });
  assert.strictEqual(mmap.unmap(mapping.buffer), false);
  mapping.close();
  assert.ok(mapping.closed && mapping.buffer.length === 0);
  Atomics.store(counters, 1, 1);
  await Promise.all(ended);
  assert.deepStrictEqual([counters[2], counters[1001]], [2, 2]);
});
