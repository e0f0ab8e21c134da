import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Owner } from "../../base/owner.ts";
import type { DatabricksSettings } from "../../spec/types.ts";
import { privateMode, readIfPresent, writeFileAtomic } from "./write-files.ts";

/** Copies the certificate and the key of a lakebase deployment under their own names, unless they are there (CONF-57). */
export async function copyLakebaseCertificates(
  pgdata: string,
  { certFile, keyFile }: DatabricksSettings["tls"],
  owner: Owner | null,
): Promise<void> {
  for (const source of [certFile, keyFile]) {
    const target = join(pgdata, basename(source));
    if (readIfPresent(target) !== null) continue;
    await writeFileAtomic(target, await readFile(source, "utf8"), { mode: privateMode, owner });
  }
}
