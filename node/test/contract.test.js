"use strict";
// What programs that were written for mmap-io rely on, line by line.

const assert = require("node:assert");
const fs = require("node:fs");
const test = require("node:test");

const { content, file, mmap, skip } = require("./helpers.js");

const { PROT_READ, PROT_WRITE, MAP_SHARED, MAP_PRIVATE, PAGESIZE } = mmap;

test("the first keys are mmap-io's, in its order", () => {
  const keys = [
    "PROT_READ", "PROT_WRITE", "PROT_EXEC", "PROT_NONE", "MAP_SHARED", "MAP_PRIVATE", "MAP_NONBLOCK", "MAP_POPULATE",
    "MADV_NORMAL", "MADV_RANDOM", "MADV_SEQUENTIAL", "MADV_WILLNEED", "MADV_DONTNEED", "PAGESIZE", "map", "advise", "incore",
    "sync",
  ];
  assert.deepStrictEqual(Object.keys(mmap).slice(0, keys.length), keys);
  const values = [1, 2, 4, 0, 1, 2, 65536, 32768, 0, 1, 2, 3, 4];
  assert.deepStrictEqual(keys.slice(0, 13).map((key) => mmap[key]), values);
  assert.ok(PAGESIZE >= 4096);
});

test("constants cannot be written: silently in sloppy code, a TypeError in strict code", () => {
  new Function("mmap", "mmap.PROT_READ = 7")(mmap);
  assert.strictEqual(mmap.PROT_READ, 1);
  assert.throws(() => (mmap.PROT_READ = 7), TypeError);
});

test("all ways of importing it", async (t) => {
  if (process.env.MMAPIO_INSIDE === "vm") return skip(t, "import() in a context is of its own making");
  const all = await import("../lib/index.mjs");
  assert.strictEqual(all.default, mmap);
  assert.strictEqual(all.map, mmap.map);
  assert.strictEqual(mmap.default, mmap);
  // Every key can be imported by name.
  assert.deepStrictEqual(Object.keys(mmap).filter((key) => !(key in all)), []);
});

