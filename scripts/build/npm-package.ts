import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { bundleMain } from "./bundle-main.ts";
import { partNames } from "./parts.ts";

const run = promisify(execFile);

/** What the package keeps of the project's own description. */
const keptFields = ["name", "version", "description", "license"] as const;

/**
 * Lays out the npm package in `output`: the program as scripts with its launcher, and the typed client. Node comes by the
 * optional dependencies, as in the project itself.
 */
export async function layOutPackage(root: string, scripts: string, output: string): Promise<void> {
  const described = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const node = Object.entries(described.optionalDependencies).filter(([name]) => name.startsWith("node-"));
  const description = {
    ...Object.fromEntries(keptFields.map((field) => [field, described[field]])),
    type: "module",
    os: ["linux"],
    bin: { compute_ctl: "bin/compute_ctl" },
    exports: {
      "./client": { types: "./client/client/compute-client.d.ts", default: "./client/compute-client.js" },
      "./config.schema.json": "./config.schema.json",
    },
    optionalDependencies: Object.fromEntries(node),
  };
  await mkdir(join(output, "bin"), { recursive: true });
  await mkdir(join(output, "lib"));
  await writeFile(join(output, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
  await bundleMain("main-of-package.cjs", join(output, "lib/compute_ctl.cjs"));
  for (const part of partNames) await cp(join(scripts, `${part}.cjs`), join(output, "lib", `${part}.cjs`));
  await cp(join(root, "bin/compute_ctl"), join(output, "bin/compute_ctl"));
  for (const [from, to] of [
    ["README.md", "README.md"],
    ["LICENSE", "LICENSE"],
    ["docs/config.schema.json", "config.schema.json"],
  ] as const) {
    await cp(join(root, from), join(output, to));
  }
  await layOutClient(root, join(output, "client"));
}

/** The client as one module for any runtime with `fetch` or Node's HTTP, and its types. */
async function layOutClient(root: string, output: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ["src/client/compute-client.ts"],
    outfile: join(output, "compute-client.js"),
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    logLevel: "warning",
  });
  const types = join(output, "types");
  const declare = ["--declaration", "--emitDeclarationOnly", "--noEmit", "false", "--rewriteRelativeImportExtensions"];
  const config = join(root, "tsconfig.client.json");
  await run(join(root, "node_modules/.bin/tsc"), ["--project", config, ...declare, "--outDir", types], { cwd: root });
  for (const room of ["base", "client"]) await rename(join(types, room), join(output, room));
  await rm(types, { recursive: true });
}
