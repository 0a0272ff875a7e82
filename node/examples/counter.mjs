// Two processes count in one file that both have mapped, with Atomics: no increment is lost.
//
//   node counter.mjs [FILE [INCREMENTS]]     each process adds so many (1,000,000)
//
// Only Atomics may be used on memory that others write to at the same time: `cells[0] += 1` would lose some. The language promises
// atomicity for SharedArrayBuffers; V8, JavaScriptCore and the processor keep it for any aligned memory.

import { fork } from "node:child_process";
import { once } from "node:events";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { open } from "mmapio";

const [file = path.join(os.tmpdir(), "mmapio-counter"), increments = "1000000", role] = process.argv.slice(2);

/** The file's bytes as numbers that processes can share. */
function cellsOf(mapping) {
  const { buffer, byteOffset, byteLength } = mapping.buffer;
  return new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT);
}

function mapped() {
  return open(file, { access: "write", create: true, size: 4096 });
}

/** One of the two that count. */
async function count() {
  const mapping = mapped();
  const cells = cellsOf(mapping);
  process.send("ready");
  await once(process, "message");
  for (let at = 0; at < Number(increments); at += 1) Atomics.add(cells, 0, 1);
  mapping.close();
  process.disconnect();
}

/** Starts both, and lets them go at the same time. */
async function watch() {
  const mapping = mapped();
  const cells = cellsOf(mapping);
  Atomics.store(cells, 0, 0);
  const both = [1, 2].map(() => fork(fileURLToPath(import.meta.url), [file, increments, "count"]));
  const ended = both.map((child) => once(child, "exit"));
  await Promise.all(both.map((child) => once(child, "message")));
  for (const child of both) child.send("go");
  await Promise.all(ended);
  console.log(`${Atomics.load(cells, 0)} of ${2 * Number(increments)}`);
  await mapping.syncAsync();
  mapping.close();
}

await (role === "count" ? count() : watch());
