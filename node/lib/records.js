"use strict";
// What the addon counts, as callers get it.

const { coreError, own } = require("./errors.js");
const { ours } = require("./realm.js");

function residency(entry) {
  return ours(entry.residency);
}

function report(entry, path) {
  const errors = Array.from(entry.errors, (failure) => coreError(failure, own(failure, "path") ?? path));
  return { ...entry.residency, ...ours(entry.deed), errors };
}

/** A file of a tree. */
function ofFile(entry) {
  const { path, size } = entry;
  return { path, size, ...(entry.deed ? report(entry, path) : residency(entry)) };
}

/** The sums over files. */
function total({ deed, ...sums }) {
  return { ...sums, ...ours(deed) };
}

module.exports = { ofFile, report, residency, total };
