/// <reference types="node" />

import { EventEmitter } from "node:events";

declare namespace mmapio {
  /** What `import mmap from "mmapio"` of programs that are compiled to require() finds. */
  const all: typeof mmapio;
  export { all as default };

  export type FileDescriptor = number;

  export type MapProtectionFlags =
    | typeof PROT_NONE
    | typeof PROT_READ
    | typeof PROT_WRITE
    | typeof PROT_EXEC
    | 3
    | 5
    | 6
    | 7;

  export type MapFlags =
    | typeof MAP_PRIVATE
    | typeof MAP_SHARED
    | typeof MAP_NONBLOCK
    | typeof MAP_POPULATE
    | number;

  export type MapAdvise =
    | typeof MADV_NORMAL
    | typeof MADV_RANDOM
    | typeof MADV_SEQUENTIAL
    | typeof MADV_WILLNEED
    | typeof MADV_DONTNEED
    | typeof MADV_COLD
    | typeof MADV_PAGEOUT
    | typeof MADV_POPULATE_READ
    | typeof MADV_COLLAPSE
    | typeof MADV_HUGEPAGE
    | typeof MADV_NOHUGEPAGE
    | typeof MADV_MERGEABLE
    | typeof MADV_UNMERGEABLE;

  /** A file: by its name, a descriptor that is open, or a FileHandle. The descriptor stays the caller's. */
  export type File = string | Buffer | URL | number | { readonly fd: number };

  /** Advice by its name; `mmapio advise --list` says what each does. */
  export type AdviceName =
    | "normal"
    | "random"
    | "sequential"
    | "willneed"
    | "dontneed"
    | "cold"
    | "pageout"
    | "populate-read"
    | "collapse"
    | "hugepage"
    | "nohugepage"
    | "mergeable"
    | "unmergeable";

  /** Bytes of a mapping, from `offset` (0) on and `length` (all that follow) of them. */
  export interface Part {
    offset?: number | bigint;
    length?: number | bigint;
  }

  export interface AnonymousOptions {
    /** As a SharedArrayBuffer, which worker threads can be given; where the runtime has none over memory of others, an error. */
    shared?: boolean;
    /** Given to the whole mapping. */
    advice?: AdviceName | MapAdvise;
    /** Have its pages in memory before this returns; what fails is in `unpopulated`. */
    populate?: boolean;
  }

  export interface OpenOptions extends AnonymousOptions, Part {
    /**
     * What is to be done with the bytes: `"read"` (default), `"write"` into the file, or `"copy"`: what is written stays in this
     * process.
     */
    access?: "read" | "write" | "copy";
    /**
     * Answer faults in the mapping (default): a file that is truncated, or cannot be read, reads as zeros, and a store where none may
     * be stays in this process; `faults` tells. Without it they end the process.
     */
    guard?: boolean;
    /** Make the file when there is none; only with `access: "write"` and a name. */
    create?: boolean;
    /** With `access: "write"`: make the file so large when it is smaller. */
    size?: number | bigint;
    /** With `size`: have the filesystem reserve the blocks now, so that no store can fail for want of room. */
    allocate?: boolean;
  }

  export interface Faults {
    /** Faults that were answered with zeros. */
    readonly count: number;
    /** Whether one of them was behind the end of the file, which was truncated then. */
    readonly truncated: boolean;
    /** Pages that were written to where nothing may be written, and are this process's own since. */
    readonly stores: number;
  }

  export interface SyncOptions extends Part {
    /**
     * `"msync"` (default): this part, data and what reading it needs, is on the storage afterwards. `"data"` and `"all"`: the whole
     * file, by fdatasync(2) and fsync(2). `"start"`: writing is started, and not waited for. `"invalidate"`: msync with MS_INVALIDATE.
     */
    how?: "msync" | "data" | "all" | "start" | "invalidate";
  }

  export interface Progress {
    /** Bytes that are done. */
    readonly bytes: number;
    /** Bytes that are to be done, at the end those that were; null while nobody knows. */
    readonly total: number | null;
  }

  export interface AsyncOptions {
    /** Ends the call: the promise rejects with an AbortError at once, what goes on stops soon. */
    signal?: AbortSignal;
    /** Called some ten times a second, and at the end. */
    onProgress?: (progress: Progress) => void;
  }

