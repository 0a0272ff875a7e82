"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const mmap = require("../lib/index.js");

/** A directory that is gone when the test ends. */
function scratch(t) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "mmapio-node-"));
  t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A file of so many bytes, each the low byte of its offset divided by 7, and its descriptor. */
function file(t, length, flags = "r+") {
  const name = path.join(scratch(t), "file");
  fs.writeFileSync(name, content(length));
  const fd = fs.openSync(name, flags);
  t.after(() => fs.closeSync(fd));
  return { name, fd };
}

function content(length) {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at / 7) & 0xff));
}

/** The lines of /proc/self/maps that name a file. */
function mappingsOf(name) {
  return fs.readFileSync("/proc/self/maps", "utf8").split("\n").filter((line) => line.includes(name)).length;
}

function descriptors() {
  return fs.readdirSync("/proc/self/fd").length;
}

module.exports = { content, descriptors, file, mappingsOf, mmap, scratch };
