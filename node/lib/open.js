"use strict";
// Makes mappings.

const native = require("./native.js");
const { adviceNumber } = require("./advice.js");
const { integer, isUrl, object, optionalBoolean, optionalInteger, pathBytes, word } = require("./arguments.js");
const { create } = require("./dropin.js");
const { answered, rangeError, valueError } = require("./errors.js");
const { KEY, MappedFile } = require("./mapped.js");

const ACCESS = ["read", "write", "copy"];

function open(file, options) {
  const checked = object(options, "options");
  const access = word(checked.access ?? "read", "access", ACCESS);
  const opening = wanted(checked, access);
  const descriptor = descriptorOf(file);
  if (descriptor === undefined) {
    const bytes = pathBytes(file, "file");
    return mapped(checked, access, asNamed(file), () => native.openPath(bytes, opening));
  }
  if (opening.create) throw valueError("create needs a name", file);
  return mapped(checked, access, undefined, () => native.openDescriptor(descriptor, opening));
}

function anonymous(length, options) {
  const bytes = integer(length, "length must be an integer", 1);
  const checked = object(options, "options");
  const populate = flag(checked, "populate");
  return mapped(checked, "copy", undefined, () => native.openMemory(bytes, populate));
}

function flag(options, name, otherwise = false) {
  return optionalBoolean(options[name], name) ?? otherwise;
}

function wanted(options, access) {
  const opening = {
    access,
    offset: optionalInteger(options.offset, "offset") ?? 0,
    length: optionalInteger(options.length, "length"),
    populate: flag(options, "populate"),
    guard: flag(options, "guard", true),
    create: flag(options, "create"),
    size: optionalInteger(options.size, "size"),
    allocate: flag(options, "allocate"),
  };
  for (const name of ["create", "size", "allocate"]) {
    if (access !== "write" && opening[name]) throw valueError(`${name} needs access: "write"; access`, access);
  }
  return opening;
}

/** The number of an open file. */
function descriptorOf(file) {
  const fd = typeof file === "object" && file !== null ? file.fd : undefined;
  const number = typeof fd === "number" ? fd : file;
  if (typeof number !== "number") return undefined;
  const descriptor = integer(number, "file must be a descriptor", -1);
  if (descriptor > 0x7fffffff) throw rangeError("file must be a descriptor", file);
  return descriptor;
}

function asNamed(file) {
  return isUrl(file) ? require("node:url").fileURLToPath(file.href) : file;
}

function mapped(options, access, path, make) {
  const shared = flag(options, "shared");
  const advice = options.advice == null ? undefined : adviceNumber(options.advice);
  const handle = answered(create(make), path);
  try {
    return new MappedFile(KEY, handle, { access, path, shared, advice });
  } catch (error) {
    handle.close();
    throw error;
  }
}

module.exports = { anonymous, open };
