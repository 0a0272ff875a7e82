"use strict";
// Values of another context, as between Jest's tests and Node's modules: what they are counts, not whose.

const assert = require("node:assert");
const fs = require("node:fs");
const test = require("node:test");
const vm = require("node:vm");

const { content, file, mmap, scratch } = require("./helpers.js");

const { PAGESIZE } = mmap;

function foreign(code) {
  return vm.runInNewContext(code);
}

/** Arrays and plain objects all the way down, made where this code is. */
function assertOwn(value) {
  if (typeof value !== "object" || value === null || value instanceof Error) return;
  assert.ok([Array.prototype, Object.prototype].includes(Object.getPrototypeOf(value)), JSON.stringify(value));
  for (const inner of Object.values(value)) assertOwn(inner);
}

test("what is given may be of another context", (t) => {
  const { name } = file(t, PAGESIZE);
  const path = foreign(`Uint8Array.from(${JSON.stringify([...Buffer.from(name)])})`);
  const mapped = mmap.open(path, foreign(`({ access: "write" })`));
  assert.strictEqual(mapped.write(0, foreign("new Uint8Array([1, 2]).buffer")), 2);
  assert.strictEqual(mapped.write(2, foreign("new Uint16Array([0x403])")), 2);
  assert.deepStrictEqual([...mapped.read(0, 5)], [1, 2, 3, 4, 0]);
  assert.throws(() => mmap.incore(foreign("new DataView(new ArrayBuffer(8))")), { code: "ERR_INVALID_ARG_TYPE" });
  assert.throws(() => mmap.incore(foreign("new Uint8Array(8)")), { code: "EINVAL" });
  assert.strictEqual(mmap.unmap(foreign("new DataView(new ArrayBuffer(8))")), false);
  mapped.close();
});

test("what is answered is of the caller's own", async (t) => {
  const { name, fd } = file(t, 3 * PAGESIZE);
  const buffer = mmap.map(3 * PAGESIZE, mmap.PROT_READ, mmap.MAP_SHARED, fd);
  const mapped = mmap.open(name);
  const answers = [
    mmap.incore(buffer), mmap.faults(buffer), mapped.faults, mapped.residency(), [...mapped.runs()], mapped.warm(), mapped.evict(),
    await mapped.residencyAsync(), mmap.residency(name), await mmap.warmAsync(name), mmap.evict(name),
  ];
  answers.forEach(assertOwn);
  assert.ok(mapped.read(0, PAGESIZE).equals(content(PAGESIZE)));
  mmap.unmap(buffer);
  mapped.close();
});

test("errors are of the caller's own", (t) => {
  const missing = `${scratch(t)}/missing`;
  for (const call of [() => mmap.open(missing), () => mmap.residency(missing), () => mmap.map(1, 1, 1, 9999)]) {
    assert.throws(call, Error);
  }
  assert.ok(!fs.existsSync(missing));
});
