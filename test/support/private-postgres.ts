import { execFile } from "node:child_process";
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type ArchiveMember, extensionArchive } from "./extension-archive.ts";

const run = promisify(execFile);

/** A copy of a Postgres installation that a test may change. */
export interface PrivatePostgres {
  readonly pgbin: string;
  /** `<prefix>/download_extensions`. */
  readonly stagingFolder: string;
  /** `<sharedir>/extension`. */
  readonly extensionFolder: string;
  /** `pkglibdir`. */
  readonly libraryFolder: string;
}

/** Copies an installation from npm to `target` (which must not exist), by hard links where that can be. */
export async function copyPostgres(bindir: string, target: string): Promise<PrivatePostgres> {
  const source = dirname(bindir);
  await run("cp", ["-al", source, target]).catch(async () => {
    await rm(target, { recursive: true, force: true });
    await run("cp", ["-a", source, target]);
  });
  return {
    pgbin: join(target, "bin/postgres"),
    stagingFolder: join(target, "download_extensions"),
    extensionFolder: join(target, "share/postgresql/extension"),
    libraryFolder: join(target, "lib/postgresql"),
  };
}

/** Puts a `pg_config` beside the binary; the packages from npm have none. */
export async function writePgConfig(
  { pgbin }: PrivatePostgres,
  answers: Readonly<Record<"--sharedir" | "--pkglibdir", string>>,
): Promise<void> {
  const path = join(dirname(pgbin), "pg_config");
  const cases = Object.entries(answers).map(([question, answer]) => `${question}) echo '${answer}' ;;`);
  await writeFile(path, `#!/bin/sh\ncase "$1" in\n${cases.join("\n")}\n*) exit 1 ;;\nesac\n`);
  await chmod(path, 0o755);
}

/** An extension that was taken out of an installation. */
export interface TakenExtension {
  /** As the extension store has it: scripts, control file, library. */
  readonly archive: Buffer;
  readonly control: string;
}

/** Takes a contrib extension out of a copy, so that only a download can bring it back. */
export async function takeOut(postgres: PrivatePostgres, name: string): Promise<TakenExtension> {
  const own = new RegExp(`^${name}(?:--.*)?\\.(?:sql|control)$`);
  const members: ArchiveMember[] = [];
  const take = async (folder: string, file: string, place: string, mode: number): Promise<void> => {
    members.push({ name: `${place}/${file}`, content: await readFile(join(folder, file)), mode });
    await rm(join(folder, file));
  };
  for (const file of await readdir(postgres.extensionFolder)) {
    if (own.test(file)) await take(postgres.extensionFolder, file, "share/extension", 0o644);
  }
  await take(postgres.libraryFolder, `${name}.so`, "lib", 0o755);
  const control = members.find((member) => member.name.endsWith(`/${name}.control`))?.content ?? "";
  return { archive: await extensionArchive(members), control: control.toString() };
}
