// Whatever takes the original takes mmapio.
import original from "@riaskov/mmap-io";
import mmapio from "mmapio";

export const same: typeof original = mmapio;
