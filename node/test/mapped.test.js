"use strict";
// MappedFile, each method against what others see of the file: fs, /proc, fincore.

const assert = require("node:assert");
const { execFileSync, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");
const { pathToFileURL } = require("node:url");
const vm = require("node:vm");

const { content, descriptors, file, mappingsOf, mmap, scratch } = require("./helpers.js");

const { PAGESIZE, open, anonymous } = mmap;
const { MAX_LENGTH } = require("node:buffer").constants;

/** A file of so many pages and 17 bytes, opened. */
function opened(t, pages, options) {
  const length = pages * PAGESIZE + 17;
  const { name, fd } = file(t, length);
  const mapping = open(name, options);
  t.after(() => mapping.close());
  return { name, fd, mapping, length };
}

/** Waits for what keeps no process alive. */
async function awaited(promise) {
  const timer = setInterval(() => {}, 1000);
  return promise.finally(() => clearInterval(timer));
}

test("any part of a file, whatever its offset", (t) => {
  const { name, length } = opened(t, 5);
  const all = content(length);
  for (const [offset, wanted] of [[0, 1], [1, 1], [17, 5000], [PAGESIZE - 1, 2], [PAGESIZE, PAGESIZE], [3 * PAGESIZE + 5, 100], [length, 0]]) {
    for (const access of ["read", "write", "copy"]) {
      const mapping = open(name, { offset, length: BigInt(wanted), access });
      assert.deepStrictEqual([mapping.offset, mapping.length, mapping.access, mapping.size], [offset, wanted, access, length]);
      assert.ok(mapping.buffer.equals(all.subarray(offset, offset + wanted)), `${wanted} at ${offset}`);
      assert.ok(mapping.read(0, wanted + 1).equals(mapping.buffer));
      mapping.close();
    }
    const rest = open(name, { offset });
    assert.strictEqual(rest.length, length - offset);
    rest.close();
  }
  assert.throws(() => open(name, { offset: length + 1 }), { code: "EINVAL", path: name });
});

test("all ways to name a file", async (t) => {
  const dir = scratch(t);
  const odd = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(process.versions.deno ? "odd" : [0x66, 0xff, 0xfe])]);
  // Deno writes to another name where this one is no text.
  fs.writeFileSync(odd, "odd");
  const mapping = open(odd);
  assert.deepStrictEqual([mapping.path, mapping.buffer.toString()], [odd, "odd"]);
  mapping.close();
  const name = path.join(dir, "a b%20ü");
  fs.writeFileSync(name, "even");
  const fd = fs.openSync(name, "r+");
  const handle = await fs.promises.open(name, "r+");
  for (const [how, known] of [[name, name], [pathToFileURL(name), name], [Buffer.from(name), Buffer.from(name)], [fd, null], [handle, null]]) {
    const other = open(how, { access: "write" });
    assert.deepStrictEqual([other.path, other.buffer.toString(), other.size], [known, "even", 4]);
    other.close();
  }
  // They stay the caller's.
  assert.strictEqual(fs.readSync(fd, Buffer.alloc(4), 0, 4, 0), 4);
  assert.strictEqual((await handle.read(Buffer.alloc(4), 0, 4, 0)).bytesRead, 4);
  fs.closeSync(fd);
  await handle.close();
  assert.throws(() => open(fd), { code: "EBADF" });
  assert.throws(() => open(handle), { code: "EBADF" });
});

test("what cannot be mapped says why, as Node's errors do", (t) => {
  const dir = scratch(t);
  const fifo = path.join(dir, "fifo");
  execFileSync("mkfifo", [fifo]);
  const odd = Buffer.from(`${dir}/\xff`, "latin1");
  const cases = [
    [path.join(dir, "none"), "ENOENT", -2], [odd, "ENOENT", -2], [dir, "ENODEV", -19], [fifo, "ENODEV", -19],
    ["/proc/self/status", "ENODEV", -19], ["/dev/null", "ENODEV", -19], [`${__filename}/x`, "ENOTDIR", -20],
  ];
  const before = descriptors();
  for (const [name, code, errno] of cases) {
    for (const access of ["read", "write"]) {
      assert.throws(() => open(name, { access }), (error) => {
        assert.deepStrictEqual([error.code, error.errno, error.path], [code, errno, name]);
        assert.match(error.message, /: open: /);
        return error.syscall === "open";
      });
    }
  }
  assert.throws(() => open("", {}), { code: "ERR_INVALID_ARG_VALUE" });
  assert.throws(() => open(new URL("http://localhost/")), { code: "ERR_INVALID_URL_SCHEME" });
  assert.throws(() => open(__filename, { create: true }), { code: "ERR_INVALID_ARG_VALUE" });
  // The runtime may close some of its own meanwhile.
  assert.ok(descriptors() <= before);
});

