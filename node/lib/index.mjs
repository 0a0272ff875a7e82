import mmapio from "./index.js";

export default mmapio;
export const {
  PROT_READ, PROT_WRITE, PROT_EXEC, PROT_NONE, MAP_SHARED, MAP_PRIVATE, MAP_NONBLOCK, MAP_POPULATE, MAP_ANONYMOUS, MAP_NORESERVE,
  MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ,
  MADV_COLLAPSE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_MERGEABLE, MADV_UNMERGEABLE, MS_ASYNC, MS_SYNC, MS_INVALIDATE, PAGESIZE,
  map, advise, incore, sync, unmap, faults, open, anonymous, MappedFile, residency, residencyAsync, warm, warmAsync, evict, evictAsync,
} = mmapio;
