"use strict";

const constants = require("./constants.js");

function define(name, value, writable) {
  Object.defineProperty(module.exports, name, { value, writable, enumerable: true, configurable: writable });
}

/** Functions whose files are loaded when they are first asked for: each costs a part of a millisecond, and few programs need all. */
function defer(file, names) {
  for (const name of names) {
    Object.defineProperty(module.exports, name, {
      get: () => {
        const value = require(file)[name];
        define(name, value, true);
        return value;
      },
      set: (value) => define(name, value, true),
      enumerable: true,
      configurable: true,
    });
  }
}

// mmap-io's keys come first and in its order, for programs that list them.
for (const name of constants.first) define(name, constants[name], false);
defer("./dropin.js", ["map", "advise", "incore", "sync", "unmap", "faults"]);
defer("./open.js", ["open", "anonymous"]);
defer("./mapped.js", ["MappedFile"]);
defer("./paths.js", ["residency", "residencyAsync", "warm", "warmAsync", "evict", "evictAsync"]);
for (const name of constants.more) define(name, constants[name], false);
// `import mmap from "mmapio"` of programs that are compiled to require().
Object.defineProperty(module.exports, "default", { value: module.exports });
