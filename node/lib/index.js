"use strict";

const constants = require("./constants.js");
const dropin = require("./dropin.js");

function define(name, value, writable) {
  Object.defineProperty(module.exports, name, { value, writable, enumerable: true, configurable: writable });
}

// mmap-io's keys come first and in its order, for programs that list them.
for (const name of constants.first) define(name, constants[name], false);
for (const name of ["map", "advise", "incore", "sync"]) define(name, dropin[name], true);
define("unmap", dropin.unmap, true);
for (const name of constants.more) define(name, constants[name], false);
// `import mmap from "mmapio"` of programs that are compiled to require().
Object.defineProperty(module.exports, "default", { value: module.exports });
