"use strict";
// Tells of faults: a signal handler cannot call JavaScript, so that those who want to know are looked at from time to time.

const LOOK_EVERY = 100;

/** Mappings with listeners, and what they were told; weak, so that a mapping that nobody has any more is collected. */
const watched = new Map();
let timer;

function add(mapping) {
  for (const known of watched.keys()) if (known.deref() === mapping) return;
  watched.set(new WeakRef(mapping), 0);
  timer ??= setInterval(look, LOOK_EVERY).unref();
}

function remove(mapping) {
  for (const known of watched.keys()) if (known.deref() === mapping) watched.delete(known);
  rest();
}

function look() {
  for (const [known, told] of watched) {
    const mapping = known.deref();
    if (mapping === undefined || mapping.closed || mapping.listenerCount("fault") === 0) {
      watched.delete(known);
      continue;
    }
    const faults = mapping.faults;
    const count = faults.count + faults.stores;
    watched.set(known, count);
    // After a remap counting begins anew.
    if (count > told || (count > 0 && count < told)) mapping.emit("fault", faults);
  }
  rest();
}

function rest() {
  if (watched.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

module.exports = { add, remove };
