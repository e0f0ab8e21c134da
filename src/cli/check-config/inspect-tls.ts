import { readFile } from "node:fs/promises";
import { describeError } from "../../base/error-chain.ts";
import { checkKeyPair } from "../../conf/do/key-pair.ts";
import type { TlsPaths } from "../../spec/types.ts";

/** What a look at a key and its certificate tells. */
export interface TlsFindings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Looks at key and certificate, if they are on this machine: that they belong together, and are in force now (CONF-52). */
export async function inspectTls(paths: TlsPaths): Promise<TlsFindings> {
  let pems: readonly [string, string];
  try {
    pems = [await readFile(paths.keyPath, "utf8"), await readFile(paths.certPath, "utf8")];
  } catch (error) {
    return {
      problems: [],
      warnings: [`key and certificate cannot be read here, so they were not checked: ${describeError(error)}`],
    };
  }
  try {
    const { notAfter } = await checkKeyPair(...pems);
    const isOver = notAfter.getTime() < Date.now();
    return { problems: [], warnings: isOver ? [`the certificate has expired: ${notAfter.toISOString()}`] : [] };
  } catch (error) {
    return { problems: [`${paths.keyPath} and ${paths.certPath}: ${describeError(error)}`], warnings: [] };
  }
}
