// Searches a file that is larger than memory, or than a buffer can be, through windows of 64 MiB, and prints where a text is first.
//
//   node windows.mjs [FILE [TEXT]]     without FILE a sparse one of 10 GiB is made, and removed
//
// Windows that are holes are not read: reading one would fill memory with zeros.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { open } from "mmapio";

const WINDOW = 64 * 2 ** 20;

const [named, text = "the marker"] = process.argv.slice(2);

/** Where the text is in the part that begins at `offset`; -1 when it is not. */
function findIn(fd, offset, length, wanted) {
  const window = open(fd, { offset, length, advice: "sequential" });
  try {
    if (isHole(window)) return -1;
    const at = window.buffer.indexOf(wanted);
    // Zeros that the guard put there would have been searched instead of the file.
    if (window.faults.count > 0) throw new Error(`the part at ${offset} cannot be read, or was cut off`);
    return at < 0 ? at : offset + at;
  } finally {
    window.close();
  }
}

function isHole(window) {
  for (const run of window.runs()) if (run.state !== "hole") return false;
  return true;
}

/** The same in the whole file; a window goes into the next one, so that no text is cut in two. */
function find(fd, wanted) {
  const { size } = fs.fstatSync(fd);
  for (let offset = 0; offset < size; offset += WINDOW) {
    const at = findIn(fd, offset, Math.min(WINDOW + wanted.length - 1, size - offset), wanted);
    if (at >= 0) return at;
  }
  return -1;
}

/** A file of holes with the text in it, across the border of two windows. */
function make(dir) {
  const file = path.join(dir, "sparse");
  const fd = fs.openSync(file, "w");
  fs.ftruncateSync(fd, 10 * 2 ** 30);
  fs.writeSync(fd, Buffer.from(text), 0, Buffer.byteLength(text), 150 * WINDOW - 3);
  fs.closeSync(fd);
  return file;
}

const dir = named ?? fs.mkdtempSync(path.join(os.tmpdir(), "mmapio-windows-"));
const fd = fs.openSync(named ?? make(dir));
try {
  const at = find(fd, Buffer.from(text));
  console.log(at < 0 ? "not found" : at);
  process.exitCode = at < 0 ? 1 : 0;
} finally {
  fs.closeSync(fd);
  if (!named) fs.rmSync(dir, { recursive: true });
}
