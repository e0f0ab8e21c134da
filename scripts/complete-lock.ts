/**
 * Completes package-lock.json after an `npm install`: adds a stub for every optional dependency (another platform's
 * binary) that the registry in use did not offer, because `npm ci` rejects a lock that lacks them.
 * Run it by `npm run lock`; it changes nothing when nothing is missing.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  packages: Record<string, LockedPackage & Record<string, unknown>>;
}

/** The platform that a package name such as `@biomejs/cli-win32-arm64` speaks of, in npm's words. */
function platformOf(name: string): { os: string[]; cpu?: string[]; libc?: string[] } {
  const words = name.split(/[-/]/);
  const os = words.find((word) =>
    ["android", "darwin", "freebsd", "linux", "openharmony", "win32", "windows"].includes(word),
  );
  const cpu = words.find((word) => ["arm", "arm64", "ia32", "ppc64", "riscv64", "s390x", "x64"].includes(word));
  const libc = words.includes("musl") || words.includes("musleabihf") ? ["musl"] : undefined;
  return {
    os: [os === "windows" ? "win32" : (os ?? "none")],
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined ? {} : { libc }),
  };
}

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8")) as Lock;
const added: string[] = [];

for (const [parentPath, parent] of Object.entries(lock.packages)) {
  if (parentPath === "") continue;
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined || lock.packages[`${parentPath}/${key}`] !== undefined) continue;
    lock.packages[key] = {
      version,
      optional: true,
      ...platformOf(name),
      ...(parent.dev === true ? { dev: true } : {}),
    };
    added.push(name);
  }
}

if (added.length > 0) {
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
}
process.stdout.write(`package-lock.json: ${added.length} stubs added\n`);
