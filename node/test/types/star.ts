import * as mmap from "mmapio";

export const bytes: Buffer = mmap.anonymous(mmap.PAGESIZE).buffer;
mmap.advise(bytes, mmap.MADV_COLD);
const file: mmap.MappedFile = mmap.anonymous(1);
file.close();
if (mmap.unmap(bytes) !== true) throw new Error("not unmapped");
// @ts-expect-error constants are constant
export const wrong: 2 = mmap.PROT_READ;
