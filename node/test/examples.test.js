"use strict";
// The examples, run as their readers would, and what comes of them looked at by other means: what a file holds, what a client gets.

const assert = require("node:assert");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const readline = require("node:readline");
const test = require("node:test");

const { content, mmap, scratch } = require("./helpers.js");

const examples = path.join(__dirname, "..", "examples");
const MIB = 2 ** 20;
/** What hangs is a failure, too. */
const timeout = 60_000;

/** Bun's fs.watch() takes events that follow each other in a few milliseconds for one, and the last ones may be lost. */
const missesEvents = process.versions.bun ? "fs.watch() loses events" : false;

/** An example that runs: its two outputs by lines, and how it ends. */
function start(t, name, ...args) {
  const child = spawn(process.execPath, [path.join(examples, name), ...args.map(String)], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const [out, err] = [child.stdout, child.stderr].map((stream) => readline.createInterface(stream)[Symbol.asyncIterator]());
  // An array of this realm: the tests run in contexts of their own, too.
  const ended = once(child, "close").then(([...how]) => how);
  return { child, out, err, ended };
}

async function next(lines) {
  const { value, done } = await lines.next();
  return done ? null : value;
}

/** All lines that are left. */
async function rest(lines) {
  const all = [];
  for (let line = await next(lines); line !== null; line = await next(lines)) all.push(line);
  return all;
}

/** Runs an example to its end. */
async function run(t, name, ...args) {
  const { out, err, ended } = start(t, name, ...args);
  const [printed, said, [status]] = await Promise.all([rest(out), rest(err), ended]);
  return { printed, said: said.join("\n"), status };
}

test("counter.mjs: no increment of two processes is lost", { timeout }, async (t) => {
  const file = path.join(scratch(t), "counter");
  const { printed, said, status } = await run(t, "counter.mjs", file, 200_000);
  assert.deepStrictEqual([printed, said, status], [["400000 of 400000"], "", 0]);
  assert.strictEqual(fs.readFileSync(file).readInt32LE(0), 400_000);
});

test("counter.mjs: begins anew", { timeout }, async (t) => {
  const file = path.join(scratch(t), "counter");
  for (const increments of [1000, 10]) await run(t, "counter.mjs", file, increments);
  assert.strictEqual(fs.readFileSync(file).readInt32LE(0), 20);
});

/** A sparse file, and text at some places of it. */
function sparse(t, size, parts) {
  const name = path.join(scratch(t), "sparse");
  const fd = fs.openSync(name, "w");
  fs.ftruncateSync(fd, size);
  for (const [at, text] of parts) fs.writeSync(fd, Buffer.from(text), 0, text.length, at);
  fs.closeSync(fd);
  return name;
}

test("windows.mjs: finds a text wherever it is in 10 GiB", { timeout }, async (t) => {
  const size = 10 * 1024 * MIB;
  for (const at of [0, 5 * 1024 * MIB + 12345, 64 * MIB - 1, size - 6]) {
    const file = sparse(t, size, [[at, "needle"], [at < MIB ? 9 * 1024 * MIB : 64 * MIB + 7, "needl_"]]);
    assert.deepStrictEqual(await run(t, "windows.mjs", file, "needle"), { printed: [String(at)], said: "", status: 0 });
  }
});

test("windows.mjs: says when there is none", { timeout }, async (t) => {
  const file = sparse(t, 100 * MIB, [[70 * MIB, "needl"], [99 * MIB, "eedle"]]);
  assert.deepStrictEqual(await run(t, "windows.mjs", file, "needle"), { printed: ["not found"], said: "", status: 1 });
});

test("windows.mjs: makes a file of its own, and removes it", { timeout }, async (t) => {
  const before = process.env.TMPDIR;
  const dir = scratch(t);
  process.env.TMPDIR = dir;
  t.after(() => (before === undefined ? delete process.env.TMPDIR : (process.env.TMPDIR = before)));
  const { printed, status } = await run(t, "windows.mjs");
  assert.deepStrictEqual([printed, status], [[String(150 * 64 * MIB - 3)], 0]);
  assert.strictEqual(fs.readdirSync(dir).length, 0);
});

/** A file that is not in memory; null, with the reason told, where it cannot be dropped. */
function dropped(t, size) {
  const file = path.join(scratch(t), "table");
  fs.writeFileSync(file, content(size));
  const { total } = mmap.evict(file, { sync: true });
  if (total.residentPages === 0) return file;
  t.skip(`the file stays in memory: ${JSON.stringify(total.remaining)}`);
  return null;
}

/** What a server answers; fetch() needs WebAssembly, which --jitless takes away. */
async function get(url) {
  const [response] = await once(http.get(url), "response");
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, body: Buffer.concat(chunks) };
}

