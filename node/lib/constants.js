"use strict";
// The numbers of mmap(2) and msync(2); those of madvise(2) come from the core's table.

const native = require("./native.js");

/** What mmap-io had, in its order. */
const first = {
  PROT_READ: 1,
  PROT_WRITE: 2,
  PROT_EXEC: 4,
  PROT_NONE: 0,
  MAP_SHARED: 1,
  MAP_PRIVATE: 2,
  ...(process.platform === "linux" && { MAP_NONBLOCK: 65536, MAP_POPULATE: 32768 }),
  MADV_NORMAL: 0,
  MADV_RANDOM: 1,
  MADV_SEQUENTIAL: 2,
  MADV_WILLNEED: 3,
  MADV_DONTNEED: 4,
  PAGESIZE: native.pageBytes(),
};

/** What it had not. */
const more = {
  ...(process.platform === "linux" && { MAP_ANONYMOUS: 32, MAP_NORESERVE: 16384 }),
  MS_ASYNC: 1,
  MS_SYNC: process.platform === "darwin" ? 16 : 4,
  MS_INVALIDATE: 2,
};
for (const { name, value } of native.adviceConstants()) {
  if (!(name in first)) more[name] = value;
}

module.exports = { ...first, ...more };
Object.defineProperty(module.exports, "first", { value: Object.keys(first) });
Object.defineProperty(module.exports, "more", { value: Object.keys(more) });
