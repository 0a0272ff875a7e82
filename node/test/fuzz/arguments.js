"use strict";
// Calls one function with every value in every place. Run by arguments.test.js, in a process of its own: each call is told before it is
// made, so that the one is known that ended the process.

const assert = require("node:assert");
const fs = require("node:fs");

const mmap = require("../../lib/index.js");
const { CALLS, FD, LENGTH, MAPPED } = require("./calls.js");
const { BOOM, kinds, values } = require("./values.js");

const { PROT_READ, PROT_WRITE, MAP_SHARED } = mmap;
const CONTENT = Buffer.alloc(LENGTH, "0123456789abcde");

fs.writeFileSync("file", CONTENT);
const fd = fs.openSync("file", "r+");
const mapped = () => mmap.map(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
const VALUES = values(mmap, mapped);

const isReport = (value) => value.files.length >= 0 && Array.isArray(value.errors);
const opened = (options = { access: "write" }) => mmap.open("file", options);
const isNothing = (value) => value === undefined;

/** What an answer must be, where there is one. */
const RIGHT = {
  map: (value) => Buffer.isBuffer(value) && value.length > 0,
  incore: (value) => value.length === 2 && value.every(Number.isInteger),
  unmap: (value) => typeof value === "boolean",
  faults: (value) => value === null || value.count === 0,
  open: (value) => value instanceof mmap.MappedFile,
  anonymous: (value) => value instanceof mmap.MappedFile,
  residency: (value) => value.pages >= 0 || isReport(value),
  warm: (value) => value.pages >= 0 || isReport(value),
  evict: (value) => value.pages >= 0 || isReport(value),
  runs: (value) => typeof value.next === "function",
  resize: (value) => value instanceof mmap.MappedFile,
  remap: (value) => value instanceof mmap.MappedFile,
  read: (value) => CONTENT.includes(value),
  write: (value) => value >= 0,
};

kinds.nothing = () => false;

async function main(name) {
  // "open write" is another way to call open().
  const verb = name.replace(/^.*\.| .*$/g, "");
  const right = RIGHT[verb.replace("Async", "")] ?? isNothing;
  const { count, wrong } = await attemptAll(name, CALLS[name], caller(name, verb), right);
  process.stdout.write(`\n${JSON.stringify({ count, wrong })}\n`);
}

/** Makes the call; what it made besides is closed. */
function caller(name, verb) {
  if (name === "MappedFile") return (args) => new mmap.MappedFile(...args);
  if (!name.includes(".")) return (args) => mmap[verb](...args);
  return (args) => {
    const mapping = name.startsWith("anonymous") ? mmap.anonymous(LENGTH) : opened({ access: name.startsWith("copy") ? "copy" : "write" });
    if (verb !== "read") mapping.buffer;
    const answer = mapping[verb](...args);
    return answer instanceof Promise ? answer.finally(() => mapping.close()) : answer;
  };
}

/** All calls that have one strange argument, or option. */
function* cases(places) {
  for (const [label, make] of Object.entries(VALUES)) {
    for (let at = 0; at < places.length; at += 1) {
      const place = places[at];
      const isOptions = !Array.isArray(place);
      const [kind] = isOptions ? ["options"] : place;
      yield { label: `argument ${at} = ${label}`, kind, value: make(), with: (value) => usual(places).with(at, value) };
      for (const [option, [optionKind]] of isOptions ? Object.entries(place) : []) {
        yield {
          label: `${option}: ${label}`, kind: optionKind, value: make(),
          with: (value) => usual(places).with(at, { ...Object(usual(places)[at]), [option]: value }),
        };
      }
    }
  }
}

function usual(places) {
  const args = places.map((place) => {
    if (!Array.isArray(place)) return Object.fromEntries(Object.entries(place).map(([option, [, value]]) => [option, value]));
    return { [MAPPED]: mapped, [FD]: () => fd }[place[1]]?.() ?? place[1];
  });
  // Node.js 18 has no Array.prototype.with.
  args.with = (at, value) => args.map((arg, index) => (index === at ? value : arg));
  return args;
}

async function attemptAll(name, places, call, right) {
  let count = 0;
  const wrong = [];
  for (const { label, kind, value, with: place } of cases(places)) {
    fs.writeSync(1, `${name}(${label})\n`);
    count += 1;
    const args = place(value);
    const why = await attempt(() => call(args), { isFit: isFit(kind, value), isAsync: name.endsWith("Async"), right });
    if (why !== undefined) wrong.push(`${name}(${label}): ${why}`);
    if (fs.fstatSync(fd).size !== LENGTH) fs.ftruncateSync(fd, LENGTH);
    fs.writeSync(fd, CONTENT, 0, LENGTH, 0);
  }
  assert.strictEqual(Buffer.from("pooled").toString(), "pooled");
  return { count, wrong };
}

function isFit(kind, value) {
  try {
    return kinds[kind](value);
  } catch {
    return true;
  }
}

/** Why what came of a call is wrong, if it is. */
async function attempt(call, { isFit, isAsync, right }) {
  let answer;
  let isPromise = false;
  try {
    answer = call();
    isPromise = answer instanceof Promise;
    answer = await answer;
  } catch (error) {
    if (isAsync && !isPromise) return `threw instead of rejecting: ${error}`;
    return misfit(error);
  }
  if (!isFit) return `was taken, and answered ${typeof answer}`;
  const isRight = right(answer);
  if (answer instanceof mmap.MappedFile) answer.close();
  return isRight ? undefined : `answered ${JSON.stringify(answer)?.slice(0, 200)}`;
}

/** An error of a kind that Node's users know. */
function misfit(error) {
  if (error === BOOM) return undefined;
  if (!(error instanceof Error)) return `threw ${typeof error}`;
  const isKnown = typeof error.code === "string" && /^[A-Z][A-Z0-9_]+$/.test(error.code);
  // What a Proxy says, and a class that is called, is the language's.
  return isKnown || /revoked|incompatible|should be a typed array|class constructor/i.test(error.message) ? undefined : `${error.name} ${error.code}: ${error.message}`;
}

main(process.argv[2]);
