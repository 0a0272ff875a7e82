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
  const call = start(ticket);
  if (signal === undefined && onProgress === undefined) return call;
  return followed(call, ticket, signal, onProgress);
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
    const tell = () => {
      if (isSettled || onProgress === undefined) return;
      try {
        onProgress(progress(ticket));
      } catch (error) {
        stop(error);
      }
    };
    const timer = onProgress && setInterval(tell, LOOK_EVERY);
    signal?.addEventListener("abort", abort, { once: true });
    call.then(
      (value) => {
        tell();
        settle(resolve, value);
      },
      (error) => settle(reject, error),
    );
  });
}

function progress(ticket) {
  const [bytes, total] = ticket.look();
  return { bytes, total: total === 0 ? null : total };
}

function abortError(signal) {
  const error = new Error("The operation was aborted", { cause: signal.reason });
  error.name = "AbortError";
  return coded(error, "ABORT_ERR");
}

module.exports = { background };
