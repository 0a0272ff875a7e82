"use strict";
// Files and trees, without mapping them.

const native = require("./native.js");
const { object, optionalBoolean, optionalInteger, pathBytes, strings } = require("./arguments.js");
const { background } = require("./background.js");
const { answered, coreError, valueError } = require("./errors.js");
const { ofFile, total } = require("./records.js");

/** Entries that are made at once: what takes a few milliseconds. */
const BATCH = 1000;
const NUL = Buffer.alloc(1);

/** The two forms of a call: at once, and as a promise. */
function twins(verb) {
  const now = (paths, options) => {
    const survey = answered(native.survey(...call(verb, paths, object(options, "options")), new native.Ticket()));
    const files = [];
    while (takeSome(survey, files));
    return finished(survey, files);
  };
  const later = async (paths, options) => {
    const checked = object(options, "options");
    const what = call(verb, paths, checked);
    const survey = answered(await background(checked, (ticket) => native.surveyLater(...what, ticket)));
    const files = [];
    while (takeSome(survey, files)) await new Promise(setImmediate);
    return finished(survey, files);
  };
  return [now, later];
}

function call(verb, paths, options) {
  return [joined(paths), walking(options), doing(verb, options)];
}

/** The paths, separated by what no path has. */
function joined(paths) {
  const list = Array.isArray(paths) ? Array.from(paths) : [paths];
  if (list.length === 0) throw valueError("paths must not be empty", paths);
  return Buffer.concat(list.flatMap((path, at) => (at === 0 ? [] : [NUL]).concat(pathBytes(path, "paths"))));
}

function walking(options) {
  const range = object(options.range ?? undefined, "range");
  return {
    include: strings(options.include, "include"),
    exclude: strings(options.exclude, "exclude"),
    minSize: optionalInteger(options.minSize, "minSize"),
    maxSize: optionalInteger(options.maxSize, "maxSize"),
    maxDepth: small(options.maxDepth, "maxDepth", 0),
    follow: optionalBoolean(options.follow, "follow") ?? false,
    oneFileSystem: optionalBoolean(options.oneFileSystem, "oneFileSystem") ?? false,
    jobs: small(options.jobs, "jobs", 1),
    offset: optionalInteger(range.offset, "range.offset") ?? 0,
    length: optionalInteger(range.length, "range.length"),
    summary: optionalBoolean(options.summary, "summary") ?? false,
  };
}

/** A number that is as good as any other once it is large. */
function small(value, name, least) {
  const number = optionalInteger(value, name, least);
  return number === undefined ? undefined : Math.min(number, 0xffff);
}

function doing(verb, options) {
  return {
    verb,
    dryRun: optionalBoolean(options.dryRun, "dryRun") ?? false,
    rate: optionalInteger(options.rate, "rate", 1),
    maxMemory: optionalInteger(options.maxMemory, "maxMemory"),
    force: optionalBoolean(options.force, "force") ?? false,
    sync: optionalBoolean(options.sync, "sync") ?? false,
  };
}

function takeSome(survey, files) {
  const entries = survey.take(BATCH);
  for (const entry of entries) files.push(ofFile(entry));
  return entries.length === BATCH;
}

/** All of it. A path that was named and is wrong is an exception: who overlooks it would believe that something was done. */
function finished(survey, files) {
  const named = survey.named();
  const errors = Array.from(survey.errors(), (failure) => coreError(failure));
  const result = { files, total: total(survey.sum()), errors };
  if (named) throw Object.assign(coreError(named), { result });
  return result;
}

const [residency, residencyAsync] = twins("look");
const [warm, warmAsync] = twins("warm");
const [evict, evictAsync] = twins("evict");

module.exports = { residency, residencyAsync, warm, warmAsync, evict, evictAsync };