  /** Counts in pages of PAGESIZE; null is unknown, never zero. Of several files null where one of them does not tell. */
  export interface Counts {
    /** Pages that were asked about, the last one of a file perhaps in part. */
    readonly pages: number;
    readonly residentPages: number | null;
    readonly residentBytes: number | null;
    /** Of `pages`; null also when there are none. */
    readonly residentPercent: number | null;
    /** Newer than the storage. */
    readonly dirtyPages: number | null;
    /** Being written to the storage. */
    readonly writebackPages: number | null;
    /** Pushed out by memory pressure. */
    readonly evictedPages: number | null;
    /** Of these, so recently that memory is short. */
    readonly recentlyEvictedPages: number | null;
  }

  /** What of a file is in memory. */
  export interface Residency extends Counts {
    /** The call that answered. */
    readonly probe: "cachestat" | "mincore" | null;
    /** Why it is unknown. */
    readonly unknown: string | null;
    /** Whether the file changed its size meanwhile: the counts are for the size before. */
    readonly changed: boolean;
    /** The bytes that were asked about, rounded out to pages. */
    readonly offset: number;
    readonly length: number;
  }

  /** Pages in one state, which the neighbours are not in. */
  export interface Run {
    /** In the file. */
    readonly offset: number;
    readonly length: number;
    /** `"hole"`: neither in memory nor on the storage. */
    readonly state: "resident" | "absent" | "hole";
  }

  /** Pages that were to change and did not. */
  export interface Remaining {
    readonly reason:
      | "dirty"
      | "writeback"
      | "mapped"
      | "locked"
      | "large folio"
      | "in-memory filesystem"
      | "unreadable"
      | "reclaimed"
      | "over budget"
      | "truncated"
      | "interrupted"
      | "dry run"
      | "failed"
      | "busy"
      | "unknown";
    readonly pages: number;
    /** The processes that are the reason, where that can be told. */
    readonly processes: readonly number[];
  }

  /** What was done, and the residency afterwards. */
  export interface Report extends Residency {
    readonly beforeResidentPages: number | null;
    /** The pages that it was about. */
    readonly requestedPages: number | null;
    readonly changedPages: number | null;
    /** Empty when all was done. */
    readonly remaining: readonly Remaining[];
    readonly seconds: number;
    /** What failed on the way. */
    readonly errors: readonly Error[];
  }

  export interface WarmOptions {
    /** Bytes a second at the most. */
    rate?: number;
  }

  export interface EvictOptions {
    /** Write dirty pages back first. When that fails nothing is dropped. */
    sync?: boolean;
  }

  /** A file, or a part of one, as memory. Made by `open()` and `anonymous()`. */
  export class MappedFile extends EventEmitter {
    private constructor();
    /** A fault was answered, or some; told within some tenth of a second. */
    on(event: "fault", listener: (faults: Faults) => void): this;
    once(event: "fault", listener: (faults: Faults) => void): this;
    /**
     * The bytes themselves, not a copy; of length 0 after `close()`, `resize()` and `remap()`, which make this another buffer.
     *
     * @throws where the runtime can have no such buffer (Electron), or none of this length: `read()` and `write()` work there
     */
    readonly buffer: Buffer;
    /** In bytes. */
    readonly length: number;
    /** Where in the file it begins. */
    readonly offset: number;
    /** The file's size now; null without a file. */
    readonly size: number | null;
    readonly access: "read" | "write" | "copy";
    /** As it was opened; null when it was by descriptor. */
    readonly path: string | Buffer | null;
    /** Whether the buffer is over a SharedArrayBuffer. */
    readonly shared: boolean;
    readonly closed: boolean;
    /** What the guard answered since it was opened or mapped anew. */
    readonly faults: Faults;
    /** Why `populate` could not be done. */
    readonly unpopulated: Error | null;