test("prewarm-server.mjs: listens with its file in memory, and ends at SIGTERM", { timeout }, async (t) => {
  const file = dropped(t, 8 * MIB);
  if (!file) return;
  const { child, out, err, ended } = start(t, "prewarm-server.mjs", file);
  const url = await next(out);
  assert.match(url ?? "", /^http:\/\/127\.0\.0\.1:\d+\/$/, "it listens");
  // Counted without the server. The machine may have taken pages back since.
  const seen = mmap.residency(file).total;
  const answered = JSON.parse((await get(`${url}residency`)).body);
  assert.ok(seen.residentPages > 0 && answered.residentPages > 0, `${seen.residentPages}, ${answered.residentPages} pages`);
  assert.strictEqual(answered.pages, (8 * MIB) / mmap.PAGESIZE);

  const { body } = await get(`${url}?offset=5000&length=700`);
  assert.ok(body.equals(content(8 * MIB).subarray(5000, 5700)));
  assert.strictEqual((await get(`${url}?offset=${9 * MIB}`)).status, 416);

  process.kill(child.pid, "SIGTERM");
  const said = await rest(err);
  assert.deepStrictEqual(await ended, [0, null], said.join("\n"));
  const reported = said.map((line) => /^warming: (\d+) of (\d+) pages are in memory$/.exec(line)).find(Boolean);
  assert.ok(Number(reported?.[1]) > 0 && Number(reported[2]) === answered.pages, said.join("\n"));
  assert.ok(said.some((line) => line === `warming: ${8 * MIB} of ${8 * MIB} bytes`), said.join("\n"));
});

test("prewarm-server.mjs: SIGTERM ends the warming, and nothing listens", { timeout }, async (t) => {
  const file = dropped(t, 64 * MIB);
  if (!file) return;
  const { child, out, err, ended } = start(t, "prewarm-server.mjs", "--rate", MIB, file);
  assert.match(await next(err), /^warming: \d+ of /);
  process.kill(child.pid, "SIGTERM");
  const [printed, said] = await Promise.all([rest(out), rest(err)]);
  assert.deepStrictEqual([printed, said.at(-1), await ended], [[], "warming: aborted", [1, null]]);
});

/** A log that is followed, from the moment on when it is. */
async function followed(t, file, lines) {
  const tail = start(t, "tail.mjs", "--lines", lines, file);
  assert.match(await next(tail.err), /^following /);
  return tail;
}

/** Waits for the lines that are expected next. */
async function expect(tail, ...lines) {
  for (const line of lines) assert.strictEqual(await next(tail.out), line);
}

/** That there are no more lines, and no error. */
async function expectEnd(tail) {
  assert.deepStrictEqual([await next(tail.out), await rest(tail.err), await tail.ended], [null, [], [0, null]]);
}

test("tail.mjs: what is appended, in order, and nothing else", { timeout }, async (t) => {
  const file = path.join(scratch(t), "log");
  fs.writeFileSync(file, "old 1\nold 2\n");
  const tail = await followed(t, file, 1003);
  fs.appendFileSync(file, "a\n");
  await expect(tail, "a");
  // A line in two parts, and more than one chunk.
  fs.appendFileSync(file, "half");
  const many = Array.from({ length: 1000 }, (_, at) => `${at} ${"x".repeat(3000)}`);
  fs.appendFileSync(file, ` and half\n${many.join("\n")}\nlast\nbeyond\n`);
  await expect(tail, "half and half", ...many, "last");
  await expectEnd(tail);
});

test("tail.mjs: a log that is truncated", { timeout, skip: missesEvents }, async (t) => {
  const file = path.join(scratch(t), "log");
  fs.writeFileSync(file, "a log that is longer than what follows\n");
  const tail = await followed(t, file, 5);
  fs.appendFileSync(file, "before\n");
  await expect(tail, "before");
  fs.truncateSync(file, 0);
  fs.appendFileSync(file, "after 1\n");
  await expect(tail, "after 1");
  fs.writeFileSync(file, "2\n");
  await expect(tail, "2");
  fs.appendFileSync(file, "3\n4\n");
  await expect(tail, "3", "4");
  await expectEnd(tail);
});

test("tail.mjs: a log that is rotated, by renaming and by removing", { timeout, skip: missesEvents }, async (t) => {
  const file = path.join(scratch(t), "log");
  fs.writeFileSync(file, "");
  const tail = await followed(t, file, 5);
  const fd = fs.openSync(file, "a");
  fs.renameSync(file, `${file}.1`);
  // Who writes does not know yet.
  fs.writeSync(fd, "to the old one\n");
  fs.closeSync(fd);
  fs.writeFileSync(file, "to the new one\n");
  await expect(tail, "to the old one", "to the new one");
  fs.rmSync(file);
  fs.writeFileSync(file, "third\n");
  await expect(tail, "third");
  fs.appendFileSync(file, "more of it\nend\n");
  await expect(tail, "more of it", "end");
  await expectEnd(tail);
});

test("tail.mjs: a log that comes later", { timeout }, async (t) => {
  const dir = scratch(t);
  const tail = await followed(t, path.join(dir, "log"), 1);
  fs.writeFileSync(path.join(dir, "other"), "not this\n");
  fs.writeFileSync(path.join(dir, "log"), "first\n");
  await expect(tail, "first");
  await expectEnd(tail);
});
