"use strict";
// Mappings come and go without a trace; and no argument ends the process.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");
const { Worker } = require("node:worker_threads");

const { content, descriptors, file, mappingsOf, mmap, run, until } = require("./helpers.js");

const { PROT_READ, PROT_WRITE, MAP_SHARED, PAGESIZE } = mmap;

test("unmap empties every view, once", (t) => {
  const { name, fd } = file(t, 2 * PAGESIZE);
  const buffer = mmap.map(2 * PAGESIZE, PROT_READ, MAP_SHARED, fd);
  const views = [buffer.subarray(10), new Uint32Array(buffer.buffer, 0, 4), new DataView(buffer.buffer)];
  assert.strictEqual(mappingsOf(name), 1);
  assert.strictEqual(mmap.unmap(views[0]), true);
  assert.strictEqual(mappingsOf(name), 0);
  assert.deepStrictEqual([buffer, ...views.slice(0, 2)].map((view) => view.length), [0, 0, 0]);
  assert.strictEqual(mmap.unmap(buffer), false);
  assert.throws(() => mmap.incore(buffer), /not a mapping/);
});

test("100,000 maps and unmaps leave nothing", (t) => {
  const { name, fd } = file(t, PAGESIZE);
  const before = descriptors();
  for (let round = 0; round < 100_000; round += 1) {
    const buffer = mmap.map(PAGESIZE, PROT_READ, MAP_SHARED, fd);
    mmap.unmap(buffer);
  }
  assert.deepStrictEqual([mappingsOf(name), descriptors()], [0, before]);
});

test("mappings that are dropped are collected", (t) => {
  const { name } = file(t, PAGESIZE);
  const ran = run(
    `const fd = fs.openSync(${JSON.stringify(name)}, "r");
     (async () => {
       for (let round = 0; round < 2000; round += 1) mmap.map(4096, 1, 1, fd);
       for (let round = 0; round < 10; round += 1) { gc(); await new Promise(setImmediate); }
       console.log(fs.readFileSync("/proc/self/maps", "utf8").split("\\n").filter((line) => line.includes("${name}")).length);
     })();`,
    "--expose-gc",
  );
  assert.match(ran.stdout, /^[1-4]?\d\n$/, ran.stderr);
});

test("too many mappings are an error", (t) => {
  const { name } = file(t, PAGESIZE);
  const ran = run(`
    const fd = fs.openSync(${JSON.stringify(name)}, "r"), all = [];
    try { for (;;) all.push(mmap.map(4096, 1, 1, fd)); }
    catch (error) { console.log(error.code, error.message.includes("vm.max_map_count") || error.message.includes("mappings")); }`);
  assert.deepStrictEqual([ran.status, ran.stdout], [0, "ENOMEM true\n"], ran.stderr.slice(0, 500));
});

test("workers that end, by themselves or not, leave nothing", async (t) => {
  const { name, fd } = file(t, PAGESIZE);
  const code = `
    const mmap = require(${JSON.stringify(path.join(__dirname, "../lib/index.js"))});
    globalThis.kept = Array.from({ length: 50 }, () => mmap.map(${PAGESIZE}, 1, 1, ${fd}));
    require("node:worker_threads").parentPort.postMessage(mmap.incore(kept[0]));
    if (process.argv.includes("stay")) setInterval(() => {}, 1000);`;
  for (const how of ["end", "stay"]) {
    for (let round = 0; round < 5; round += 1) {
      const worker = new Worker(code, { eval: true, argv: [how] });
      const ended = new Promise((resolve) => worker.once("exit", resolve));
      await new Promise((resolve) => worker.once("message", resolve));
      if (how === "stay") await worker.terminate();
      await ended;
    }
  }
  // Deno says that a worker has ended before its memory is given back.
  assert.ok(await until(() => mappingsOf(name) === 0), `${mappingsOf(name)} mappings are left`);
});

test("no argument ends the process", (t) => {
  const { fd } = file(t, 4 * PAGESIZE);
  const mapped = () => mmap.map(4 * PAGESIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  const detached = mapped();
  mmap.unmap(detached);
  const strange = [
    undefined, null, NaN, Infinity, -Infinity, -1, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, 10n, -1n, 2n ** 64n, "text", "", {}, [],
    Symbol("s"), () => 1, true, new ArrayBuffer(8), new SharedArrayBuffer(8), detached, Buffer.from("pooled"), new Float64Array(3),
    new DataView(new ArrayBuffer(8)), new Proxy({}, {}), Object.create(null),
  ];
  const usual = {
    map: () => [PAGESIZE, PROT_READ, MAP_SHARED, fd, 0, 0, undefined],
    advise: () => [mapped(), 0, PAGESIZE, 1],
    incore: () => [mapped()],
    sync: () => [mapped(), 0, PAGESIZE, true, false],
    unmap: () => [mapped()],
  };
  let thrown = 0;
  for (const [name, usualArguments] of Object.entries(usual)) {
    for (let position = 0; position < usualArguments().length; position += 1) {
      for (const value of strange) {
        const args = usualArguments();
        args[position] = value;
        try {
          mmap[name](...args);
        } catch (error) {
          assert.ok(error instanceof Error, `${name}, argument ${position}: ${String(error)}`);
          thrown += 1;
        }
      }
    }
  }
  assert.ok(thrown > 200, `${thrown} errors`);
  assert.strictEqual(Buffer.from("still here").toString(), "still here");
});

test("a file that is truncated while a hot loop reads it", (t) => {
  const { name, fd } = file(t, 64 * PAGESIZE);
  for (let round = 0; round < 1000; round += 1) {
    const buffer = mmap.map(64 * PAGESIZE, PROT_READ, MAP_SHARED, fd);
    let sum = 0;
    for (let at = 0; at < 8 * PAGESIZE; at += 512) sum += buffer[at];
    fs.ftruncateSync(fd, (round % 9) * PAGESIZE);
    for (let at = 0; at < buffer.length; at += 512) sum += buffer[at];
    assert.ok(sum >= 0 && buffer[buffer.length - 1] === 0);
    mmap.unmap(buffer);
    fs.writeFileSync(name, content(64 * PAGESIZE));
  }
});
