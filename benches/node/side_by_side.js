"use strict";
// The same work by mmapio and by @riaskov/mmap-io. Each contender is a process; `target` is the ratio that must be reached.

const fs = require("node:fs");

const { longestGap, timed } = require("./clock.js");

const [READ, WRITE, SHARED] = [1, 2, 1];
const GIB = 2 ** 30;
const MIB = 2 ** 20;
const PAGE = 4096;

/** Both libraries doing the same. */
function both(run) {
  return { "mmapio": { module: "mmapio", run }, "mmap-io": { module: "mmap-io", run } };
}

/** A tiny call on one mapped page, often enough to be measured. */
function onOnePage(call, count = 200_000) {
  return both(({ library, data }) => {
    const fd = fs.openSync(data, "r+");
    const buffer = library.map(PAGE, READ | WRITE, SHARED, fd);
    const many = (times) => {
      for (let time = 0; time < times; time += 1) call(library, buffer);
    };
    many(count / 10);
    return timed(many, count);
  });
}

/** Maps that nobody unmaps, and that the collector takes; fewer than a process may have. */
function leftToCollector(size, count) {
  return ({ library, data }) => {
    const fd = fs.openSync(data, "r");
    const many = (times) => {
      for (let time = 0; time < times; time += 1) library.map(size, READ, SHARED, fd);
    };
    many(count / 10);
    return timed(many, count);
  };
}

function unmapped(size, count) {
  return ({ library, data }) => {
    const fd = fs.openSync(data, "r");
    const many = (times) => {
      for (let time = 0; time < times; time += 1) library.unmap(library.map(size, READ, SHARED, fd));
    };
    many(count / 10);
    return timed(many, count);
  };
}

/** How many pages of a mapping are resident; what is not the truth does not count. */
function residentPages({ library, data }) {
  const buffer = library.map(GIB, READ, SHARED, fs.openSync(data, "r"));
  library.incore(buffer);
  const counted = [];
  const many = (times) => {
    for (let time = 0; time < times; time += 1) counted.push(library.incore(buffer));
  };
  const values = timed(many, 10);
  for (const [absent, resident] of counted) {
    if (absent !== 0 || resident !== GIB / PAGE) throw new Error(`${absent} pages are absent, ${resident} resident`);
  }
  return values;
}

/** A pass over 64 MiB of memory that is there, in turns with one over as much of the heap. */
function passOver(which) {
  return ({ library, data }) => {
    const size = 64 * MIB;
    const mapped = library.map(size, READ, SHARED, fs.openSync(data, "r"));
    const heap = Buffer.from(mapped);
    const times = { mapped: [], heap: [] };
    for (let round = 0; round < 12; round += 1) {
      times.mapped.push(timed(() => sum(mapped), 1).wall);
      times.heap.push(timed(() => sum(heap), 1).wall);
    }
    const middle = (list) => list.slice(2).sort((a, b) => a - b)[5];
    return { wall: middle(times[which]) };
  };
}

function sum(bytes) {
  let total = 0;
  for (let at = 0; at < bytes.length; at += 1) total = (total + bytes[at]) | 0;
  return total;
}

/** The longest stall while 256 MiB of dirty pages are written. */
function stall(sync) {
  return async ({ library, scratch }) => {
    const name = `${scratch}/dirty`;
    const size = 256 * MIB;
    fs.writeFileSync(name, "");
    fs.truncateSync(name, size);
    try {
      return { wall: await sync(library, name, size) };
    } finally {
      fs.unlinkSync(name);
    }
  };
}

const blocking = stall((library, name, size) => {
  const buffer = library.map(size, READ | WRITE, SHARED, fs.openSync(name, "r+"));
  buffer.fill(0x5a);
  return longestGap(() => library.sync(buffer, true));
});

const later = stall(async (library, name) => {
  const mapped = library.open(name, { access: "write" });
  mapped.buffer.fill(0x5a);
  const gap = await longestGap(() => mapped.syncAsync());
  mapped.close();
  return gap;
});

const nothing = stall((library, name, size) => {
  const buffer = library.map(size, READ | WRITE, SHARED, fs.openSync(name, "r+"));
  buffer.fill(0x5a);
  return longestGap(() => new Promise((resolve) => setTimeout(resolve, 150)));
});

const ours = (run) => ({ module: "mmapio", run });
const theirs = (run) => ({ module: "mmap-io", run });

const SIDE_BY_SIDE = [
  {
    name: "require",
    title: "`require`, CPU time",
    key: "cpu",
    // `child.js` does it by itself.
    contenders: both(),
    target: { most: 1 / 10 },
  },
  {
    name: "map-1g",
    title: "map and unmap 1 GiB / map left to the collector",
    key: "wall",
    contenders: { "mmapio": ours(unmapped(GIB, 200)), "mmap-io": theirs(leftToCollector(GIB, 200)) },
    target: { most: 1 / 4 },
  },
  {
    name: "incore-1g",
    title: "`incore` of 1 GiB, resident, unfaulted",
    key: "wall",
    contenders: both(residentPages),
    needs: "resident",
    target: { most: 1 / 5 },
  },
  {
    name: "advise",
    title: "`advise` of 4 KiB",
    key: "wall",
    contenders: onOnePage((library, buffer) => library.advise(buffer, 1)),
    target: { most: 1.35 },
  },
  {
    name: "sync",
    title: "`sync` of 4 KiB, not blocking",
    key: "wall",
    contenders: onOnePage((library, buffer) => library.sync(buffer, false)),
    target: { most: 1.35 },
  },
  {
    name: "incore",
    title: "`incore` of 4 KiB",
    key: "wall",
    contenders: onOnePage((library, buffer) => library.incore(buffer)),
    target: { most: 1.35 },
  },
  {
    name: "map",
    title: "`map` of 4 KiB, left to the collector",
    key: "wall",
    contenders: both(leftToCollector(PAGE, 20_000)),
    target: { most: 1.35 },
  },
  {
    name: "map-unmap",
    title: "`map` of 4 KiB and `unmap` / `map` left to the collector",
    key: "wall",
    contenders: { "mmapio": ours(unmapped(PAGE, 20_000)), "mmap-io": theirs(leftToCollector(PAGE, 20_000)) },
  },
  {
    name: "read-mapped",
    title: "each byte of 64 MiB mapped / in a heap Buffer",
    key: "wall",
    contenders: { "mmapio": ours(passOver("mapped")), "mmap-io": theirs(passOver("mapped")), "heap": ours(passOver("heap")) },
    against: "heap",
    // Mapped memory may be quicker: pages of a file lie together more often than those of the heap.
    target: { most: 1.05 },
  },
  {
    name: "stall",
    title: "longest stall, 256 MiB dirty: `syncAsync` / blocking `sync`",
    key: "wall",
    rounds: 5,
    contenders: { "mmapio": ours(later), "mmap-io": theirs(blocking), "nothing to do": ours(nothing) },
    target: { seconds: 0.02 },
  },
];

module.exports = { SIDE_BY_SIDE };
