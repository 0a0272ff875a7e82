import mmap = require("mmapio");

export const bytes: Buffer = mmap.anonymous(mmap.PAGESIZE).buffer;
export const all: mmap.MmapIo = mmap;
if (mmap.unmap(bytes) !== true) throw new Error("not unmapped");
