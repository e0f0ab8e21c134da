import { otherTargets } from "./other-targets.ts";
import { storageTargets } from "./storage-targets.ts";
import type { FuzzTarget } from "./target.ts";

/** Every decoder that reads what comes from outside. */
export const fuzzTargets: readonly FuzzTarget[] = [...storageTargets, ...otherTargets];
