"use strict";
// What the addon counts, as callers get it.

const { coreError, own } = require("./errors.js");

function residency(entry) {
  return entry.residency;
}

function report(entry, path) {
  return { ...entry.residency, ...entry.deed, errors: entry.errors.map((failure) => coreError(failure, own(failure, "path") ?? path)) };
}

/** A file of a tree. */
function ofFile(entry) {
  const { path, size } = entry;
  return { path, size, ...(entry.deed ? report(entry, path) : residency(entry)) };
}

/** The sums over files. */
function total({ deed, ...sums }) {
  return { ...sums, ...deed };
}

module.exports = { ofFile, report, residency, total };
