"use strict";
// Advice by its name or number, from the core's table.

const native = require("./native.js");
const { integer } = require("./arguments.js");
const { valueError } = require("./errors.js");

const numbers = new Map(native.adviceConstants().map(({ advice, value }) => [advice, value]));

/** The number that madvise(2) knows it by. */
function adviceNumber(advice) {
  if (typeof advice !== "string") return known(integer(advice, "advice must be a name or an integer", -0x80000000));
  const number = numbers.get(advice);
  if (number === undefined) throw valueError(`advice must be one of ${[...numbers.keys()].join(", ")}`, advice);
  return number;
}

/** A number that fits into 32 bits: what does not is no advice, and must not become one when it is cut off. */
function known(number) {
  return number > 0x7fffffff ? -1 : number;
}

module.exports = { adviceNumber, known };