test("a mapping has the file's bytes, and gives back what is written", (t) => {
  const { name, fd } = file(t, 3 * PAGESIZE + 17);
  const buffer = mmap.map(3 * PAGESIZE + 17, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  assert.ok(Buffer.isBuffer(buffer));
  assert.ok(buffer.equals(content(buffer.length)));
  buffer.write("hello", PAGESIZE - 2);
  assert.strictEqual(fs.readFileSync(name).toString("latin1", PAGESIZE - 2, PAGESIZE + 3), "hello");
  assert.strictEqual(mmap.sync(buffer, true), undefined);
  assert.ok(mmap.unmap(buffer));
});

test("a private mapping keeps what is written to itself", (t) => {
  const { name, fd } = file(t, PAGESIZE);
  const buffer = mmap.map(PAGESIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
  buffer.fill(0);
  assert.ok(fs.readFileSync(name).equals(content(PAGESIZE)));
});

test("offsets, advice and a descriptor that is closed afterwards", (t) => {
  const { name, fd } = file(t, 4 * PAGESIZE);
  const second = fs.openSync(name, "r");
  const buffer = mmap.map(PAGESIZE + 3, PROT_READ, MAP_SHARED, second, 2 * PAGESIZE, mmap.MADV_SEQUENTIAL, "name");
  fs.closeSync(second);
  assert.ok(buffer.equals(content(4 * PAGESIZE).subarray(2 * PAGESIZE, 3 * PAGESIZE + 3)));
  assert.ok(fd >= 0);
});

test("numbers larger than 32 bits are not cut off", (t) => {
  const { name, fd } = file(t, 100);
  const far = 2 ** 32;
  fs.truncateSync(name, far + PAGESIZE);
  // Deno takes no offset for strings.
  fs.writeSync(fd, Buffer.from("far away"), 0, 8, far);
  const buffer = mmap.map(PAGESIZE, PROT_READ, MAP_SHARED, fd, far);
  assert.strictEqual(buffer.toString("latin1", 0, 8), "far away");
  const same = mmap.map(BigInt(PAGESIZE), PROT_READ, MAP_SHARED, fd, BigInt(far));
  assert.strictEqual(same.toString("latin1", 0, 8), "far away");
});

test("what the system refuses has number, code and call", (t) => {
  const { name, fd } = file(t, PAGESIZE);
  const readOnly = fs.openSync(name, "r");
  const directory = fs.openSync("/", "r");
  t.after(() => [readOnly, directory].forEach(fs.closeSync));
  const cases = [
    [[0, PROT_READ, MAP_SHARED, fd], 22, "EINVAL"],
    [[10, PROT_READ, MAP_SHARED, 9999], 9, "EBADF"],
    [[10, PROT_READ, MAP_SHARED, -1], 9, "EBADF"],
    [[10, PROT_READ, MAP_SHARED, directory], 19, "ENODEV"],
    [[10, PROT_WRITE, MAP_SHARED, readOnly], 13, "EACCES"],
    [[10, PROT_READ, MAP_SHARED, fd, 5], 22, "EINVAL"],
    [[10, PROT_READ, 0, fd], 22, "EINVAL"],
    [[10, PROT_READ, MAP_SHARED | 0x10, fd], 22, "EINVAL"],
  ];
  for (const [args, errno, code] of cases) {
    assert.throws(() => mmap.map(...args), (error) => {
      assert.ok(error.message.startsWith(`mmap failed, ${errno}`), error.message);
      assert.deepStrictEqual([error.errno, error.code, error.syscall], [-errno, code, "mmap"]);
      return error instanceof Error;
    });
  }
});

test("arguments of the wrong type have mmap-io's words", (t) => {
  const { fd } = file(t, PAGESIZE);
  const cases = [
    [() => mmap.map("1", 1, 1, fd), "mmap: size (arg[0]) must be an integer"],
    [() => mmap.map(1, "1", 1, fd), "mmap: protection_flags (arg[1]) must be an integer"],
    [() => mmap.map(1, 1, "1", fd), "mmap: flags (arg[2]) must be an integer"],
    [() => mmap.map(1, 1, 1, "1"), "mmap: fd (arg[3]) must be an integer (a file descriptor)"],
    [() => mmap.advise({}, 1), "advice(): buffer (arg[0]) must be a Buffer"],
    [() => mmap.advise(Buffer.alloc(1)), "advise() takes 2 or 4 arguments"],
    [() => mmap.advise(Buffer.alloc(1), 1, 1), "advise() takes 2 or 4 arguments"],
  ];
  for (const [call, words] of cases) {
    assert.throws(call, (error) => error instanceof TypeError && error.message.startsWith(words));
  }
});

test("advise takes two or four arguments, and stays inside", (t) => {
  const { fd } = file(t, 4 * PAGESIZE);
  const buffer = mmap.map(4 * PAGESIZE, PROT_READ, MAP_SHARED, fd);
  assert.strictEqual(mmap.advise(buffer, mmap.MADV_RANDOM), undefined);
  assert.strictEqual(mmap.advise(buffer, PAGESIZE, PAGESIZE, mmap.MADV_WILLNEED), undefined);
  assert.strictEqual(mmap.advise(buffer.subarray(100, 200), mmap.MADV_DONTNEED), undefined);
  for (const [offset, length] of [[-PAGESIZE, PAGESIZE], [0, 5 * PAGESIZE], [4 * PAGESIZE, 1]]) {
    assert.throws(() => mmap.advise(buffer, offset, length, 4), RangeError);
  }
  for (const advice of [8, 9, 10, 100, 101, 102, 23, 12345, -1]) {
    assert.throws(() => mmap.advise(buffer, advice), /^Error: madvise\(\) failed, 22/);
  }
});

test("incore counts pages, the last one whole", (t) => {
  const { fd } = file(t, 3 * PAGESIZE + 1);
  const buffer = mmap.map(3 * PAGESIZE + 1, PROT_READ, MAP_SHARED, fd);
  const [absent, resident] = mmap.incore(buffer);
  assert.strictEqual(absent + resident, 4);
  assert.strictEqual(mmap.incore(buffer.subarray(PAGESIZE - 1, PAGESIZE + 1)).reduce((a, b) => a + b), 2);
  assert.throws(() => mmap.incore(), TypeError);
  assert.throws(() => mmap.incore(buffer, 1), TypeError);
});

test("sync in all its forms", (t) => {
  const { fd } = file(t, 4 * PAGESIZE);
  const buffer = mmap.map(4 * PAGESIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  for (const args of [[], [true], [false], [true, true], [0, PAGESIZE], [PAGESIZE], [0, PAGESIZE, true, false], [0, 0, true]]) {
    assert.strictEqual(mmap.sync(buffer, ...args), undefined);
  }
  assert.throws(() => mmap.sync(buffer, PAGESIZE, 4 * PAGESIZE, true), RangeError);
  assert.throws(() => mmap.sync(), TypeError);
});

test("buffers that are no mappings are refused, and left alone", () => {
  const pooled = Buffer.from("pooled");
  for (const buffer of [pooled, Buffer.alloc(0), new Uint8Array(9), new Uint8Array(new SharedArrayBuffer(8))]) {
    assert.throws(() => mmap.advise(buffer, 4), /^Error: madvise\(\) failed, 22/);
    assert.throws(() => mmap.incore(buffer), /^Error: mincore\(\) failed, 22/);
    assert.throws(() => mmap.sync(buffer, true), /^Error: msync\(\) failed, 22/);
    assert.strictEqual(mmap.unmap(buffer), false);
  }
  assert.strictEqual(pooled.toString(), "pooled");
});
