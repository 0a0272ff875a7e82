"use strict";
// Calls the private addon with every value in every place, past all that node/lib checks. Anything but the end of the process is right.

const fs = require("node:fs");

const mmap = require("../../lib/index.js");
const native = require("../../lib/native.js");
const { values } = require("./values.js");

const { PAGESIZE } = mmap;
const LENGTH = 4 * PAGESIZE;

fs.writeFileSync("file", Buffer.alloc(LENGTH, "0123456789abcde"));
const fd = fs.openSync("file", "r+");
const mapped = () => mmap.map(LENGTH, 3, 1, fd);
const name = () => Buffer.from("file");
const ticket = () => new native.Ticket();

const opening = () => ({
  access: "write", offset: 0, length: LENGTH, populate: false, guard: true, create: false, size: LENGTH, allocate: false,
});
const walking = () => ({
  include: ["*"], exclude: ["x"], minSize: 0, maxSize: LENGTH, maxDepth: 1, follow: false, oneFileSystem: false, jobs: 1, offset: 0,
  length: LENGTH, summary: false,
});
const doing = () => ({ verb: "look", dryRun: false, rate: 2 ** 40, maxMemory: 2 ** 40, force: false, sync: false });
const open = () => native.openPath(name(), opening());

const CALLS = {
  adviceConstants: () => [], pageBytes: () => [], isMapped: () => [mapped()], unmap: () => [mapped()], faultsOf: () => [mapped()],
  mapFile: () => [fd, 2, 0, LENGTH], mapAnonymous: () => [3, LENGTH], advise: () => [mapped(), 0, PAGESIZE, 1],
  sync: () => [mapped(), 0, PAGESIZE, true, false], incore: () => [mapped()], openPath: () => [name(), opening()],
  openDescriptor: () => [fd, opening()], openMemory: () => [LENGTH, false], survey: () => [name(), walking(), doing(), ticket()],
  surveyLater: () => [name(), walking(), doing(), ticket()],
};
const METHODS = {
  buffer: () => [false], extent: () => [], size: () => [], isClosed: () => [], faults: () => [], unpopulated: () => [],
  advise: () => [1, 0, PAGESIZE], read: () => [0, Buffer.alloc(10)], write: () => [0, Buffer.alloc(10)],
  resize: () => [LENGTH, undefined], remap: () => [LENGTH, undefined], close: () => [undefined],
  sync: () => [0, PAGESIZE, "msync"], syncLater: () => [0, PAGESIZE, "msync"], residency: () => [], residencyLater: () => [],
  runs: () => [], warm: () => [2 ** 40, ticket()], warmLater: () => [2 ** 40, ticket()], evict: () => [false, ticket()],
  evictLater: () => [false, ticket()],
};

/** Objects of the addon's, in each other's places. */
const VALUES = {
  ...values(mmap, mapped), Ticket: ticket, Mapped: open, Survey: () => native.survey(name(), walking(), doing(), ticket()),
  "closed Mapped": () => {
    const handle = open();
    handle.close();
    return handle;
  },
  "no Ticket": () => Object.create(native.Ticket.prototype),
  "Ticket as Mapped": () => Object.setPrototypeOf(ticket(), native.Mapped.prototype),
  "Mapped as Ticket": () => Object.setPrototypeOf(open(), native.Ticket.prototype),
};

let count = 0;
const later = [];

function attempt(label, call) {
  fs.writeSync(1, `${label}\n`);
  count += 1;
  try {
    const answer = call();
    if (answer instanceof Promise) later.push(answer.catch(() => {}));
    else if (answer instanceof native.Mapped) answer.close();
  } catch {
    // Whatever it is.
  }
}

/** Each argument, and where it is an object each field of it. */
function attemptAll(label, usual, call) {
  attempt(`${label} without arguments`, () => call([]));
  for (const [what, make] of Object.entries(VALUES)) {
    for (let at = 0; at < usual().length; at += 1) {
      const replaced = (change) => {
        const args = usual();
        args[at] = change(args[at]);
        return args;
      };
      attempt(`${label} argument ${at} = ${what}`, () => call(replaced(make)));
      const field = usual()[at];
      if (typeof field !== "object" || Object.getPrototypeOf(field) !== Object.prototype) continue;
      for (const key of Object.keys(field)) {
        attempt(`${label} ${key}: ${what}`, () => call(replaced((object) => ({ ...object, [key]: make() }))));
      }
    }
  }
}

for (const [label, usual] of Object.entries(CALLS)) attemptAll(label, usual, (args) => native[label](...args));
for (const [label, usual] of Object.entries(METHODS)) {
  attemptAll(`Mapped.${label}`, usual, (args) => {
    const handle = open();
    const answer = handle[label](...args);
    if (label !== "buffer") handle.close(undefined);
    return answer;
  });
}
// What is called on another object, and what is made by nobody.
for (const [label, make] of Object.entries(VALUES)) {
  for (const type of [native.Mapped, native.Ticket, native.Survey]) {
    attempt(`new ${type.name}(${label})`, () => new type(make()));
    attempt(`${type.name}(${label})`, () => type(make()));
    for (const method of Object.getOwnPropertyNames(type.prototype)) {
      if (method !== "constructor") attempt(`${type.name}.${method} of ${label}`, () => type.prototype[method].call(make(), 0, 0));
    }
  }
}
// One ticket for many; a survey that is emptied twice; a buffer that is made twice; an argument that takes another away.
const one = ticket();
for (let round = 0; round < 100; round += 1) later.push(native.surveyLater(name(), walking(), doing(), one), open().warmLater(undefined, one));
one.stop();
const survey = native.survey(name(), walking(), doing(), ticket());
for (let round = 0; round < 3; round += 1) attempt("survey", () => [survey.take(2 ** 31), survey.errors(), survey.named(), survey.sum()]);
const handle = open();
for (let round = 0; round < 3; round += 1) attempt("buffer", () => handle.buffer(round === 1));
for (const call of [(path, taking) => native.openPath(path, taking), (path, taking) => native.survey(path, taking, doing(), ticket())]) {
  const path = new Uint8Array(1 << 20).fill(97);
  const taking = Object.defineProperty({ ...opening(), ...walking() }, "offset", {
    get: () => structuredClone(path.buffer, { transfer: [path.buffer] }) && 0,
  });
  attempt("a path that is taken away", () => call(path, taking));
}

Promise.allSettled(later).then(() => process.stdout.write(`\n${JSON.stringify({ count, wrong: [] })}\n`));
