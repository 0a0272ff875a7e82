"use strict";
// The functions of mmap-io: the same arguments, results and beginnings of messages, without its crashes.

const native = require("./native.js");
const constants = require("./constants.js");
const { bytesIn, integer, isTypedArray, known } = require("./arguments.js");
const { followed, unmade } = require("./buffers.js");
const { coded, isFailure, rangeError, systemError, typeError } = require("./errors.js");
const { ours } = require("./realm.js");
const { keepSignals } = require("./signals.js");

const { PAGESIZE, PROT_READ, PROT_WRITE, MAP_SHARED, MAP_PRIVATE } = constants;
const MAP_TYPE = 0x0f;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_POPULATE = 0x8000;
const MAP_FIXED_NOREPLACE = 0x100000;
const EINVAL = 22;
/** Mappings from this size on keep their file: it takes a descriptor each, of which a process has some thousand. */
const KEPT_FROM = 8 << 20;

function refused(message, errno = EINVAL) {
  return systemError("mmap failed", { errno, message, syscall: "mmap", kind: "System" });
}

/** What is wanted of a mapping, as the addon takes it. */
const HOW = { none: 0, read: 1, write: 2, copy: 3, private: 4, populate: 8, keep: 16 };

function access(protection, isPrivate) {
  if ((protection & (PROT_READ | PROT_WRITE)) === 0) return HOW.none;
  if ((protection & PROT_WRITE) === 0) return HOW.read;
  return isPrivate ? HOW.copy : HOW.write;
}

/** The same, of the arguments of mmap(2). */
function wanted(size, protection, flags, offset) {
  const type = flags & MAP_TYPE;
  if (type !== MAP_SHARED && type !== MAP_PRIVATE) throw refused("either MAP_SHARED or MAP_PRIVATE must be given");
  if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) throw refused("MAP_FIXED would replace memory of the process");
  if (size === 0) throw refused("a mapping has at least one byte");
  if (offset % PAGESIZE !== 0) throw refused(`the offset must be a multiple of PAGESIZE (${PAGESIZE})`);
  const isPrivate = type === MAP_PRIVATE;
  let how = access(protection, isPrivate);
  if (isPrivate) how |= HOW.private;
  if (flags & MAP_POPULATE) how |= HOW.populate;
  if (size >= KEPT_FROM) how |= HOW.keep;
  return how;
}

/** Calls the addon, and has buffers collected once that nobody has any more when there is no room for another mapping. */
function create(make) {
  keepSignals();
  const made = attempt(make);
  if (!isFailure(made) || made.kind !== "Limit") return made;
  collect();
  return attempt(make);
}

/** Node gives the collector away under a flag only, which can be set while it runs; other runtimes have it or not. */
function collect() {
  try {
    require("node:v8").setFlagsFromString("--expose-gc");
    require("node:vm").runInNewContext("gc")();
  } catch {
    globalThis.Bun?.gc?.(true);
  }
}

function attempt(make) {
  try {
    return make();
  } catch (error) {
    throw unmade(error, "mmap failed");
  }
}

function map(size, protection, flags, fd, offset = 0, advice = 0, _name = undefined) {
  const length = integer(size, "mmap: size (arg[0]) must be an integer");
  const rights = integer(protection, "mmap: protection_flags (arg[1]) must be an integer");
  const how = integer(flags, "mmap: flags (arg[2]) must be an integer");
  const descriptor = integer(fd, "mmap: fd (arg[3]) must be an integer (a file descriptor)", -0x80000000);
  if (descriptor > 0x7fffffff) throw rangeError("mmap: fd (arg[3]) must be an integer (a file descriptor)", fd);
  const from = integer(offset, "mmap: offset (arg[4]) must be an integer");
  const number = known(integer(advice, "mmap: advise (arg[5]) must be an integer"));
  if (rights > 0x7fffffff || how > 0x7fffffff) throw refused("unknown protection or flags");
  const options = wanted(length, rights, how, from);
  const isAnonymous = (how & MAP_ANONYMOUS) !== 0;
  const made = create(() =>
    isAnonymous ? native.mapAnonymous(options, length) : native.mapFile(descriptor, options, from, length),
  );
  if (isFailure(made)) throw systemError("mmap failed", made, "mmap");
  if (number !== 0) {
    const failure = native.advise(made, 0, length, number);
    if (failure) {
      native.unmap(made);
      throw systemError("madvise() failed", failure, "madvise");
    }
  }
  return followed(made);
}

function requireBuffer(buffer, message) {
  if (!isTypedArray(buffer)) throw typeError(message, buffer);
}

/** A part of a buffer; what is outside of it is not ours to touch. */
function requirePart(buffer, offset, length, call) {
  const from = integer(offset, `${call}: offset (arg[1]) must be an integer`);
  const bytes = integer(length, `${call}: length (arg[2]) must be an integer`);
  if (from + bytes > bytesIn(buffer)) {
    throw rangeError(`${call}: offset and length must lie inside of the buffer (${bytesIn(buffer)} bytes)`, from + bytes);
  }
  return [from, bytes];
}

function advise(buffer, first, second, third) {
  const isWhole = arguments.length === 2;
  if (!isWhole && arguments.length !== 4) {
    throw coded(
      new TypeError("advise() takes 2 or 4 arguments: (buffer, advice) or (buffer, offset, length, advice)"),
      "ERR_MISSING_ARGS",
    );
  }
  requireBuffer(buffer, "advice(): buffer (arg[0]) must be a Buffer");
  const advice = known(integer(isWhole ? first : third, "advise(): advice must be an integer", -0x80000000));
  const [offset, length] = isWhole ? [0, bytesIn(buffer)] : requirePart(buffer, first, second, "advise()");
  const failure = native.advise(buffer, offset, length, advice);
  if (failure) throw systemError("madvise() failed", failure, "madvise");
}

function incore(buffer) {
  if (arguments.length !== 1) {
    throw coded(new TypeError("incore() takes 1 argument: (buffer)"), "ERR_MISSING_ARGS");
  }
  requireBuffer(buffer, "incore(): buffer (arg[0]) must be a Buffer");
  const counted = native.incore(buffer);
  if (isFailure(counted)) throw systemError("mincore() failed", counted, "mincore");
  return ours(counted);
}

function sync(buffer, first, second, blocking, invalidate) {
  requireBuffer(buffer, "sync(): buffer (arg[0]) must be a Buffer");
  if (typeof first === "boolean") return write(buffer, 0, bytesIn(buffer), first, Boolean(second));
  const offset = first ?? 0;
  const start = integer(offset, "sync(): offset (arg[1]) must be an integer");
  const [from, length] = requirePart(buffer, offset, second ?? Math.max(0, bytesIn(buffer) - start), "sync()");
  return write(buffer, from, length, Boolean(blocking), Boolean(invalidate));
}

function write(buffer, offset, length, blocking, invalidate) {
  const failure = native.sync(buffer, offset, length, blocking, invalidate);
  if (failure) throw systemError("msync() failed", failure, "msync");
}

/** Unmaps: every view of the mapping has length 0 from then on. */
function unmap(buffer) {
  return isTypedArray(buffer) && native.unmap(buffer);
}

/** What the guard answered in the mapping of a buffer. */
function faults(buffer) {
  return isTypedArray(buffer) ? ours(native.faultsOf(buffer) ?? null) : null;
}

module.exports = { map, advise, incore, sync, unmap, faults, create };
