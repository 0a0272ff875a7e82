"use strict";
// A file, or a part of one, as memory: its buffer, and what can be done with it.

const { EventEmitter } = require("node:events");
const { types } = require("node:util");

const native = require("./native.js");
const { adviceNumber } = require("./advice.js");
const { bytesIn, bytesOf, integer, object, optionalBoolean, optionalInteger, part, word } = require("./arguments.js");
const { background } = require("./background.js");
const { MAX_LENGTH, followed, tooLong, unmade } = require("./buffers.js");
const { answered, coded, coreError, rangeError, typeError } = require("./errors.js");
const { ours } = require("./realm.js");
const { report, residency } = require("./records.js");
const watch = require("./watch.js");

const HOW = ["msync", "data", "all", "start", "invalidate"];
const STATES = ["resident", "absent", "hole"];
/** Without it nobody makes one: `open()` has it. */
const KEY = Symbol("MappedFile");

class MappedFile extends EventEmitter {
  #mapped;
  #buffer;
  #about;

  constructor(key, mapped, about) {
    if (key !== KEY) throw coded(new TypeError("MappedFile is made by open() and anonymous()"), "ERR_ILLEGAL_CONSTRUCTOR");
    super();
    this.#mapped = mapped;
    this.#about = about;
    if (about.shared) this.#buffer = this.#makeBuffer();
    if (about.advice !== undefined) this.advise(about.advice);
    this.#listen();
  }

