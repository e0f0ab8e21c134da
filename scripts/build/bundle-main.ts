import { join } from "node:path";
import { build } from "esbuild";

/** Makes one script of what runs first and what it requires beside it. */
export async function bundleMain(name: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, name)],
    outfile,
    bundle: true,
    platform: "node",
    target: "node26",
    format: "cjs",
    logLevel: "warning",
  });
}
