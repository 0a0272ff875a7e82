"use strict";

const constants = require("./constants.js");
const dropin = require("./dropin.js");

function define(name, value, writable) {
  Object.defineProperty(module.exports, name, { value, writable, enumerable: true, configurable: writable });
}

/** Functions whose files are loaded when they are first asked for: who wants mmap-io's alone does not wait for them. */
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
for (const name of ["map", "advise", "incore", "sync"]) define(name, dropin[name], true);
for (const name of ["unmap", "faults"]) define(name, dropin[name], true);
defer("./open.js", ["open", "anonymous"]);
defer("./mapped.js", ["MappedFile"]);
defer("./paths.js", ["residency", "residencyAsync", "warm", "warmAsync", "evict", "evictAsync"]);
for (const name of constants.more) define(name, constants[name], false);
// `import mmap from "mmapio"` of programs that are compiled to require().
Object.defineProperty(module.exports, "default", { value: module.exports });