  #listen() {
    this.on("newListener", (event) => event === "fault" && watch.add(this));
  }

  removeAllListeners(...events) {
    super.removeAllListeners(...events);
    // Whoever listens afterwards is told, too.
    if (this.listenerCount("newListener") === 0) this.#listen();
    return this;
  }

  get buffer() {
    // Programs have it in their loops: while it is not emptied, nobody needs to be asked.
    if (this.#buffer?.length > 0) return this.#buffer;
    if (this.#mapped.isClosed()) return Buffer.alloc(0);
    return (this.#buffer ??= this.#makeBuffer());
  }

  get length() {
    return this.#length();
  }

  /** Its length, whatever a program has made of the property. */
  #length() {
    return this.#mapped.extent()[0];
  }

  get offset() {
    return this.#mapped.extent()[1];
  }

  get size() {
    return this.#mapped.size() ?? null;
  }

  get access() {
    return this.#about.access;
  }

  get path() {
    return this.#about.path ?? null;
  }

  get shared() {
    return this.#about.shared;
  }

  get closed() {
    return this.#mapped.isClosed();
  }

  get faults() {
    return ours(this.#mapped.faults());
  }

  get unpopulated() {
    const failure = this.#mapped.unpopulated();
    return failure ? coreError(failure, this.path) : null;
  }

  advise(advice, options) {
    const [offset, length] = part(object(options, "part"), this.#opened().#length());
    this.#answered(this.#mapped.advise(adviceNumber(advice), offset, length));
  }

  sync(options) {
    this.#answered(this.#mapped.sync(...this.#syncing(object(options, "options"))));
  }

  async syncAsync(options) {
    const checked = object(options, "options");
    const what = this.#syncing(checked);
    this.#answered(await background(checked, () => this.#mapped.syncLater(...what)));
  }

  #syncing(options) {
    return [...part(options, this.#opened().length), word(options.how ?? "msync", "how", HOW)];
  }

  residency() {
    return residency(this.#answered(this.#opened().#mapped.residency()));
  }

  async residencyAsync(options) {
    const mapped = this.#opened().#mapped;
    return residency(this.#answered(await background(object(options, "options"), () => mapped.residencyLater())));
  }

  *runs() {
    const all = this.#answered(this.#opened().#mapped.runs());
    for (let at = 0; at < all.length; at += 3) {
      yield { offset: all[at], length: all[at + 1], state: STATES[all[at + 2]] };
    }
  }

  warm(options) {
    const rate = optionalInteger(object(options, "options").rate, "rate", 1);
    return report(this.#answered(this.#opened().#mapped.warm(rate, new native.Ticket())), this.path);
  }

  async warmAsync(options) {
    const checked = object(options, "options");
    const rate = optionalInteger(checked.rate, "rate", 1);
    const mapped = this.#opened().#mapped;
    return report(this.#answered(await background(checked, (ticket) => mapped.warmLater(rate, ticket))), this.path);
  }

  evict(options) {
    const sync = optionalBoolean(object(options, "options").sync, "sync") ?? false;
    return report(this.#answered(this.#opened().#mapped.evict(sync, new native.Ticket())), this.path);
  }

  async evictAsync(options) {
    const checked = object(options, "options");
    const sync = optionalBoolean(checked.sync, "sync") ?? false;
    const mapped = this.#opened().#mapped;
    return report(this.#answered(await background(checked, (ticket) => mapped.evictLater(sync, ticket))), this.path);
  }

  resize(length) {
    this.#replace(integer(length, "length must be an integer"), "resize");
    return this;
  }

  remap(length) {
    this.#replace(optionalInteger(length, "length"), "remap");
    return this;
  }

  #replace(length, how) {
    this.#opened();
    if (this.#about.shared) {
      throw coded(
        new Error(`${how}(): threads may have the SharedArrayBuffer, which cannot be emptied: open the file once more`),
        "ERR_MMAPIO_SHARED",
      );
    }
    const failure = this.#mapped[how](length, this.#shown());
    if (this.#buffer !== undefined && bytesIn(this.#buffer) === 0) this.#buffer = undefined;
    this.#answered(failure);
    if (this.#about.advice !== undefined) this.advise(this.#about.advice);
  }

  read(offset, length) {
    const from = integer(offset, "offset must be an integer");
    const wanted = integer(length, "length must be an integer");
    const there = this.#opened().#length();
    if (from > there) throw rangeError(`offset must lie inside of the mapping (${there} bytes)`, offset);
    const bytes = Math.min(wanted, there - from);
    if (bytes > MAX_LENGTH) throw tooLong(`${bytes} bytes are more than a buffer can have`);
    const copy = Buffer.allocUnsafeSlow(bytes);
    const read = this.#answered(this.#mapped.read(from, copy));
    return read < bytes ? copy.subarray(0, read) : copy;
  }

  write(offset, data) {
    const to = integer(offset, "offset must be an integer");
    const bytes = dataOf(data);
    this.#answered(this.#opened().#mapped.write(to, bytes));
    return bytes.length;
  }

  close() {
    watch.remove(this);
    this.#mapped.close(this.#shown());
    this.#buffer = undefined;
  }

  #opened() {
    if (this.#mapped.isClosed()) throw coded(new Error("the mapping is closed"), "ERR_MMAPIO_CLOSED");
    return this;
  }

  /** The buffer that is to be emptied. */
  #shown() {
    return this.#buffer !== undefined && !this.#about.shared && bytesIn(this.#buffer) > 0 ? this.#buffer : undefined;
  }

  #answered(answer) {
    return answered(answer, this.path);
  }

  #makeBuffer() {
    const length = this.#length();
    if (length === 0) return Buffer.alloc(0);
    if (length > MAX_LENGTH) {
      throw tooLong(`${length} bytes are more than a buffer can have: open a part, or use read() and write()`);
    }
    let made;
    try {
      made = this.#mapped.buffer(this.#about.shared);
    } catch (error) {
      throw unmade(error, "no buffer can be made");
    }
    this.#answered(made);
    return this.#about.shared ? Buffer.from(made) : followed(made);
  }
}

Object.defineProperty(MappedFile.prototype, Symbol.dispose ?? Symbol.for("Symbol.dispose"), {
  value() {
    this.close();
  },
  writable: true,
  configurable: true,
});

function dataOf(data) {
  if (typeof data === "string") return Buffer.from(data);
  if (ArrayBuffer.isView(data) || types.isAnyArrayBuffer(data)) return bytesOf(data, "data");
  throw typeError("data must be a string, an ArrayBuffer, or a view of one", data);
}

module.exports = { KEY, MappedFile };
