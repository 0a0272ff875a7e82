"use strict";
// Values that no function expects, and which of them are of a kind that one does.

const vm = require("node:vm");
const { types } = require("node:util");

/** What objects throw that are looked at: callers get their own errors. */
const BOOM = new Error("boom");

function boom() {
  throw BOOM;
}

/** Each is made anew, since calls may change it. `mapped` makes a buffer over a mapping. */
function values(mmap, mapped) {
  const realm = vm.createContext({});
  const inRealm = (code) => vm.runInContext(code, realm);
  const trap = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, boom]));
  const resizable = (length) => {
    const buffer = new ArrayBuffer(16, { maxByteLength: 64 });
    const view = new Uint8Array(buffer, 8, length);
    buffer.resize?.(4);
    return view;
  };
  return {
    undefined: () => undefined,
    null: () => null,
    true: () => true,
    false: () => false,
    NaN: () => NaN,
    Infinity: () => Infinity,
    "-Infinity": () => -Infinity,
    "-1": () => -1,
    "-0": () => -0,
    0.5: () => 0.5,
    "2^31": () => 2 ** 31,
    "2^32": () => 2 ** 32,
    "2^32+4": () => 2 ** 32 + 4,
    "2^53": () => 2 ** 53,
    "2^53-1": () => 2 ** 53 - 1,
    MAX_VALUE: () => Number.MAX_VALUE,
    "3n": () => 3n,
    "-1n": () => -1n,
    "2n**64n": () => 2n ** 64n,
    '""': () => "",
    string: () => "text",
    "string with NUL": () => "a\0b",
    "lone surrogate": () => "\ud800",
    "long string": () => "x".repeat(100_000),
    Symbol: () => Symbol("s"),
    function: () => () => 1,
    class: () => class {},
    "{}": () => ({}),
    "null prototype": () => Object.create(null),
    "number object": () => Object(4096),
    valueOf: () => ({ valueOf: boom, toString: boom, [Symbol.toPrimitive]: boom }),
    "throwing getters": () => Object.defineProperties({}, Object.fromEntries(
      ["fd", "href", "length", "offset", "signal", "access", "rate", "sync", "how", "include", "constructor", "aborted", "path"]
        .map((name) => [name, { get: boom, enumerable: true }]))),
    "strange constructor": () => ({ constructor: { name: Symbol("no string") } }),
    "{ fd: -1 }": () => ({ fd: -1 }),
    "{ fd: 2^40 }": () => ({ fd: 2 ** 40 }),
    "{ fd: NaN }": () => ({ fd: NaN }),
    "[]": () => [],
    "[,]": () => new Array(3),
    "[Symbol]": () => [Symbol("s")],
    Date: () => new Date(0),
    Promise: () => Promise.resolve(1),
    "https URL": () => new URL("https://example.com/"),
    "file URL": () => new URL("file:///nowhere/at%20all"),
    "file URL with slash": () => new URL("file:///a%2Fb"),
    ArrayBuffer: () => new ArrayBuffer(8),
    SharedArrayBuffer: () => new SharedArrayBuffer(8),
    "ArrayBuffer of another realm": () => inRealm("new ArrayBuffer(8)"),
    "Uint8Array of another realm": () => inRealm("Uint8Array.of(1, 2, 3)"),
    "detached mapping": () => {
      const view = mapped();
      mmap.unmap(view);
      return view;
    },
    "detached view": () => {
      const view = new Uint8Array(16);
      structuredClone(view.buffer, { transfer: [view.buffer] });
      return view;
    },
    "pooled Buffer": () => Buffer.from("pooled"),
    "empty Buffer": () => Buffer.alloc(0),
    "foreign Buffer": () => Buffer.alloc(8192),
    "small array": () => new Uint8Array(3),
    "shared array": () => new Int32Array(new SharedArrayBuffer(16)),
    Float64Array: () => new Float64Array(4),
    DataView: () => new DataView(new ArrayBuffer(8)),
    "DataView of a mapping": () => new DataView(mapped().buffer, 8, 16),
    mapping: () => mapped(),
    "part of a mapping": () => mapped().subarray(100, 5000),
    "empty part of a mapping": () => mapped().subarray(16384),
    "Float64Array of a mapping": () => new Float64Array(mapped().buffer, 4096, 512),
    "BigUint64Array of a mapping": () => new BigUint64Array(mapped().buffer),
    "mapping with properties": () =>
      Object.defineProperties(mapped(), { length: { value: 2 ** 40 }, byteLength: { value: 2 ** 40 }, byteOffset: { value: -8 } }),
    "subclass over a mapping": () => new (class extends Uint32Array {})(mapped().buffer),
    "view that does not fit any more": () => resizable(8),
    "view that follows its buffer": () => resizable(undefined),
    "Proxy of a Buffer": () => new Proxy(Buffer.alloc(8), {}),
    "Proxy that throws": () => new Proxy({}, trap),
    "Proxy that ended": () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
    arguments: () => (function () {
      return arguments;
    })(1, 2),
    "aborted signal": () => AbortSignal.abort(),
    "signal that is none": () => ({ aborted: false }),
  };
}

const isWhole = (value) =>
  (typeof value === "number" || typeof value === "bigint") && Number.isSafeInteger(Number(value)) && !Object.is(value, NaN);
const isMissing = (value) => value === undefined || value === null;
const orMissing = (is) => (value) => isMissing(value) || is(value);
const isText = (value) => typeof value === "string";
const isObject = (value) => typeof value === "object" && value !== null;

/** Whether a value may be taken for an argument of a kind; what may not must be refused. */
const kinds = {
  any: () => true,
  integer: isWhole,
  natural: (value) => isWhole(value) && value >= 0,
  default: (value) => value === undefined || (isWhole(value) && value >= 0),
  naturals: orMissing((value) => isWhole(value) && value >= 0),
  boolean: orMissing((value) => typeof value === "boolean"),
  array: types.isTypedArray,
  options: (value) => value === undefined || isObject(value),
  /** Fields of `range` are looked at where it is an object. */
  range: orMissing(isObject),
  word: orMissing(isText),
  words: orMissing((value) => isText(value) || (Array.isArray(value) && value.every(isText))),
  advice: (value) => isText(value) || isWhole(value),
  advices: orMissing((value) => isText(value) || isWhole(value)),
  data: (value) => isText(value) || ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value),
  file: (value) => isText(value) || types.isUint8Array(value) || isWhole(value) || value instanceof URL || Number.isInteger(value?.fd),
  paths: (value) => isText(value) || types.isUint8Array(value) || value instanceof URL || (Array.isArray(value) && value.length > 0),
  signal: orMissing((value) => value instanceof AbortSignal),
  function: orMissing((value) => typeof value === "function"),
};

module.exports = { BOOM, kinds, values };
