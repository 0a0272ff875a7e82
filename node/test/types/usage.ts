// A program for mmap-io as its types allow it. It is compiled against the original, and with its import changed against mmapio.
import mmap from "@riaskov/mmap-io";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "mmapio-types-"));
const name = path.join(dir, "file");
fs.writeFileSync(name, Buffer.alloc(4 * mmap.PAGESIZE));
const fd: number = fs.openSync(name, "r+");

// map: each number of arguments, and a protection put together, which is a number unless it is said.
const size: number = 2 * mmap.PAGESIZE;
const bytes: Buffer = mmap.map(size, mmap.PROT_READ, mmap.MAP_SHARED, fd);
const both = (mmap.PROT_READ | mmap.PROT_WRITE) as 3;
const written: Buffer = mmap.map(size, both, mmap.MAP_SHARED, fd, mmap.PAGESIZE);
mmap.map(size, 3, mmap.MAP_PRIVATE | mmap.MAP_POPULATE, fd, 0, mmap.MADV_SEQUENTIAL);
mmap.map(size, mmap.PROT_NONE, mmap.MAP_PRIVATE, fd, 0, mmap.MADV_NORMAL, Buffer.from("name"));
mmap.map(size, mmap.PROT_READ, mmap.MAP_PRIVATE | mmap.MAP_NONBLOCK, fd, undefined, undefined);

// advise: of all of it, and of a part; with each advice.
mmap.advise(bytes, mmap.MADV_RANDOM);
mmap.advise(bytes, 0, mmap.PAGESIZE, mmap.MADV_WILLNEED);
for (const advice of [mmap.MADV_NORMAL, mmap.MADV_SEQUENTIAL, mmap.MADV_DONTNEED] as const) mmap.advise(bytes, advice);

// incore: a pair.
const [absent, resident]: [number, number] = mmap.incore(bytes);
const pages: number = absent + resident;

// sync: with nothing, with flags, with a part, and with all of it.
written.write("changed");
mmap.sync(written);
mmap.sync(written, true);
mmap.sync(written, true, false);
mmap.sync(written, 0);
mmap.sync(written, 0, mmap.PAGESIZE);
mmap.sync(written, 0, mmap.PAGESIZE, true);
mmap.sync(written, 0, mmap.PAGESIZE, true, false);

// What is made of its types: literal constants, and functions that are passed on.
const shared: 1 = mmap.MAP_SHARED;
const advices: readonly [0, 1, 2, 3, 4] = [
  mmap.MADV_NORMAL,
  mmap.MADV_RANDOM,
  mmap.MADV_SEQUENTIAL,
  mmap.MADV_WILLNEED,
  mmap.MADV_DONTNEED,
];
const protections: readonly [0, 1, 2, 4] = [mmap.PROT_NONE, mmap.PROT_READ, mmap.PROT_WRITE, mmap.PROT_EXEC];
const populate: 32768 = mmap.MAP_POPULATE;
const nonblock: 65536 = mmap.MAP_NONBLOCK;
const advise: (buffer: Buffer, advice: 0 | 1 | 2 | 3 | 4) => void = mmap.advise;
const make: (size: number, protection: 1 | 3, flags: number, fd: number) => Buffer = mmap.map;
type Arguments = Parameters<typeof mmap.map>;
const args: Arguments = [size, 1, shared, fd, 0, 1];
mmap.map(...args);
advise(make(size, 1, shared, fd), advices[1]);

// What the original's types refuse is refused here, too.
export function refused(): void {
  // @ts-expect-error a size that is no number
  mmap.map("1", 1, 1, fd);
  // @ts-expect-error no such protection
  mmap.map(size, 8, 1, fd);
  // @ts-expect-error a protection that may be any number
  mmap.map(size, mmap.PROT_READ | mmap.PROT_WRITE, 1, fd);
  // @ts-expect-error the descriptor is missing
  mmap.map(size, 1, 1);
  // @ts-expect-error no such advice
  mmap.map(size, 1, 1, fd, 0, 99);
  // @ts-expect-error the name is a Buffer
  mmap.map(size, 1, 1, fd, 0, 0, "name");
  // @ts-expect-error no such advice
  mmap.advise(bytes, 99);
  // @ts-expect-error three arguments
  mmap.advise(bytes, 0, 1);
  // @ts-expect-error no buffer
  mmap.advise({}, 0);
  // @ts-expect-error no buffer
  mmap.incore([]);
  // @ts-expect-error there are two counts only
  mmap.incore(bytes)[2];
  // @ts-expect-error neither an offset nor a flag
  mmap.sync(bytes, "all");
  // @ts-expect-error no buffer at all
  mmap.sync();
  // @ts-expect-error constants are constant
  mmap.PROT_READ = 2;
  // @ts-expect-error there is no such function
  mmap.remap(bytes);
}

fs.closeSync(fd);
fs.rmSync(dir, { recursive: true });
if (pages !== 2 || written.toString("latin1", 0, 7) !== "changed" || protections.length + populate + nonblock !== 98308) {
  throw new Error("the program does not do what it did");
}