test("files are made, and given a size", (t) => {
  const name = path.join(scratch(t), "new");
  const mapping = open(name, { access: "write", create: true, size: 3 * PAGESIZE + 1 });
  assert.deepStrictEqual([mapping.length, fs.statSync(name).size, fs.statSync(name).blocks], [3 * PAGESIZE + 1, 3 * PAGESIZE + 1, 0]);
  mapping.write(3 * PAGESIZE, "!");
  mapping.close();
  // Neither smaller nor anew.
  open(name, { access: "write", create: true, size: 1 }).close();
  assert.strictEqual(fs.readFileSync(name)[3 * PAGESIZE], 33);
  const larger = open(name, { access: "write", size: 10 * PAGESIZE, allocate: true });
  const { size, blocks } = fs.statSync(name);
  assert.deepStrictEqual([larger.length, size], [10 * PAGESIZE, 10 * PAGESIZE]);
  assert.ok(blocks * 512 >= 6 * PAGESIZE, `${blocks} blocks`);
  larger.close();
});

test("an empty file is a mapping, too", async (t) => {
  const { name, fd } = file(t, 0);
  const mapping = open(name, { access: "write" });
  assert.deepStrictEqual([mapping.length, mapping.buffer.length, mapping.closed, mapping.read(0, 10).length], [0, 0, false, 0]);
  mapping.sync();
  await mapping.syncAsync({ how: "all" });
  mapping.advise("random");
  assert.deepStrictEqual([mapping.residency().pages, (await mapping.warmAsync()).pages, mapping.evict().pages, [...mapping.runs()]], [0, 0, 0, []]);
  assert.strictEqual(mapping.write(0, ""), 0);
  assert.throws(() => mapping.write(0, "x"), { code: "EINVAL" });
  assert.strictEqual(mapping.resize(5).buffer.length, 5);
  assert.strictEqual(fs.fstatSync(fd).size, 5);
  mapping.buffer.fill("x");
  mapping.resize(0);
  assert.deepStrictEqual([mapping.length, mapping.buffer.length, fs.fstatSync(fd).size], [0, 0, 0]);
  mapping.close();
  assert.strictEqual(mappingsOf(name), 0);
});

test("what is written goes where the access says", (t) => {
  const { name, mapping, length } = opened(t, 2, { access: "write" });
  assert.strictEqual(mapping.write(PAGESIZE - 1, "abc"), 3);
  assert.strictEqual(mapping.write(length - 4, new Float32Array([1])), 4);
  mapping.buffer[0] = 42;
  const expected = content(length);
  expected.write("abc", PAGESIZE - 1);
  expected.writeFloatLE(1, length - 4);
  expected[0] = 42;
  assert.ok(fs.readFileSync(name).equals(expected));
  mapping.write(0, mapping.buffer.subarray(PAGESIZE - 1, PAGESIZE + 2));
  assert.strictEqual(fs.readFileSync(name).toString("latin1", 0, 3), "abc");
  const copy = open(name, { access: "copy" });
  copy.buffer.fill(0);
  copy.write(1, "only here");
  copy.sync();
  assert.deepStrictEqual([copy.read(1, 9).toString(), fs.readFileSync(name).toString("latin1", 0, 3)], ["only here", "abc"]);
  copy.close();
  const reader = open(name);
  assert.throws(() => reader.write(0, "x"), { code: "EACCES", syscall: "write" });
  assert.throws(() => mapping.write(length - 2, "abc"), { code: "EINVAL" });
  assert.throws(() => mapping.write(length + 1, ""), { code: "EINVAL" });
  assert.throws(() => mapping.read(length + 1, 1), { code: "ERR_OUT_OF_RANGE" });
  reader.close();
});