    /** Gives the kernel advice: madvise(2). */
    advise(advice: AdviceName | MapAdvise, part?: Part): void;
    /** Writes back; after an answered fault, with an error. */
    sync(options?: SyncOptions): void;
    syncAsync(options?: SyncOptions & AsyncOptions): Promise<void>;
    /** What of it is in memory. Of memory without a file this, `runs()`, `warm()` and `evict()` are errors; `incore()` tells. */
    residency(): Residency;
    residencyAsync(options?: AsyncOptions): Promise<Residency>;
    /** The same page by page. */
    runs(): IterableIterator<Run>;
    /** Loads what is absent and no hole, and looks whether it came. */
    warm(options?: WarmOptions): Report;
    warmAsync(options?: WarmOptions & AsyncOptions): Promise<Report>;
    /** Drops clean pages, and says why others stayed. */
    evict(options?: EvictOptions): Report;
    evictAsync(options?: EvictOptions & AsyncOptions): Promise<Report>;
    /**
     * Gives the file (with `access: "write"`; otherwise the mapping only) such a size that the mapping has `length` bytes, and maps
     * these. The buffers had so far have length 0 afterwards.
     */
    resize(length: number | bigint): this;
    /**
     * Maps the file anew: what is in it is seen again after faults, and `faults` begins at 0. Without `length` the mapping goes to the
     * end of the file, if it did before; so a log that grows is followed.
     */
    remap(length?: number | bigint): this;
    /** Copies bytes out; fewer at the end. What is not there is an error, not zeros. */
    read(offset: number | bigint, length: number): Buffer;
    /** Copies bytes in. */
    write(offset: number | bigint, data: NodeJS.ArrayBufferView | ArrayBuffer | string): number;
    /** Unmaps: `buffer` has length 0 at once. What goes on in the background ends first. */
    close(): void;
    [Symbol.dispose](): void;
  }

  export type Paths = string | Buffer | URL | readonly (string | Buffer | URL)[];

  /** Which files; directories are walked to their end. */
  export interface WalkOptions {
    /** Globs, one of which must match: on names, or with `/` on paths below the named directory. */
    include?: string | readonly string[];
    exclude?: string | readonly string[];
    minSize?: number;
    maxSize?: number;
    maxDepth?: number;
    /** Follow symbolic links below the named paths, too. */
    follow?: boolean;
    oneFileSystem?: boolean;
    /** Threads; one a processor if not said. */
    jobs?: number;
    /** Of each file this part. */
    range?: Part;
    /** Leave `files` empty: of a million files the total is what counts. */
    summary?: boolean;
  }

  export interface WarmPathsOptions extends WalkOptions, WarmOptions {
    /** Memory that may be used for it, in bytes; without it what is to be had. What is more than that is not loaded at all. */
    maxMemory?: number;
    /** Load whatever it takes. */
    force?: boolean;
    /** Only say what would be done. */
    dryRun?: boolean;
  }

  export interface EvictPathsOptions extends WalkOptions, EvictOptions {
    dryRun?: boolean;
  }

  export interface OfFile {
    /** A Buffer where it is not UTF-8. */
    readonly path: string | Buffer;
    readonly size: number;
  }

  /** Sums. */
  export interface Total extends Counts {
    readonly files: number;
    readonly size: number;
    /** Files whose residency is unknown: the sums leave them out. */
    readonly unknownFiles: number;
  }

  export interface ReportTotal extends Total {
    readonly beforeResidentPages: number | null;
    readonly requestedPages: number | null;
    readonly changedPages: number | null;
    readonly remaining: readonly Remaining[];
    readonly seconds: number;
  }

  export interface Survey<F, T> {
    /** In no order. */
    readonly files: readonly F[];
    readonly total: T;
    /** What went wrong below the paths. When one that was named is wrong, this is thrown, with what was found as `result`. */
    readonly errors: readonly Error[];
  }

  export type ResidencySurvey = Survey<OfFile & Residency, Total>;
  export type ReportSurvey = Survey<OfFile & Report, ReportTotal>;

  /** Maps a file, or a part of one, at any offset. */
  export function open(file: File, options?: OpenOptions): MappedFile;
  /** Memory without a file, all zeros. */
  export function anonymous(length: number | bigint, options?: AnonymousOptions): MappedFile;

