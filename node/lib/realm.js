"use strict";
// The addon makes its objects where Node's own modules live. Where this code is loaded into a context of its own, as Jest does, these
// are not the same Array and Object that callers have, and comparing tells so.

const native = require("./native.js");

const isSame = Object.getPrototypeOf(native.adviceConstants()) === Array.prototype;

/** The same plain objects and arrays, as the callers' own. */
const ours = isSame ? (value) => value : copied;

function copied(value) {
  if (Array.isArray(value)) return Array.from(value, copied);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copied(inner)]));
}

module.exports = { ours };
