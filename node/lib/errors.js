"use strict";
// Errors as Node's own: with code, errno and syscall, and a message that begins as mmap-io's did.

const { constants } = require("node:os");

const names = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** The error of a call that the system, or the core, refused. */
function systemError(beginning, failure, syscall = failure.syscall) {
  const number = failure.errno ? `, ${failure.errno}` : "";
  const error = new Error(`${beginning}${number}: ${failure.message}`);
  if (failure.errno) {
    error.errno = -failure.errno;
    error.code = names.get(failure.errno) ?? `E${failure.errno}`;
  } else {
    error.code = `ERR_MMAPIO_${failure.kind.toUpperCase()}`;
  }
  error.syscall = syscall;
  if (failure.path != null) error.path = failure.path;
  return error;
}

function coded(error, code) {
  error.code = code;
  return error;
}

/** An argument of the wrong type. */
function typeError(message, value) {
  return coded(new TypeError(`${message}. Received ${shown(value)}`), "ERR_INVALID_ARG_TYPE");
}

/** A number that cannot be. */
function rangeError(message, value) {
  return coded(new RangeError(`${message}. Received ${shown(value)}`), "ERR_OUT_OF_RANGE");
}

function shown(value) {
  if (typeof value === "string") return JSON.stringify(value.length > 25 ? `${value.slice(0, 25)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value === "object" && value !== null) return `an instance of ${value.constructor?.name ?? "Object"}`;
  return String(value);
}

/** A whole number that is no less than `least`, of a number or a BigInt; `message` says which argument it is. */
function integer(value, message, least = 0) {
  if (typeof value !== "number" && typeof value !== "bigint") throw typeError(message, value);
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < least) throw rangeError(message, value);
  return number;
}

module.exports = { coded, integer, rangeError, systemError, typeError };
