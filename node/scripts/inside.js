"use strict";
// Runs a file of tests inside of a worker thread, or with our modules in a vm context, which is how Jest does it: there they have
// another Error, Array and ArrayBuffer than the addon and Node's own modules have.
//
//   node scripts/inside.js worker|vm FILE

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const vm = require("node:vm");
const { Worker } = require("node:worker_threads");

const ROOT = path.join(__dirname, "..");

function inWorker(file) {
  const worker = new Worker(file, { env: { ...process.env, MMAPIO_INSIDE: "worker" } });
  worker.on("error", (error) => {
    console.error(error);
    process.exitCode = 1;
  });
  worker.on("exit", (code) => (process.exitCode ||= code));
}

/** What Node gives besides the language, and a new context has not. */
function context() {
  const made = vm.createContext({});
  const known = new Set(vm.runInContext("Object.getOwnPropertyNames(globalThis)", made));
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!known.has(name)) Object.defineProperty(made, name, Object.getOwnPropertyDescriptor(globalThis, name));
  }
  // The one of a new context prints nothing.
  made.console = console;
  made.global = vm.runInContext("globalThis", made);
  return made;
}

/** A require() that loads our own modules in the context, and leaves the others to Node. */
function loader(made) {
  const loaded = new Map();
  return function load(file) {
    if (loaded.has(file)) return loaded.get(file).exports;
    const module = { exports: {} };
    loaded.set(file, module);
    const outer = createRequire(file);
    const inner = (name) => {
      const found = outer.resolve(name);
      return found.startsWith(ROOT) && found.endsWith(".js") ? load(found) : outer(name);
    };
    const code = `(function (exports, require, module, __filename, __dirname) {${fs.readFileSync(file, "utf8")}\n})`;
    const wrapped = new vm.Script(code, { filename: file }).runInContext(made);
    wrapped(module.exports, Object.assign(inner, { resolve: outer.resolve }), module, file, path.dirname(file));
    return module.exports;
  };
}

const [where, file] = process.argv.slice(2);
if (where === "worker") inWorker(path.resolve(file));
else {
  process.env.MMAPIO_INSIDE = "vm";
  loader(context())(path.resolve(file));
}