test("beyond 4 GiB, and beyond what a buffer can have", (t) => {
  const name = path.join(scratch(t), "sparse");
  const far = 2 ** 33 + 2 ** 32 + 12345;
  fs.writeFileSync(name, "");
  fs.truncateSync(name, 10 * 2 ** 30 + 2 ** 32);
  // Not by fs: Deno's writes elsewhere when a place needs more than 32 bits.
  execFileSync("dd", [`of=${name}`, "bs=1", `seek=${far}`, "conv=notrunc", "status=none"], { input: "far away" });
  const part = open(name, { offset: far, length: 8 });
  assert.deepStrictEqual([part.buffer.toString(), part.offset], ["far away", far]);
  part.close();
  const mapping = open(name, { access: "write" });
  if (mapping.length > MAX_LENGTH) {
    assert.throws(() => mapping.buffer, (error) => /read\(\) and write\(\)/.test(error.message) && error.code === "ERR_OUT_OF_RANGE");
  } else {
    assert.strictEqual(mapping.buffer.subarray(far, far + 8).toString(), "far away");
  }
  assert.strictEqual(mapping.read(BigInt(far), 8).toString(), "far away");
  mapping.write(far, "FAR AWAY");
  assert.strictEqual(mapping.write(mapping.length - 3, "end"), 3);
  const bytes = execFileSync("dd", [`if=${name}`, "bs=1", "count=8", `skip=${far}`, "status=none"]);
  assert.strictEqual(bytes.toString(), "FAR AWAY");
  mapping.sync({ offset: far, length: 8 });
  assert.strictEqual([...mapping.runs()].reduce((sum, run) => sum + run.length, 0), mapping.length);
  mapping.close();
  assert.strictEqual(mappingsOf(name), 0);
});

test("resizing maps what there is then, and empties what was", (t) => {
  const { name, mapping, length } = opened(t, 2, { access: "write" });
  let before = [mapping.buffer, new Uint16Array(mapping.buffer.buffer, 0, 2)];
  for (const wanted of [10 * PAGESIZE + 3, 5, 2n ** 32n, 3 * PAGESIZE]) {
    assert.strictEqual(mapping.resize(wanted), mapping);
    assert.deepStrictEqual(before.map((view) => view.length), [0, 0]);
    assert.deepStrictEqual([mapping.length, fs.statSync(name).size, mappingsOf(name)], [Number(wanted), Number(wanted), 1]);
    if (Number(wanted) <= MAX_LENGTH) before = [mapping.buffer, new Uint8Array(mapping.buffer.buffer)];
  }
  assert.ok(mapping.buffer.subarray(0, 5).equals(content(length).subarray(0, 5)));
  assert.throws(() => mapping.resize(2 ** 53 - 1), (error) => ["EFBIG", "EINVAL", "ENOMEM"].includes(error.code));
  assert.strictEqual(mapping.buffer.length, 3 * PAGESIZE);
});

test("resizing what is in no file keeps the bytes", (t) => {
  const { name, length } = opened(t, 2);
  for (const mapping of [anonymous(length), open(name, { access: "copy" })]) {
    mapping.buffer.write("kept", 100);
    const before = mapping.buffer;
    mapping.resize(20 * PAGESIZE);
    assert.deepStrictEqual([before.length, mapping.length, mapping.read(100, 4).toString()], [0, 20 * PAGESIZE, "kept"]);
    mapping.resize(104);
    assert.deepStrictEqual([mapping.buffer.length, mapping.buffer.toString("latin1", 100)], [104, "kept"]);
    mapping.resize(0);
    assert.deepStrictEqual([mapping.length, mapping.buffer.length], [0, 0]);
    mapping.close();
    assert.deepStrictEqual([fs.statSync(name).size, mapping.closed], [length, true]);
  }
});

test("memory without a file", (t) => {
  const memory = anonymous(3 * PAGESIZE + 1, { populate: true, advice: "random" });
  t.after(() => memory.close());
  assert.ok(memory.buffer.equals(Buffer.alloc(3 * PAGESIZE + 1)));
  assert.deepStrictEqual([memory.size, memory.path, memory.offset, memory.access, memory.unpopulated], [null, null, 0, "copy", null]);
  assert.deepStrictEqual(mmap.incore(memory.buffer), [0, 4]);
  for (const call of [() => memory.residency(), () => memory.runs().next(), () => memory.warm(), () => memory.evict(), () => memory.remap()]) {
    assert.throws(call, (error) => typeof error.code === "string");
  }
  assert.throws(() => anonymous(0), { code: "ERR_OUT_OF_RANGE" });
  assert.throws(() => anonymous(2 ** 53 - 1), { code: "ENOMEM" });
});

