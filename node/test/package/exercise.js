"use strict";
// Uses mmapio as a program would that has it from wherever it came; throws where something is wrong.

const assert = require("node:assert");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

/** Maps a file, writes through the mapping, asks and unmaps. */
function dropin(mmap, name) {
  const fd = fs.openSync(name, "r+");
  const { PROT_READ, PROT_WRITE, MAP_SHARED, MADV_RANDOM, PAGESIZE } = mmap;
  const bytes = mmap.map(2 * PAGESIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, MADV_RANDOM);
  fs.closeSync(fd);
  bytes.write("patched", PAGESIZE);
  mmap.advise(bytes, mmap.MADV_NORMAL);
  mmap.sync(bytes, true);
  assert.strictEqual(mmap.incore(bytes).reduce((sum, pages) => sum + pages), 2);
  assert.strictEqual(fs.readFileSync(name, "latin1").slice(PAGESIZE, PAGESIZE + 7), "patched");
  assert.strictEqual(mmap.unmap(bytes), true);
  assert.strictEqual(bytes.length, 0);
}

/** An error is of the program's own realm, and has what Node's have. */
function failure(mmap) {
  assert.throws(() => mmap.map(0, mmap.PROT_READ, mmap.MAP_SHARED, -1), (error) => error instanceof Error && error.code === "EINVAL");
  assert.throws(() => mmap.incore({}), TypeError);
}

function beyond(mmap, name) {
  const file = mmap.open(name);
  assert.strictEqual(file.buffer.toString("latin1", mmap.PAGESIZE, mmap.PAGESIZE + 7), "patched");
  assert.ok(file instanceof mmap.MappedFile);
  file.close();
  assert.strictEqual(mmap.residency(name).total.pages, 2);
}

function exercise(mmap) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "mmapio-use-"));
  const name = path.join(dir, "file");
  try {
    fs.writeFileSync(name, Buffer.alloc(2 * mmap.PAGESIZE));
    dropin(mmap, name);
    failure(mmap);
    beyond(mmap, name);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
  return "works";
}

module.exports = exercise;
