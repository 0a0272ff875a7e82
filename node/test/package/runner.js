// A test for Jest and for Vitest, whose modules each live in a realm or a loader of their own.
const exercise = require("./exercise.js");

test("mmapio works", () => {
  expect(exercise(require("mmapio"))).toBe("works");
});
