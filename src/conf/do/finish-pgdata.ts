import { lchownSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Owner } from "../../base/owner.ts";
import type { ComputeMode, DatabricksSettings } from "../../spec/types.ts";
import { type HbaMethod, hbaText, identText, includeSinceMajor } from "../access-files.ts";
import { signalSteps } from "../signal-files.ts";
import { copyLakebaseCertificates } from "./lakebase-certificates.ts";
import { editFile, privateMode, readIfPresent, writeFileAtomic, writeOverride } from "./write-files.ts";

interface FinishPgdata {
  readonly pgdata: string;
  readonly owner: Owner | null;
  readonly mode: ComputeMode["kind"];
  readonly hbaMethod: HbaMethod;
  readonly databricks: DatabricksSettings | null;
  /** The major version of Postgres: older ones cannot read includes in pg_hba.conf. */
  readonly major: number;
}

/**
 * Completes a data directory that a base backup was unpacked into (CONF-1 steps 5 to 9): signal files, access rules,
 * shared memory on `/dev/shm`, an empty override file. Returns warnings.
 */
export async function finishPgdata(input: FinishPgdata): Promise<readonly string[]> {
  const { pgdata, owner, databricks } = input;
  linkSharedMemory(join(pgdata, "pg_dynshmem"), owner);
  const [warnings] = await Promise.all([
    writeAccessFiles(input),
    writeSignals(input),
    databricks === null ? undefined : copyLakebaseCertificates(pgdata, databricks.tls, owner),
    // Without this file, Postgres logs at each reload that it skipped it.
    writeOverride(pgdata, "", owner),
  ]);
  return warnings;
}

async function writeSignals({ pgdata, owner, mode }: FinishPgdata): Promise<void> {
  const path = (name: string): string => join(pgdata, `${name}.signal`);
  const present = { neon: isFile(path("neon")), zenith: isFile(path("zenith")), standby: isFile(path("standby")) };
  const steps = signalSteps(present, mode);
  if (steps.copyZenithToNeon) {
    const text = readIfPresent(path("zenith")) ?? "";
    await writeFileAtomic(path("neon"), text, { mode: privateMode, owner });
  }
  if (steps.createStandby) await writeFileAtomic(path("standby"), "", { mode: privateMode, owner });
}

/** pg_hba.conf (CONF-61) and, in lakebase deployments, the includes of more rules and maps (CONF-62). */
async function writeAccessFiles(input: FinishPgdata): Promise<readonly string[]> {
  const { pgdata, owner, databricks, hbaMethod, major } = input;
  const includes = major >= includeSinceMajor ? databricks : null;
  const hba = join(pgdata, "pg_hba.conf");
  await editFile(hba, owner, (text) => hbaText(text, hbaMethod, includes?.pgHba ?? null));
  if (includes !== null) {
    await editFile(join(pgdata, "pg_ident.conf"), owner, (text) => identText(text, includes.pgIdent));
  }
  if (databricks === includes) return [];
  return [
    `left the includes out of pg_hba.conf and pg_ident.conf: Postgres ${major} cannot read them, ` +
      `only ${includeSinceMajor} and later can`,
  ];
}

/** Large segments of shared memory then live on a memory file system instead of the disk of the data (CONF-64). */
function linkSharedMemory(path: string, owner: Owner | null): void {
  rmSync(path, { recursive: true, force: true });
  symlinkSync("/dev/shm/", path);
  if (owner !== null) lchownSync(path, owner.uid, owner.gid);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