  /** What of files and trees is in memory, without reading or mapping them: what `mmapio incore` tells. */
  export function residency(paths: Paths, options?: WalkOptions): ResidencySurvey;
  export function residencyAsync(paths: Paths, options?: WalkOptions & AsyncOptions): Promise<ResidencySurvey>;
  /** Loads files into memory and looks whether they came: what `mmapio warm` does. */
  export function warm(paths: Paths, options?: WarmPathsOptions): ReportSurvey;
  export function warmAsync(paths: Paths, options?: WarmPathsOptions & AsyncOptions): Promise<ReportSurvey>;
  /** Drops files from memory, and says why what stayed did: what `mmapio evict` does. */
  export function evict(paths: Paths, options?: EvictPathsOptions): ReportSurvey;
  export function evictAsync(paths: Paths, options?: EvictPathsOptions & AsyncOptions): Promise<ReportSurvey>;

  /** What the guard answered in the mapping of a buffer; null when it is none. */
  export function faults(buffer: Uint8Array): Faults | null;

  /**
   * Maps a file: mmap(2). The descriptor may be closed afterwards.
   *
   * @param size in bytes; beyond the end of the file is allowed, and reads as zeros where nothing is
   * @param protection PROT_READ, PROT_WRITE or both; without either the buffer must not be touched
   * @param flags MAP_SHARED or MAP_PRIVATE, with MAP_POPULATE or MAP_ANONYMOUS
   * @param offset in bytes, a multiple of PAGESIZE; BigInt is taken, too
   * @param advise given to the whole mapping
   * @param name ignored: it mattered on Windows
   */
  export function map(
    size: number | bigint,
    protection: MapProtectionFlags,
    flags: MapFlags,
    fd: FileDescriptor,
    offset?: number | bigint,
    advise?: MapAdvise,
    name?: Buffer,
  ): Buffer;

  /** Gives the kernel advice about a part of a mapping: madvise(2). */
  export function advise(buffer: Uint8Array, offset: number, length: number, advise: MapAdvise): void;
  /** Gives the kernel advice about a mapping: madvise(2). */
  export function advise(buffer: Uint8Array, advise: MapAdvise): void;

  /** Counts the pages of a mapping: `[not in memory, in memory]`. */
  export function incore(buffer: Uint8Array): [number, number];

  /** Writes a part of a mapping back: msync(2). Without `blocking_sync` writing is started at most. */
  export function sync(
    buffer: Uint8Array,
    offset?: number,
    size?: number,
    blocking_sync?: boolean,
    invalidate_pages?: boolean,
  ): void;
  /** Writes a mapping back: msync(2). */
  export function sync(buffer: Uint8Array, blocking_sync: boolean, invalidate_pages?: boolean): void;

  /**
   * Unmaps: every view of the mapping has length 0 from then on. What goes on with it in the background ends first. False when the
   * buffer is no mapping, or is unmapped already, or is over a SharedArrayBuffer, which cannot be emptied.
   */
  export function unmap(buffer: Uint8Array): boolean;

  export const PROT_READ: 1;
  export const PROT_WRITE: 2;
  export const PROT_EXEC: 4;
  export const PROT_NONE: 0;
  export const MAP_SHARED: 1;
  export const MAP_PRIVATE: 2;
  export const MAP_NONBLOCK: 65536;
  export const MAP_POPULATE: 32768;
  export const MAP_ANONYMOUS: 32;
  export const MAP_NORESERVE: 16384;
  export const MADV_NORMAL: 0;
  export const MADV_RANDOM: 1;
  export const MADV_SEQUENTIAL: 2;
  export const MADV_WILLNEED: 3;
  export const MADV_DONTNEED: 4;
  export const MADV_MERGEABLE: 12;
  export const MADV_UNMERGEABLE: 13;
  export const MADV_HUGEPAGE: 14;
  export const MADV_NOHUGEPAGE: 15;
  export const MADV_COLD: 20;
  export const MADV_PAGEOUT: 21;
  export const MADV_POPULATE_READ: 22;
  export const MADV_COLLAPSE: 25;
  export const MS_ASYNC: 1;
  export const MS_SYNC: number;
  export const MS_INVALIDATE: 2;
  export const PAGESIZE: number;

  /** All of it: `import mmap from "mmapio"`. */
  export type MmapIo = typeof mmapio;
}

export = mmapio;
