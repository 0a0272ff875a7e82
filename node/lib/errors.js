"use strict";
// Errors as Node's own: with code, errno and syscall; those of mmap-io's functions have messages that begin as they did there.

let names;

/** The name of an error number; the list is made when the first one is asked for, since most programs load this and never fail. */
function nameOf(number) {
  names ??= new Map(Object.entries(require("node:os").constants.errno).map(([name, number]) => [number, name]));
  return names.get(number) ?? `E${number}`;
}

/** The error of a call that the system, or the core, refused. */
function systemError(beginning, failure, syscall = failure.syscall) {
  const number = failure.errno ? `, ${failure.errno}` : "";
  return withFields(new Error(`${beginning}${number}: ${failure.message}`), failure, syscall);
}

/** The same, as the command would say it: path, call and reason. */
function coreError(failure, path = own(failure, "path")) {
  const where = path == null ? "" : `${path}: `;
  return withFields(new Error(`${where}${failure.syscall}: ${failure.message}`), { ...failure, path }, failure.syscall);
}

function withFields(error, failure, syscall) {
  if (failure.errno) {
    error.errno = -failure.errno;
    error.code = nameOf(failure.errno);
  } else {
    error.code = `ERR_MMAPIO_${failure.kind.toUpperCase()}`;
  }
  error.syscall = syscall;
  const path = own(failure, "path");
  if (path != null) error.path = path;
  return error;
}

/** Whether the addon answers that it failed: by a field of the answer's own, since programs may give fields to all objects. */
function isFailure(answer) {
  return typeof answer === "object" && answer !== null && Object.hasOwn(answer, "failed");
}

function coded(error, code) {
  error.code = code;
  return error;
}

/** The answer of the addon, or its failure as an error. */
function answered(answer, path = undefined) {
  if (isFailure(answer)) throw coreError(answer, path ?? own(answer, "path"));
  return answer;
}

/** An argument of the wrong type. */
function typeError(message, value) {
  return coded(new TypeError(`${message}. Received ${shown(value)}`), "ERR_INVALID_ARG_TYPE");
}

/** An argument of the right type that means nothing. */
function valueError(message, value) {
  return coded(new TypeError(`${message}. Received ${shown(value)}`), "ERR_INVALID_ARG_VALUE");
}

/** A number that cannot be. */
function rangeError(message, value) {
  return coded(new RangeError(`${message}. Received ${shown(value)}`), "ERR_OUT_OF_RANGE");
}

/** A field that may be missing. */
function own(object, name) {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A value as messages show it, whatever it is: looking at an object may call the caller's code, which may fail. */
function shown(value) {
  try {
    return described(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
}

function described(value) {
  if (typeof value === "string") return JSON.stringify(value.length > 25 ? `${value.slice(0, 25)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value === "object" && value !== null) return `an instance of ${value.constructor?.name ?? "Object"}`;
  return String(value);
}

module.exports = { answered, coded, coreError, isFailure, own, rangeError, systemError, typeError, valueError };
