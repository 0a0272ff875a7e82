"use strict";
// Buffers over memory that is not the runtime's, and where there can be none.

const { constants } = require("node:buffer");

const native = require("./native.js");
const { coded } = require("./errors.js");

/** What the addon's exceptions mean, when it could not make a buffer. */
function unmade(error, beginning) {
  switch (error.message) {
    case "external":
      return coded(
        new Error(
          `${beginning}: this runtime allows no buffers over memory outside of its heap (Electron is one): use open() with read() and write()`,
        ),
        "ERR_MMAPIO_NO_EXTERNAL_BUFFERS",
      );
    case "shared":
      return coded(
        new Error(
          `${beginning}: this runtime has no SharedArrayBuffer over memory of others (Node.js has since 22.23 and in 24, Bun has, Deno has not): ` +
            "open the file in each worker, their mappings are of the same memory",
        ),
        "ERR_MMAPIO_NO_SHARED_BUFFERS",
      );
    default:
      return tooLong(`${beginning}: ${error.message}`);
  }
}

function tooLong(message) {
  return coded(new RangeError(`${message} (buffer.constants.MAX_LENGTH is ${constants.MAX_LENGTH})`), "ERR_OUT_OF_RANGE");
}

/** The ways in which memory is moved on to another buffer, which may be given to another thread, and may so outlive the one that mapped it. */
const MOVES = ["transfer", "transferToFixedLength"].filter((name) => name in ArrayBuffer.prototype);
const isWatched = MOVES.length > 0 && native.watchEnd(typeof Bun === "object");

/** A new buffer of a mapping, whose memory the addon follows where that matters. */
function followed(buffer) {
  if (isWatched) for (const name of MOVES) Object.defineProperty(buffer.buffer, name, { value: moving(name), writable: true, configurable: true });
  return buffer;
}

function moving(name) {
  const move = ArrayBuffer.prototype[name];
  return function (...args) {
    if (this.byteLength > 0) native.moveOn(new Uint8Array(this));
    return move.apply(this, args);
  };
}

module.exports = { MAX_LENGTH: constants.MAX_LENGTH, followed, tooLong, unmade };
