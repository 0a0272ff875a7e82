"use strict";
// A listener for SIGBUS or SIGSEGV has the runtime install a handler, which would get the faults in mappings and could answer none: the
// same access would fault again for ever.

const native = require("./native.js");

const OURS = ["SIGBUS", "SIGSEGV"];
let isWatching = false;

/** Has the guard take such signals back; from the first mapping on, before which it has none. */
function keepSignals() {
  if (isWatching) return;
  isWatching = true;
  process.on("newListener", (name) => {
    if (!OURS.includes(name)) return;
    native.takeSignalsBack();
    // Some runtimes install theirs after the event.
    process.nextTick(() => native.takeSignalsBack());
  });
}

module.exports = { keepSignals };
