"use strict";
// Programs that listen for the signals of the guard: faults in mappings are answered, what was sent comes to the listener.

const assert = require("node:assert");
const fs = require("node:fs");
const test = require("node:test");

const { apart, file, mmap, skip } = require("./helpers.js");

const { PAGESIZE } = mmap;

test("faults are answered though the program listens for their signals", (t) => {
  if (process.versions.bun || process.versions.deno) return skip(t, "Bun takes the signals a turn later, Deno refuses to");
  const { name } = file(t, 4 * PAGESIZE);
  const told = apart(name, `
    const mapping = mmap.open(name), heard = [];
    for (const signal of ["SIGBUS", "SIGSEGV"]) process.on(signal, () => heard.push(signal));
    mapping.buffer[0] = 1;
    fs.truncateSync(name, 0);
    const byte = mapping.buffer[${2 * PAGESIZE}];
    const { count, stores } = mapping.faults;
    process.kill(process.pid, "SIGBUS");
    while (heard.length === 0) await new Promise(setImmediate);
    tell({ byte, count, stores, heard });
    process.exit();`);
  assert.deepStrictEqual(told, { byte: 0, count: 1, stores: 1, heard: ["SIGBUS"] });
  assert.strictEqual(fs.statSync(name).size, 0);
});