test("a log that grows is followed", (t) => {
  const { name, fd } = file(t, 0, "a+");
  const mapping = open(name);
  let length = 0;
  for (const line of ["one\n", "two\n".repeat(3000), "three\n"]) {
    fs.writeSync(fd, line);
    const old = mapping.buffer;
    assert.strictEqual(mapping.length, length);
    length += line.length;
    assert.strictEqual(mapping.size, length);
    mapping.remap();
    assert.deepStrictEqual([mapping.length, old.length, mapping.buffer.toString("latin1", length - line.length)], [length, 0, line]);
  }
  assert.strictEqual(mapping.remap(4).buffer.toString(), "one\n");
  mapping.close();
  // A part with a length keeps it.
  const part = open(name, { offset: 1, length: 2 });
  fs.writeSync(fd, "four\n");
  assert.deepStrictEqual([part.remap().length, part.buffer.toString()], [2, "ne"]);
  part.close();
});

test("a file that was truncated reads as zeros, which is told; and is healed", { timeout: 30_000 }, async (t) => {
  const { fd, name, mapping, length } = opened(t, 8, { access: "write" });
  const { buffer } = mapping;
  assert.strictEqual(buffer[PAGESIZE], content(length)[PAGESIZE]);
  const told = new Promise((resolve) => mapping.once("fault", resolve));
  fs.ftruncateSync(fd, PAGESIZE);
  assert.deepStrictEqual([buffer[2 * PAGESIZE], buffer[7 * PAGESIZE]], [0, 0]);
  assert.deepStrictEqual([mapping.faults.count > 0, mapping.faults.truncated], [true, true]);
  assert.deepStrictEqual(mmap.faults(buffer), mapping.faults);
  assert.deepStrictEqual(await awaited(told), mapping.faults);
  for (const call of [() => mapping.sync(), () => mapping.read(2 * PAGESIZE, 1)]) assert.throws(call, { path: name, code: "EIO" });
  await assert.rejects(mapping.syncAsync(), { path: name, code: "EIO" });
  fs.writeFileSync(name, content(length));
  assert.strictEqual(buffer[7 * PAGESIZE], 0);
  mapping.remap();
  assert.deepStrictEqual(mapping.faults, { count: 0, truncated: false, stores: 0 });
  assert.ok(mapping.buffer.equals(content(length)));
  mapping.sync();
  assert.strictEqual(mmap.faults(Buffer.alloc(1)), null);
});

test("faults are told to those who listen after all others were removed", { timeout: 30_000 }, async (t) => {
  const { fd, mapping } = opened(t, 2);
  assert.strictEqual(mapping.removeAllListeners(), mapping);
  const told = new Promise((resolve) => mapping.prependOnceListener("fault", resolve));
  fs.ftruncateSync(fd, 0);
  assert.strictEqual(mapping.buffer[PAGESIZE], 0);
  assert.ok((await awaited(told)).truncated);
});

test("what is closed has nothing any more", async (t) => {
  const { name } = file(t, 3 * PAGESIZE);
  const before = descriptors();
  const ways = [(mapping) => mapping.close(), (mapping) => mapping[Symbol.dispose ?? Symbol.for("Symbol.dispose")](), (mapping) => mmap.unmap(mapping.buffer)];
  for (const end of ways) {
    const mapping = open(name, { access: "write" });
    const views = [mapping.buffer, mapping.buffer.subarray(100), new DataView(mapping.buffer.buffer), mapping.buffer.buffer];
    assert.strictEqual(mappingsOf(name), 1);
    end(mapping);
    // A DataView that is empty throws where it is asked.
    assert.deepStrictEqual([0, 1, 3].map((at) => views[at].byteLength), [0, 0, 0]);
    assert.throws(() => views[2].getInt8(0), TypeError);
    assert.deepStrictEqual([mappingsOf(name), mapping.closed, mapping.length, mapping.buffer.length, mapping.size], [0, true, 0, 0, null]);
    for (const call of ["sync", "residency", "warm", "evict", "remap", "advise", "runs", "read", "write", "resize"]) {
      const args = { advise: ["random"], read: [0, 1], write: [0, "x"], resize: [1] }[call] ?? [];
      assert.throws(() => (call === "runs" ? mapping.runs().next() : mapping[call](...args)), { code: "ERR_MMAPIO_CLOSED" }, call);
    }
    for (const call of ["syncAsync", "residencyAsync", "warmAsync", "evictAsync"]) {
      await assert.rejects(mapping[call](), { code: "ERR_MMAPIO_CLOSED" });
    }
    mapping.close();
    mapping.close();
    assert.strictEqual(mmap.unmap(views[0]), false);
  }
  assert.strictEqual(descriptors(), before);
});

