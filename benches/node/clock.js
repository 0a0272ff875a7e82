"use strict";
// What a piece of work takes: wall time, and the processor time of the whole process, collector and pool included.

function timed(work, count) {
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  work(count);
  return each(process.hrtime.bigint() - began, process.cpuUsage(cpu), count);
}

async function timedAsync(work, count) {
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  await work(count);
  return each(process.hrtime.bigint() - began, process.cpuUsage(cpu), count);
}

/** Seconds for each of `count`. */
function each(nanoseconds, { user, system }, count) {
  return { wall: Number(nanoseconds) / 1e9 / count, cpu: (user + system) / 1e6 / count };
}

/** The longest time for which the event loop ran nothing of ours, while something was done. */
async function longestGap(work) {
  let longest = 0n;
  let last = process.hrtime.bigint();
  let isDone = false;
  const look = () => {
    const now = process.hrtime.bigint();
    if (now - last > longest) longest = now - last;
    last = now;
    if (!isDone) setImmediate(look);
  };
  setImmediate(look);
  await new Promise(setImmediate);
  await work();
  await new Promise(setImmediate);
  isDone = true;
  return Number(longest) / 1e9;
}

module.exports = { longestGap, timed, timedAsync };
