"use strict";
// What is called by arguments.js, and with what usually.

const { PAGESIZE } = require("../../lib/index.js");

const LENGTH = 4 * PAGESIZE;
/** In the place of a buffer over a mapping, which is another one each time, and of a descriptor. */
const MAPPED = Symbol("mapped");
const FD = Symbol("fd");

/** Options of what walks. */
const WALK = {
  include: ["words", "*"], exclude: ["words", "*.no"], minSize: ["naturals", 0], maxSize: ["naturals", 2 ** 40],
  maxDepth: ["naturals", 3], follow: ["boolean", false], oneFileSystem: ["boolean", false], jobs: ["naturals", 1],
  range: ["range", { offset: 0, length: PAGESIZE }], summary: ["boolean", false],
};
const LATER = { signal: ["signal", undefined], onProgress: ["function", undefined] };
const PART = { offset: ["naturals", 0], length: ["naturals", PAGESIZE] };
const WARM = { rate: ["naturals", 2 ** 40] };
const EVICT = { sync: ["boolean", false] };
const OPEN = {
  ...PART, advice: ["advices", "random"], populate: ["boolean", false], guard: ["boolean", true], shared: ["boolean", false],
};

/** What is called: its places, each of a kind and with what is usual there; the options of the last; and what answers are right. */
const CALLS = {
  map: [["natural", LENGTH], ["natural", 1], ["natural", 1], ["integer", FD], ["default", 0], ["default", 0], ["any", undefined]],
  advise: [["array", MAPPED], ["natural", 0], ["natural", PAGESIZE], ["integer", 1]],
  "advise 2": [["array", MAPPED], ["integer", 1]],
  incore: [["array", MAPPED]],
  sync: [["array", MAPPED], ["any", 0], ["naturals", PAGESIZE], ["any", true], ["any", false]],
  unmap: [["any", MAPPED]],
  faults: [["any", MAPPED]],
  MappedFile: [["nothing", undefined], ["nothing", undefined], ["nothing", undefined]],
  open: [["file", "file"], { access: ["word", "read"], ...OPEN }],
  "open write": [["file", "file"],
    { access: ["word", "write"], ...OPEN, create: ["boolean", true], size: ["naturals", LENGTH], allocate: ["boolean", false] }],
  "open fd": [["file", FD], { access: ["word", "copy"], ...OPEN }],
  anonymous: [["natural", LENGTH], { advice: ["advices", "normal"], populate: ["boolean", false], shared: ["boolean", false] }],
  residency: [["paths", "file"], WALK],
  warm: [["paths", "file"], { ...WALK, ...WARM, maxMemory: ["naturals", 2 ** 40], force: ["boolean", false], dryRun: ["boolean", false] }],
  evict: [["paths", "file"], { ...WALK, ...EVICT, dryRun: ["boolean", false] }],
  residencyAsync: [["paths", "file"], { ...WALK, ...LATER }],
  warmAsync: [["paths", "file"],
    { ...WALK, ...WARM, ...LATER, maxMemory: ["naturals", 2 ** 40], force: ["boolean", false], dryRun: ["boolean", false] }],
  evictAsync: [["paths", "file"], { ...WALK, ...EVICT, ...LATER, dryRun: ["boolean", false] }],
  ".advise": [["advice", "random"], PART],
  ".sync": [{ ...PART, how: ["word", "msync"] }],
  ".syncAsync": [{ ...PART, how: ["word", "msync"], ...LATER }],
  ".residency": [["any", undefined]],
  ".residencyAsync": [LATER],
  ".runs": [["any", undefined]],
  ".warm": [WARM],
  ".warmAsync": [{ ...WARM, ...LATER }],
  ".evict": [EVICT],
  ".evictAsync": [{ ...EVICT, ...LATER }],
  ".resize": [["natural", 2 * PAGESIZE]],
  ".remap": [["naturals", 2 * PAGESIZE]],
  ".read": [["natural", 1], ["natural", 10]],
  ".write": [["natural", 1], ["data", "text"]],
  ".close": [["any", undefined]],
  "anonymous.resize": [["natural", 2 * PAGESIZE]],
  "copy.resize": [["natural", 2 * PAGESIZE]],
};

module.exports = { CALLS, FD, LENGTH, MAPPED };
