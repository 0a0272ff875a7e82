"use strict";
// Calls in the thread pool: as promises that can be aborted and followed. The addon is looked at by a timer, since being called by it would
// need the event loop at times that it chooses.

const native = require("./native.js");
const { coded, typeError } = require("./errors.js");

const LOOK_EVERY = 100;

/** Makes a call with a ticket that ends it and tells how far it is. */
async function background(options, start) {
  const { signal, onProgress } = checked(options);
  if (signal?.aborted) throw abortError(signal);
  const ticket = new native.Ticket();
  const call = started(ticket, start);
  if (signal === undefined && onProgress === undefined) return call;
  return followed(call, ticket, signal, onProgress);
}

/** Calls that go on. A process that exits waits for them, so that they are ended then. */
const going = new Set();

function started(ticket, start) {
  if (going.size === 0) process.on("exit", stopAll);
  going.add(ticket);
  const ended = () => {
    going.delete(ticket);
    if (going.size === 0) process.removeListener("exit", stopAll);
  };
  try {
    const call = start(ticket);
    call.then(ended, ended);
    return call;
  } catch (error) {
    ended();
    throw error;
  }
}

function stopAll() {
  for (const ticket of going) ticket.stop();
}

function checked({ signal, onProgress }) {
  if (signal != null && !isSignal(signal)) {
    throw typeError("signal must be an AbortSignal", signal);
  }
  if (onProgress != null && typeof onProgress !== "function") throw typeError("onProgress must be a function", onProgress);
  return { signal: signal ?? undefined, onProgress: onProgress ?? undefined };
}

function isSignal(value) {
  const { aborted, addEventListener, removeEventListener } = value;
  return typeof aborted === "boolean" && typeof addEventListener === "function" && typeof removeEventListener === "function";
}

function followed(call, ticket, signal, onProgress) {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const settle = (how, value) => {
      if (isSettled) return;
      isSettled = true;
      clearInterval(timer);
      signal?.removeEventListener("abort", abort);
      how(value);
    };
    const stop = (error) => {
      ticket.stop();
      settle(reject, error);
    };
    const abort = () => stop(abortError(signal));
    const tell = (isEnd = false) => {
      if (isSettled || onProgress === undefined) return;
      try {
        onProgress(progress(ticket, isEnd));
      } catch (error) {
        stop(error);
      }
    };
    const timer = onProgress && setInterval(() => tell(), LOOK_EVERY);
    signal?.addEventListener("abort", abort, { once: true });
    call.then(
      (value) => {
        tell(true);
        settle(resolve, value);
      },
      (error) => settle(reject, error),
    );
  });
}

/** At the end there is no more to do than was done. */
function progress(ticket, isEnd) {
  const [bytes, total] = ticket.look();
  return { bytes, total: isEnd ? bytes : total === 0 ? null : total };
}

function abortError(signal) {
  const error = new Error("The operation was aborted", { cause: signal.reason });
  error.name = "AbortError";
  return coded(error, "ABORT_ERR");
}

module.exports = { background };
