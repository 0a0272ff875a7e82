import exercise from "./exercise.js";
import mmap, * as all from "mmapio";

test("mmapio works", () => {
  expect(exercise(mmap)).toBe("works");
  expect(exercise(all)).toBe("works");
});
