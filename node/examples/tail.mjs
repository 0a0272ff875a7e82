// Prints what is appended to a log, as `tail -F` does: also when the log is truncated, or another one takes its name (rotation).
//
//   node tail.mjs [--lines LINES] FILE     ends after so many lines; without it, never
//
// A log that was truncated and is longer again than it was when it is looked at cannot be told from one that grew.

import { on, once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { open } from "mmapio";

const CHUNK = 2 ** 20;
const NEWLINE = 10;

const { values, positionals } = parseArgs({ options: { lines: { type: "string" } }, allowPositionals: true });
const file = path.resolve(positionals[0] ?? "log");
let linesLeft = Number(values.lines ?? Infinity);

/** The file that has the name now, from `position` on (its end); null when there is none. */
function opened(position) {
  let fd;
  try {
    fd = fs.openSync(file);
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
  try {
    const { dev, ino } = fs.fstatSync(fd);
    const mapping = open(fd);
    return { mapping, dev, ino, position: position ?? mapping.length };
  } finally {
    fs.closeSync(fd);
  }
}

/** Prints what came since the last time. */
async function follow(log) {
  log.mapping.remap();
  if (log.mapping.length < log.position) log.position = 0;
  while (log.position < log.mapping.length && linesLeft > 0) {
    const bytes = wanted(readAt(log));
    if (bytes.length === 0) return;
    log.position += bytes.length;
    if (!process.stdout.write(bytes)) await once(process.stdout, "drain");
  }
}

/** Some bytes; none when the file was truncated just now, of which there will be another event. */
function readAt({ mapping, position }) {
  try {
    return mapping.read(position, CHUNK);
  } catch (error) {
    if (mapping.size > position) throw error;
    return Buffer.alloc(0);
  }
}

/** As many of the bytes as are wanted. */
function wanted(bytes) {
  let end = 0;
  for (; linesLeft > 0; linesLeft -= 1) {
    const newline = bytes.indexOf(NEWLINE, end);
    if (newline < 0) return bytes;
    end = newline + 1;
  }
  return bytes.subarray(0, end);
}

/** What has the name now: the same log, or the next one, when there is nothing left of the last. */
async function current(log) {
  const now = fs.statSync(file, { throwIfNoEntry: false });
  if (log && (!now || (now.ino === log.ino && now.dev === log.dev))) return log;
  if (log) {
    await follow(log);
    log.mapping.close();
  }
  return opened(0);
}

// The directory is watched, since the file may go. Watching begins before the first look: nothing is missed in between.
const watcher = fs.watch(path.dirname(file));
const events = on(watcher, "change");
// Of what others do to files of a network nobody is told, and of quick changes not by every runtime: it looks each second, too.
const timer = setInterval(() => watcher.emit("change", "change", path.basename(file)), 1000);
let log = opened();
console.error(`following ${file} from byte ${log?.position ?? 0}`);
for await (const [, name] of events) {
  if (name !== path.basename(file)) continue;
  log = await current(log);
  if (log) await follow(log);
  if (linesLeft <= 0) break;
}
clearInterval(timer);
watcher.close();
log?.mapping.close();
