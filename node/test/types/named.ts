import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import mmap, { MADV_RANDOM, MappedFile, PAGESIZE, anonymous, incore, map, open, residencyAsync, unmap } from "mmapio";
import type { AdviceName, MapAdvise, Residency } from "mmapio";

const advice: MapAdvise = MADV_RANDOM;
const name: AdviceName = "random";
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "mmapio-types-"));
fs.writeFileSync(path.join(dir, "file"), "bytes");
const file: MappedFile = open(path.join(dir, "file"), { advice: name });
file.advise(advice);
file.once("fault", (faults) => faults.count.toFixed());
const told: Residency = file.residency();
const known: number | null = told.residentPages;
const counts: [number, number] = incore(file.buffer);
file[Symbol.dispose]();
fs.rmSync(dir, { recursive: true });
if (known === null || counts[0] + counts[1] !== 1 || unmap(anonymous(PAGESIZE).buffer) !== true) throw new Error("not as typed");
export const same: typeof map = mmap.map;
export const later: () => Promise<number | null> = async () => (await residencyAsync("/", { maxDepth: 0 })).total.residentBytes;
export function refused(): void {
  // @ts-expect-error no such access
  open("file", { access: "execute" });
  // @ts-expect-error unknown is null
  const pages: number = told.residentPages;
  // @ts-expect-error made by open() only
  new MappedFile();
  pages.toFixed();
}
