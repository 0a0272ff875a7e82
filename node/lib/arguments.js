"use strict";
// What callers give, checked before the addon sees it.

const { fileURLToPath } = require("node:url");
const { types } = require("node:util");

const { rangeError, typeError, valueError } = require("./errors.js");

/** A whole number that is no less than `least`, of a number or a BigInt; `message` says which argument it is. */
function integer(value, message, least = 0) {
  if (typeof value !== "number" && typeof value !== "bigint") throw typeError(message, value);
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < least) throw rangeError(message, value);
  return number;
}

/** The same, where it may be missing. */
function optionalInteger(value, name, least = 0) {
  return value == null ? undefined : integer(value, `${name} must be an integer`, least);
}

/** The number of an advice, in 32 bits: what does not fit is no advice, and must not become one when it is cut off. */
function known(number) {
  return number > 0x7fffffff ? -1 : number;
}

function optionalBoolean(value, name) {
  if (value != null && typeof value !== "boolean") throw typeError(`${name} must be a boolean`, value);
  return value ?? undefined;
}

/** One of some words. */
function word(value, name, words) {
  if (typeof value !== "string") throw typeError(`${name} must be a string`, value);
  if (!words.includes(value)) throw valueError(`${name} must be one of ${words.join(", ")}`, value);
  return value;
}

/** What `{}` would inherit is not what the caller said. */
const NONE = Object.freeze(Object.create(null));

function object(value, name) {
  if (value === undefined) return NONE;
  if (typeof value !== "object" || value === null) throw typeError(`${name} must be an object`, value);
  return value;
}

/** A list of strings, or one. */
function strings(value, name) {
  const list = value == null ? [] : Array.isArray(value) ? value : [value];
  for (const text of list) if (typeof text !== "string") throw typeError(`${name} must be a string, or an array of them`, text);
  return list;
}

/** The bytes of a path. */
function pathBytes(path, name) {
  const isBytes = types.isUint8Array(path);
  if (typeof path !== "string" && !isBytes && !isUrl(path)) {
    throw typeError(`${name} must be a string, a Buffer or a file: URL`, path);
  }
  const bytes = isBytes ? bytesOf(path, name) : Buffer.from(isUrl(path) ? fileURLToPath(path.href) : path);
  if (bytes.length === 0 || bytes.includes(0)) throw valueError(`${name} must not be empty or have null bytes`, path);
  return bytes;
}

/** A URL, perhaps of another realm: as Node.js tells them. */
function isUrl(value) {
  return Boolean(value?.href && value.protocol && value.auth === undefined && value.path === undefined);
}

/** A typed array, of any realm. */
function isTypedArray(value) {
  return types.isTypedArray(value);
}

/** Where the bytes of a view are, whatever its own properties say. */
function place(prototype) {
  const [buffer, offset, length] = ["buffer", "byteOffset", "byteLength"].map(
    (name) => Object.getOwnPropertyDescriptor(prototype, name).get,
  );
  return { buffer, offset, length };
}

const ofArrays = place(Object.getPrototypeOf(Uint8Array.prototype));
const ofDataViews = place(DataView.prototype);

/** The length of a typed array in bytes. */
function bytesIn(array) {
  return ofArrays.length.call(array);
}

/** The bytes of a view, or of a buffer, as a Buffer that is over the same memory. */
function bytesOf(data, name) {
  try {
    if (!ArrayBuffer.isView(data)) return Buffer.from(data);
    const { buffer, offset, length } = types.isDataView(data) ? ofDataViews : ofArrays;
    return Buffer.from(buffer.call(data), offset.call(data), length.call(data));
  } catch {
    throw valueError(`${name} must not be a view of a buffer that was taken away`, data);
  }
}

/** A part of something that has `length` bytes. */
function part(options, length) {
  const offset = optionalInteger(options.offset, "offset") ?? 0;
  const bytes = optionalInteger(options.length, "length") ?? Math.max(0, length - offset);
  if (offset + bytes > length) {
    throw rangeError(`offset and length must lie inside of the mapping (${length} bytes)`, offset + bytes);
  }
  return [offset, bytes];
}

module.exports = { bytesIn, bytesOf, integer, isTypedArray, isUrl, known, object, optionalBoolean, optionalInteger, part, pathBytes, strings, word };
