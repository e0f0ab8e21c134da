/**
 * `npm run build [-- OPTIONS]`: makes what is shipped: the executable, the npm package, the licenses of what is inside and a bill
 * of materials.
 *
 *   --out FOLDER        where to (default dist); what it holds is removed
 *   --code-cache FOLDER the compiled code of an earlier build, instead of a new recording
 *   --arm64-node FILE   the Node of this version for arm64; makes an executable for that, too
 *
 * The same sources give the same bytes, but for the recording of compiled code, in which chance has its part: it is left in
 * `code-cache`, and a build that is given it makes the same executable.
 */
import { copyFile, cp, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readPackagedFile } from "../src/base/packaged-file.ts";
import { bundleProgram } from "./build/bundle.ts";
import { recordCode } from "./build/code-cache.ts";
import { buildExecutable, type ExecutableParts } from "./build/executable.ts";
import { layOutPackage } from "./build/npm-package.ts";
import { partNames } from "./build/parts.ts";
import { readThirdParty, renderBillOfMaterials, renderLicenses } from "./build/third-parties.ts";
import { complain, log } from "./support/speak.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const nodeFlags: readonly string[] = [
  // Node says of its foreign function interface, with which orphans are reaped, that it may change; its version is fixed here.
  "--disable-warning=ExperimentalWarning",
  // Room for what a start makes: collecting it, most of which stays in use, would hold the first answer up by 4 ms.
  "--min-semi-space-size=8",
];
const mebibyte = 1024 * 1024;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: join(root, "dist") },
      "code-cache": { type: "string" },
      "arm64-node": { type: "string" },
    },
  });
  const dist = resolve(values.out);
  if (!relative(dist, root).startsWith("..")) {
    throw new Error(`--out ${dist} would be emptied, with the project in it; name a folder of its own`);
  }
  const recorded = values["code-cache"];
  const workdir = await mkdtemp(join(tmpdir(), "build-"));
  try {
    const scripts = join(workdir, "scripts");
    await mkdir(scripts);
    if (recorded !== undefined) await cp(recorded, scripts, { recursive: true });
    await rm(dist, { recursive: true, force: true });
    await mkdir(dist, { recursive: true });
    const { scripts: texts, packages } = await bundleProgram(root);
    for (const part of partNames) await writeFile(join(scripts, `${part}.cjs`), texts[part], "latin1");
    const lengths = partNames.map((part) => `${part} ${texts[part].length}`);
    complain(`scripts of ${lengths.join(", ")} bytes, with ${packages.length} packages`);

    if (recorded === undefined) await recordCode(scripts, nodeFlags, log);
    await mkdir(join(dist, "code-cache"));
    for (const code of partNames.map((part) => `${part}.code`)) {
      await copyFile(join(scripts, code), join(dist, "code-cache", code));
      complain(`${code}: ${(await stat(join(scripts, code))).size} bytes`);
    }
    const shared = { nodeFlags, scripts, workdir };
    await build(join(dist, "compute_ctl"), { ...shared, node: process.execPath, withCode: true });
    const other = values["arm64-node"];
    if (other !== undefined) await build(join(dist, "compute_ctl-arm64"), { ...shared, node: other, withCode: false });

    await layOutPackage(root, scripts, join(dist, "npm"));
    const parties = [...packages, `node-linux-${process.arch}`].map((name) => readThirdParty(root, name));
    const { version } = JSON.parse(readPackagedFile("package.json"));
    for (const folder of [dist, join(dist, "npm")]) {
      await writeFile(join(folder, "THIRD-PARTY-LICENSES.txt"), renderLicenses(parties));
    }
    await writeFile(join(dist, "bill-of-materials.cdx.json"), renderBillOfMaterials(version, parties));
  } finally {
    await rm(workdir, { recursive: true, force: true });
  }
}

async function build(output: string, parts: Omit<ExecutableParts, "output">): Promise<void> {
  await buildExecutable({ ...parts, output });
  complain(`${output}: ${Math.round((await stat(output)).size / mebibyte)} MiB`);
}

await main();
