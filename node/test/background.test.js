"use strict";
// Calls in the thread pool, and trees of files.

const assert = require("node:assert");
const { execFileSync, spawnSync } = require("node:child_process");
const { getEventListeners } = require("node:events");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");
const { pathToFileURL } = require("node:url");

const { apart, descriptors, file, mappingsOf, mmap, scratch } = require("./helpers.js");

const { PAGESIZE } = mmap;

function opened(t, length, options) {
  const { name, fd } = file(t, 0);
  fs.ftruncateSync(fd, length);
  const mapping = mmap.open(name, options);
  t.after(() => mapping.close());
  return { name, fd, mapping };
}

/** Every asynchronous call of a mapping and of its file. */
function calls(mapping, name) {
  return {
    syncAsync: (options) => mapping.syncAsync(options), residencyAsync: (options) => mapping.residencyAsync(options),
    warmAsync: (options) => mapping.warmAsync(options), evictAsync: (options) => mapping.evictAsync(options),
    residency: (options) => mmap.residencyAsync(name, options), warm: (options) => mmap.warmAsync(name, options),
    evict: (options) => mmap.evictAsync(name, options),
  };
}

test("a signal that was given already, or is given later, or too late", async (t) => {
  const { name, mapping } = opened(t, 64 * PAGESIZE, { access: "write" });
  for (const [label, call] of Object.entries(calls(mapping, name))) {
    const reason = new Error("the reason");
    const aborted = (error) => error.name === "AbortError" && error.code === "ABORT_ERR" && error.cause === reason;
    await assert.rejects(call({ signal: AbortSignal.abort(reason) }), aborted, label);
    const controller = new AbortController();
    const call1 = call({ signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(call1, aborted, label);
    const late = new AbortController();
    await call({ signal: late.signal });
    for (const { signal } of [controller, late]) assert.strictEqual(getEventListeners(signal, "abort").length, 0, label);
    late.abort();
    await assert.rejects(call({ signal: AbortSignal.timeout(0), onProgress: undefined }).then(() => {
      throw Object.assign(new Error("done before"), { code: "ABORT_ERR" });
    }), { code: "ABORT_ERR" });
  }
});

test("a call that is ended stops", async (t) => {
  const { mapping } = opened(t, 0, { access: "write", size: 256 * PAGESIZE, allocate: true });
  mapping.buffer.fill(1);
  mapping.evict({ sync: true });
  const controller = new AbortController();
  // At a page a second it would take minutes; the promise ends at once, and the thread soon, or the process would not end.
  const call = mapping.warmAsync({ rate: PAGESIZE, signal: controller.signal });
  setImmediate(() => controller.abort());
  await assert.rejects(call, { name: "AbortError" }).catch((error) => {
    // All of it was still in memory.
    if (mapping.residency().residentPages < 200) throw error;
  });
});

test("progress is told at the end, and what it throws is what the promise rejects with", async (t) => {
  const { name, mapping } = opened(t, 64 * PAGESIZE, { access: "write" });
  for (const [label, call] of Object.entries(calls(mapping, name))) {
    const told = [];
    await call({ onProgress: (progress) => told.push(progress) });
    assert.ok(told.length >= 1, label);
    for (const { bytes, total } of told) assert.ok(bytes >= 0 && (total === null || total >= 0), JSON.stringify(told));
    const thrown = new Error("on purpose");
    await assert.rejects(call({ onProgress: () => {
      throw thrown;
    } }), (error) => error === thrown, label);
    const controller = new AbortController();
    await assert.rejects(call({ signal: controller.signal, onProgress: () => controller.abort() }), { name: "AbortError" }, label);
  }
});

test("arguments that are wrong reject", async (t) => {
  const { name, mapping } = opened(t, PAGESIZE);
  for (const [label, call] of Object.entries(calls(mapping, name))) {
    for (const options of [null, 1, "x", { signal: {} }, { signal: { aborted: false } }, { onProgress: 1 }, { signal: "abort" }]) {
      const promise = call(options);
      assert.ok(promise instanceof Promise, label);
      await assert.rejects(promise, { code: "ERR_INVALID_ARG_TYPE" }, label);
    }
  }
});

test("a thousand calls at once", async (t) => {
  const { name, mapping } = opened(t, 16 * PAGESIZE, { access: "write" });
  const before = descriptors();
  const all = Array.from({ length: 1000 }, (_, at) => {
    switch (at % 4) {
      case 0: return mapping.warmAsync();
      case 1: return mapping.syncAsync();
      case 2: return mmap.warmAsync(name);
      default: return mapping.residencyAsync();
    }
  });
  for (const [at, answer] of (await Promise.all(all)).entries()) {
    assert.strictEqual(at % 4 === 1 ? 16 : (answer.total ?? answer).pages, 16);
  }
  // Fewer, when calls of other tests that were aborted have ended meanwhile.
  assert.ok(descriptors() <= before && mappingsOf(name) === 1, `${descriptors()} descriptors, ${before} before`);
});

test("the event loop goes on while much is written back", async (t) => {
  const { mapping } = opened(t, 256 << 20, { access: "write" });
  mapping.buffer.fill(7);
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 1);
  await mapping.syncAsync();
  clearInterval(timer);
  assert.ok(ticks > 0, `${ticks} ticks`);
});

/** A tree: two files, one in a directory, an empty one, and one whose name is no UTF-8. */
function tree(t) {
  const dir = scratch(t);
  fs.mkdirSync(path.join(dir, "sub"));
  for (const [name, pages] of [["a.txt", 3], ["b.log", 5], ["sub/c.txt", 7], ["empty", 0]]) {
    fs.writeFileSync(path.join(dir, name), Buffer.alloc(pages * PAGESIZE, 1));
  }
  // Deno writes to another name where this one is no text.
  const odd = Buffer.from(process.versions.deno ? `${dir}/odd` : `${dir}/odd\xff`, "latin1");
  fs.writeFileSync(odd, Buffer.alloc(2 * PAGESIZE, 1));
  return { dir, odd };
}

function names({ files }, dir) {
  return files.map(({ path: name }) => (typeof name === "string" ? path.relative(dir, name) : name)).sort();
}

test("trees are walked as they are asked to be", async (t) => {
  const { dir, odd } = tree(t);
  const all = await mmap.residencyAsync(dir);
  assert.deepStrictEqual([all.total.files, all.total.pages, all.total.size, all.errors], [5, 17, 17 * PAGESIZE, []]);
  const oddOne = all.files.find(({ path: name }) => Buffer.from(name).equals(odd));
  assert.deepStrictEqual([oddOne.path, oddOne.size], [process.versions.deno ? String(odd) : odd, 2 * PAGESIZE]);
  for (const [options, expected] of [
    [{ include: "*.txt" }, ["a.txt", "sub/c.txt"]],
    [{ include: ["*.txt", "*.log"], exclude: "sub/**" }, ["a.txt", "b.log"]],
    [{ maxDepth: 1, include: "*.txt" }, ["a.txt"]],
    [{ minSize: 5 * PAGESIZE }, ["b.log", "sub/c.txt"]],
    [{ minSize: PAGESIZE, maxSize: 3 * PAGESIZE, include: "*.*" }, ["a.txt"]],
    [{ include: "nothing" }, []],
  ]) {
    assert.deepStrictEqual(names(mmap.residency(dir, options), dir), expected, JSON.stringify(options));
  }
  const summary = mmap.residency([dir, odd], { summary: true });
  assert.deepStrictEqual([summary.files, summary.total.files], [[], 5]);
  const ranged = mmap.residency(path.join(dir, "b.log"), { range: { offset: PAGESIZE + 1, length: PAGESIZE } });
  assert.deepStrictEqual([ranged.files[0].offset, ranged.files[0].length, ranged.files[0].pages], [PAGESIZE, 2 * PAGESIZE, 2]);
  for (const how of [odd, pathToFileURL(path.join(dir, "a.txt")), [Buffer.from(dir)]]) {
    assert.ok(mmap.residency(how).total.files > 0);
  }
  assert.throws(() => mmap.residency(dir, { include: "[" }), (error) => typeof error.code === "string");
  for (const paths of [[], [dir, undefined], [, dir], [""], ["a\0b"]]) {
    assert.throws(() => mmap.residency(paths), (error) => /^ERR_INVALID_ARG_/.test(error.code), JSON.stringify(paths));
  }
});

test("a named path that is wrong is thrown, with what was done for the others", async (t) => {
  const { dir } = tree(t);
  const missing = path.join(dir, "missing");
  for (const verb of ["residency", "warm", "evict"]) {
    const isRight = (error) => {
      assert.deepStrictEqual([error.code, error.path, error.syscall], ["ENOENT", missing, "open"]);
      assert.deepStrictEqual([error.result.total.files, error.result.files.length, error.result.errors.length], [5, 5, 1]);
      return error instanceof Error;
    };
    assert.throws(() => mmap[verb]([dir, missing]), isRight, verb);
    await assert.rejects(mmap[`${verb}Async`]([dir, missing]), isRight, verb);
  }
});

test("what is wrong below a named path is told with the rest", (t) => {
  const { dir } = tree(t);
  fs.symlinkSync("missing", path.join(dir, "dangling"));
  execFileSync("mkfifo", [path.join(dir, "fifo")]);
  assert.deepStrictEqual([mmap.residency(dir).errors, mmap.residency(dir, { follow: true }).total.files], [[], 5]);
  // Root may look into everything, and remove it afterwards; others have to be let.
  fs.chmodSync(path.join(dir, "sub"), 0);
  fs.chmodSync(dir, 0o755);
  const told = apart(dir, `
    if (process.getuid() === 0) process.seteuid(65534);
    tell([mmap.residency(name), await mmap.warmAsync(name), mmap.residency(name, { summary: true })].map(({ total, errors }) =>
      [total.files, errors.map(({ code, path }) => [code, path])]));`);
  const expected = [4, [["EACCES", path.join(dir, "sub")]]];
  assert.deepStrictEqual(told, [expected, expected, expected]);
  fs.chmodSync(path.join(dir, "sub"), 0o700);
});

test("trees are warmed and evicted, which others see", async (t) => {
  const { dir } = tree(t);
  const fincore = () => {
    const ran = spawnSync("fincore", ["--bytes", "--noheadings", "--output", "PAGES", ...["a.txt", "b.log", "sub/c.txt"].map((name) => path.join(dir, name))], { encoding: "utf8" });
    return ran.status === 0 ? ran.stdout.trim().split("\n").reduce((sum, line) => sum + Number(line), 0) : null;
  };
  if (fincore() === null) t.diagnostic("SKIP fincore: util-linux is not installed");
  const agrees = (report) => {
    const counted = fincore();
    return counted === null || counted === report;
  };
  for (const verb of ["evict", "warm", "residency"]) {
    let isSame = false;
    for (let round = 0; round < 20 && !isSame; round += 1) {
      // The system may take pages away meanwhile.
      const survey = await mmap[`${verb}Async`](dir, { include: "*.*", ...(verb === "evict" && { sync: true }) });
      assert.deepStrictEqual([survey.errors, survey.total.files, survey.total.pages], [[], 3, 15]);
      assert.strictEqual(survey.files.reduce((sum, each) => sum + each.residentPages, 0), survey.total.residentPages);
      isSame = agrees(survey.total.residentPages);
    }
    assert.ok(isSame, verb);
  }
  const before = mmap.residency(dir).total.residentPages;
  const { total } = mmap.evict(dir, { dryRun: true });
  assert.ok(total.beforeResidentPages <= before && total.remaining.length >= 0);
  mmap.evict(dir, { sync: true });
  const much = mmap.warm(dir, { maxMemory: 0 });
  if (much.total.requestedPages > 0) assert.deepStrictEqual(much.total.remaining.map(({ reason }) => reason), ["over budget"]);
  assert.strictEqual(much.total.changedPages, 0);
  const dry = mmap.warm(dir, { dryRun: true });
  assert.ok(dry.total.remaining.every(({ reason }) => reason === "dry run"), JSON.stringify(dry.total.remaining));
  assert.deepStrictEqual(mmap.warm(dir, { maxMemory: 0, force: true }).total.remaining.filter(({ reason }) => reason === "over budget"), []);
});