test("closing while calls go on", async (t) => {
  const { name } = file(t, 0);
  const before = descriptors();
  for (let round = 0; round < 20; round += 1) {
    const mapping = open(name, { access: "write", size: 8 << 20 });
    mapping.buffer.fill(round + 1);
    const calls = [mapping.syncAsync(), mapping.warmAsync(), mapping.residencyAsync(), mapping.evictAsync({ sync: true }), mapping.syncAsync({ how: "data" })];
    const view = mapping.buffer.subarray(10);
    if (round % 3 === 0) mmap.unmap(view);
    else if (round % 3 === 1) mapping.resize(8 << 20).close();
    else mapping.close();
    assert.deepStrictEqual([view.length, mapping.closed], [0, true]);
    await Promise.all(calls);
    assert.strictEqual(fs.readFileSync(name)[5 << 20], round + 1);
  }
  assert.deepStrictEqual([mappingsOf(name), descriptors()], [0, before]);
});

test("memory without a file cannot move while calls go on", async () => {
  const memory = anonymous(1 << 20);
  const { buffer } = memory;
  const call = memory.syncAsync();
  let code;
  try {
    memory.resize(2 << 20);
  } catch (error) {
    ({ code } = error);
  }
  // The call may have ended already.
  assert.ok(code === "EBUSY" ? buffer.length === 1 << 20 && memory.buffer === buffer : buffer.length === 0, code);
  await call;
  assert.strictEqual(memory.resize(3 << 20).buffer.length, 3 << 20);
  memory.close();
});

/** What util-linux counts, in pages; null where it is not there. */
function fincore(name) {
  const ran = spawnSync("fincore", ["--bytes", "--noheadings", "--output", "PAGES", name], { encoding: "utf8" });
  return ran.status === 0 ? Number(ran.stdout) : null;
}

test("residency is what others count", (t) => {
  const { name, mapping } = opened(t, 300);
  if (fincore(name) === null) t.diagnostic("SKIP fincore: util-linux is not installed; compared with mincore(2) alone");
  const look = () => {
    const buffer = mmap.map(mapping.length, 1, 2, fs.openSync(name, "r"));
    const [, resident] = mmap.incore(buffer);
    mmap.unmap(buffer);
    const { pages, residentPages, residentBytes, unknown } = mapping.residency();
    const runs = [...mapping.runs()].filter((run) => run.state === "resident").reduce((sum, run) => sum + run.length, 0);
    return { pages, residentPages, residentBytes, unknown, runs: Math.ceil(runs / PAGESIZE), others: [resident, fincore(name) ?? resident] };
  };
  const agrees = ({ residentPages, runs, others }) => [runs, ...others].every((count) => count === residentPages);
  for (const act of [() => mapping.warm(), () => mapping.evict({ sync: true }), () => mapping.read(100 * PAGESIZE, 1)]) {
    act();
    // The system may take pages away meanwhile: one look in which nobody did is enough.
    const looks = [];
    do looks.push(look());
    while (!agrees(looks.at(-1)) && looks.length < 20);
    const last = looks.at(-1);
    assert.ok(agrees(last), JSON.stringify(looks));
    assert.deepStrictEqual([last.pages, last.unknown, last.residentBytes], [301, null, last.residentPages * PAGESIZE]);
  }
});

test("holes are told from what is absent", (t) => {
  const { name, fd } = file(t, 0);
  fs.ftruncateSync(fd, 64 * PAGESIZE);
  fs.writeSync(fd, Buffer.alloc(4 * PAGESIZE, 1), 0, 4 * PAGESIZE, 32 * PAGESIZE);
  fs.fsyncSync(fd);
  const mapping = open(name, { offset: 5, length: 40 * PAGESIZE });
  const runs = [...mapping.runs()];
  assert.ok(runs.some(({ state }) => state === "hole"), JSON.stringify(runs));
  for (const [at, run] of runs.entries()) if (at > 0) assert.strictEqual(run.offset, runs[at - 1].offset + runs[at - 1].length);
  const report = mapping.warm();
  assert.ok(report.requestedPages <= 4, JSON.stringify(report));
  mapping.close();
});

