/// <reference types="node" />

declare namespace mmapio {
  type FileDescriptor = number;

  type MapProtectionFlags =
    | MmapIo["PROT_NONE"]
    | MmapIo["PROT_READ"]
    | MmapIo["PROT_WRITE"]
    | MmapIo["PROT_EXEC"]
    | 3
    | 5
    | 6
    | 7;

  type MapFlags =
    | MmapIo["MAP_PRIVATE"]
    | MmapIo["MAP_SHARED"]
    | MmapIo["MAP_NONBLOCK"]
    | MmapIo["MAP_POPULATE"]
    | number;

  type MapAdvise =
    | MmapIo["MADV_NORMAL"]
    | MmapIo["MADV_RANDOM"]
    | MmapIo["MADV_SEQUENTIAL"]
    | MmapIo["MADV_WILLNEED"]
    | MmapIo["MADV_DONTNEED"]
    | MmapIo["MADV_COLD"]
    | MmapIo["MADV_PAGEOUT"]
    | MmapIo["MADV_POPULATE_READ"]
    | MmapIo["MADV_COLLAPSE"]
    | MmapIo["MADV_HUGEPAGE"]
    | MmapIo["MADV_NOHUGEPAGE"]
    | MmapIo["MADV_MERGEABLE"]
    | MmapIo["MADV_UNMERGEABLE"];

  interface MmapIo {
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
    map(
      size: number | bigint,
      protection: MapProtectionFlags,
      flags: MapFlags,
      fd: FileDescriptor,
      offset?: number | bigint,
      advise?: MapAdvise,
      name?: Buffer,
    ): Buffer;

    /** Gives the kernel advice about a part of a mapping: madvise(2). */
    advise(buffer: Uint8Array, offset: number, length: number, advise: MapAdvise): void;
    /** Gives the kernel advice about a mapping: madvise(2). */
    advise(buffer: Uint8Array, advise: MapAdvise): void;

    /** Counts the pages of a mapping: `[not in memory, in memory]`. */
    incore(buffer: Uint8Array): [number, number];

    /** Writes a part of a mapping back: msync(2). Without `blocking_sync` writing is started at most. */
    sync(
      buffer: Uint8Array,
      offset?: number,
      size?: number,
      blocking_sync?: boolean,
      invalidate_pages?: boolean,
    ): void;
    /** Writes a mapping back: msync(2). */
    sync(buffer: Uint8Array, blocking_sync: boolean, invalidate_pages?: boolean): void;

    /**
     * Unmaps at once: every view of the mapping has length 0 from then on. False when the buffer is no mapping, or is unmapped
     * already.
     */
    unmap(buffer: Uint8Array): boolean;

    readonly PROT_READ: 1;
    readonly PROT_WRITE: 2;
    readonly PROT_EXEC: 4;
    readonly PROT_NONE: 0;
    readonly MAP_SHARED: 1;
    readonly MAP_PRIVATE: 2;
    readonly MAP_NONBLOCK: 65536;
    readonly MAP_POPULATE: 32768;
    readonly MAP_ANONYMOUS: 32;
    readonly MAP_NORESERVE: 16384;
    readonly MADV_NORMAL: 0;
    readonly MADV_RANDOM: 1;
    readonly MADV_SEQUENTIAL: 2;
    readonly MADV_WILLNEED: 3;
    readonly MADV_DONTNEED: 4;
    readonly MADV_MERGEABLE: 12;
    readonly MADV_UNMERGEABLE: 13;
    readonly MADV_HUGEPAGE: 14;
    readonly MADV_NOHUGEPAGE: 15;
    readonly MADV_COLD: 20;
    readonly MADV_PAGEOUT: 21;
    readonly MADV_POPULATE_READ: 22;
    readonly MADV_COLLAPSE: 25;
    readonly MS_ASYNC: 1;
    readonly MS_SYNC: number;
    readonly MS_INVALIDATE: 2;
    readonly PAGESIZE: number;
  }
}

declare const mmapio: mmapio.MmapIo & { readonly default: mmapio.MmapIo };
export = mmapio;
