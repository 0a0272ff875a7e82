"use strict";
// Ways to read a file, for those who choose: nothing must be reached here. All of them look at each 64th byte, so at each line of the
// processor's cache.

const fs = require("node:fs");

const { timed, timedAsync } = require("./clock.js");

const MIB = 2 ** 20;
const PAGE = 4096;
const STRIDE = 64;
/** The ways that cannot be had at once are kept busy by so many. */
const AT_ONCE = 32;

function look(bytes, from, to) {
  let sum = 0;
  for (let at = from; at < to; at += STRIDE) sum = (sum + bytes[at]) | 0;
  return sum;
}

/** Pages of a file in no order, the same ones for all. */
function* pages(size, count) {
  let state = 12345;
  for (let time = 0; time < count; time += 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    yield Math.floor((state / 2 ** 32) * (size / PAGE)) * PAGE;
  }
}

const size = (data) => fs.statSync(data).size;

function randomMapped(options) {
  return (count) => ({ library, data }) =>
    timed(() => {
      const mapped = library.open(data, options);
      const { buffer } = mapped;
      for (const at of pages(buffer.length, count)) look(buffer, at, at + PAGE);
      mapped.close();
    }, 1);
}

function randomCopied(count) {
  return ({ library, data }) =>
    timed(() => {
      const mapped = library.open(data);
      for (const at of pages(mapped.length, count)) look(mapped.read(at, PAGE), 0, PAGE);
      mapped.close();
    }, 1);
}

function randomReadSync(count) {
  return ({ data }) =>
    timed(() => {
      const fd = fs.openSync(data, "r");
      const buffer = Buffer.alloc(PAGE);
      for (const at of pages(size(data), count)) {
        fs.readSync(fd, buffer, 0, PAGE, at);
        look(buffer, 0, PAGE);
      }
      fs.closeSync(fd);
    }, 1);
}

function randomRead(atOnce) {
  return (count) => ({ data }) =>
    timedAsync(async () => {
      const fd = fs.openSync(data, "r");
      const places = pages(size(data), count);
      const read = (buffer, at) =>
        new Promise((resolve, reject) => fs.read(fd, buffer, 0, PAGE, at, (error) => (error ? reject(error) : resolve())));
      const worker = async () => {
        const buffer = Buffer.alloc(PAGE);
        for (const at of places) {
          await read(buffer, at);
          look(buffer, 0, PAGE);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
      fs.closeSync(fd);
    }, 1);
}

function wholeMapped(options) {
  return ({ library, data }) =>
    timed(() => {
      const mapped = library.open(data, options);
      look(mapped.buffer, 0, mapped.length);
      mapped.close();
    }, 1);
}

function wholeFile({ data }) {
  return timed(() => {
    const bytes = fs.readFileSync(data);
    look(bytes, 0, bytes.length);
  }, 1);
}

function piecesSync({ data }) {
  return timed(() => {
    const fd = fs.openSync(data, "r");
    const buffer = Buffer.alloc(MIB);
    for (let got; (got = fs.readSync(fd, buffer, 0, MIB, null)) > 0; ) look(buffer, 0, got);
    fs.closeSync(fd);
  }, 1);
}

function stream({ data }) {
  return timedAsync(async () => {
    for await (const piece of fs.createReadStream(data, { highWaterMark: MIB })) look(piece, 0, piece.length);
  }, 1);
}

/** A small file as a whole, again and again. */
function small(read) {
  return (bytes, count) => ({ library, scratch }) => {
    const name = `${scratch}/small`;
    fs.writeFileSync(name, Buffer.alloc(bytes, 1));
    const many = (times) => {
      for (let time = 0; time < times; time += 1) read(library, name);
    };
    many(count / 10);
    const values = timed(many, count);
    fs.unlinkSync(name);
    return values;
  };
}

const smallMapped = small((library, name) => {
  const mapped = library.open(name);
  look(mapped.buffer, 0, mapped.length);
  mapped.close();
});

const smallRead = small((_, name) => {
  const bytes = fs.readFileSync(name);
  look(bytes, 0, bytes.length);
});

const mapped = (run) => ({ module: "mmapio", run });
const plain = (run) => ({ run });

function random(count) {
  return {
    "map": mapped(randomMapped()(count)),
    "map, advice random": mapped(randomMapped({ advice: "random" })(count)),
    "mmapio `read()`": mapped(randomCopied(count)),
    "`fs.readSync`": plain(randomReadSync(count)),
    "`fs.read`": plain(randomRead(1)(count)),
    [`\`fs.read\`, ${AT_ONCE} at once`]: plain(randomRead(AT_ONCE)(count)),
  };
}

function inOrder() {
  return {
    "map": mapped(wholeMapped()),
    "map, populate": mapped(wholeMapped({ populate: true })),
    "`fs.readFileSync`": plain(wholeFile),
    "`fs.readSync`, 1 MiB": plain(piecesSync),
    "`fs.createReadStream`, 1 MiB": plain(stream),
  };
}

function whole(bytes, count) {
  return { "map": mapped(smallMapped(bytes, count)), "`fs.readFileSync`": plain(smallRead(bytes, count)) };
}

const READING = [
  { name: "random-warm", title: "20,000 × 4 KiB in no order, file resident", needs: "resident", contenders: random(20_000) },
  { name: "random-warm-again", title: "1,000,000 × 4 KiB in no order, file resident", needs: "resident", contenders: (({ map, ...others }) => ({ map, "`fs.readSync`": others["`fs.readSync`"] }))(random(1_000_000)), rounds: 3 },
  { name: "random-cold", title: "500 × 4 KiB in no order, file not resident", needs: "absent", contenders: random(500), rounds: 5 },
  { name: "order-warm", title: "1 GiB in order, resident", needs: "resident", contenders: inOrder(), rounds: 5 },
  { name: "order-cold", title: "1 GiB in order, not resident", needs: "absent", contenders: inOrder(), rounds: 3 },
  { name: "whole-4k", title: "a whole file of 4 KiB: open, read, close", contenders: whole(4096, 5000) },
  { name: "whole-64k", title: "a whole file of 64 KiB", contenders: whole(65_536, 5000) },
  { name: "whole-1m", title: "a whole file of 1 MiB", contenders: whole(MIB, 500) },
].map((one) => ({ key: "wall", against: Object.keys(one.contenders).find((name) => name.startsWith("`fs.read")), ...one }));

module.exports = { READING };
