/*
 * The way into the program's sources. Plain JavaScript, because the first file that needs its types stripped costs 50 ms;
 * what it imports comes from a cache of compiled code, if this user may write one or somebody has.
 */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache({
  directory: fileURLToPath(new URL("../node_modules/.cache/compute_ctl", import.meta.url)),
  portable: true,
});
await import("../src/main.ts");