test("advice by name and number, and none that is unknown", (t) => {
  const { mapping } = opened(t, 4);
  for (const name of ["normal", "random", "sequential", "willneed", "dontneed", "cold", mmap.MADV_WILLNEED]) {
    assert.strictEqual(mapping.advise(name, { offset: 1, length: PAGESIZE }), undefined);
  }
  for (const number of [2 ** 32 + 4, 2 ** 32, 2 ** 31, 9, 100, -1]) {
    assert.throws(() => mapping.advise(number), { code: "EINVAL", syscall: "madvise" });
    assert.throws(() => mmap.advise(mapping.buffer, number), { code: "EINVAL", syscall: "madvise" });
  }
  assert.throws(() => mmap.map(PAGESIZE, 1, 1, fs.openSync(mapping.path, "r"), 0, 2 ** 32 + 4), { code: "EINVAL", syscall: "madvise" });
  assert.throws(() => mapping.advise("free"), { code: "ERR_INVALID_ARG_VALUE" });
  assert.throws(() => mapping.advise("random", { offset: 4 * PAGESIZE, length: 18 }), { code: "ERR_OUT_OF_RANGE" });
  const copy = anonymous(PAGESIZE);
  copy.buffer[0] = 1;
  assert.throws(() => copy.advise("dontneed"), /lost/);
  assert.strictEqual(copy.buffer[0], 1);
});

test("what a program makes of objects and their prototypes changes nothing", (t) => {
  const { name, mapping, length } = opened(t, 2, { access: "write" });
  const pollution = { failed: true, kind: "Limit", access: "write", shared: true, offset: 1, path: "evil", guard: false, errno: 7 };
  const fd = fs.openSync(name, "r");
  mmap.residency(name);
  Object.assign(Object.prototype, pollution);
  try {
    const other = open(name);
    const buffer = mmap.map(PAGESIZE, 1, 1, fd);
    assert.deepStrictEqual([other.length, other.access, other.shared, other.sync(), buffer.length], [length, "read", false, undefined, PAGESIZE]);
    assert.throws(() => open(`${name}x`), (error) => error.code === "ENOENT" && error.path === `${name}x`);
    assert.strictEqual(mmap.residency(name).files.length, 1);
    other.close();
    mmap.unmap(buffer);
  } finally {
    for (const key of Object.keys(pollution)) delete Object.prototype[key];
  }
  Object.defineProperties(mapping, Object.fromEntries(["length", "closed", "shared"].map((key) => [key, { value: 2 ** 40, configurable: true }])));
  assert.ok(mapping.read(10, 2 ** 30).equals(content(length).subarray(10)));
  const { buffer } = mapping;
  for (const key of ["length", "byteLength", "byteOffset"]) Object.defineProperty(buffer, key, { value: 0 });
  mmap.sync(buffer, true);
  mapping.close();
  assert.strictEqual(mappingsOf(name), 0);
  assert.strictEqual(buffer.buffer.byteLength, 0);
});

test("what comes from another realm", (t) => {
  const { name, mapping } = opened(t, 2, { access: "write" });
  const realm = vm.createContext({ URL });
  const inRealm = (code) => vm.runInContext(code, realm);
  assert.strictEqual(mapping.write(0, inRealm("Uint8Array.of(1, 2, 3).buffer")), 3);
  assert.strictEqual(mapping.write(3, inRealm("new DataView(Uint8Array.of(4, 5).buffer, 1)")), 1);
  assert.deepStrictEqual([...fs.readFileSync(name).subarray(0, 4)], [1, 2, 3, 5]);
  const bytes = inRealm("(bytes) => Uint8Array.from(bytes)")([...Buffer.from(name)]);
  const url = inRealm("(href) => new URL(href)")(pathToFileURL(name).href);
  // What a bundler, or a test runner with a browser's globals, has.
  const plain = { href: url.href, protocol: "file:", host: "", hostname: "", pathname: url.pathname, search: "", hash: "" };
  // Node.js 18 takes its own alone.
  for (const how of [bytes, url, ...(parseInt(process.versions.node, 10) < 20 ? [] : [plain])]) {
    const other = open(how);
    assert.strictEqual(other.length, mapping.length);
    other.close();
  }
  const views = inRealm("(buffer) => [new Uint8Array(buffer), new DataView(buffer)]")(mapping.buffer.buffer);
  assert.deepStrictEqual(mmap.incore(views[0]).reduce((sum, count) => sum + count), 3);
  assert.throws(() => mmap.incore(views[1]), { code: "ERR_INVALID_ARG_TYPE" });
  assert.strictEqual(mmap.unmap(views[1]), false);
  assert.strictEqual(mmap.unmap(views[0]), true);
  assert.strictEqual(mapping.closed, true);
});
