import { generateKeyPair, type KeyObject } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describeError, errorCode } from "../../base/error-chain.ts";
import { exitCodes } from "../exit-codes.ts";
import { commandUsageText } from "../usage.ts";
import { type KeyAlgorithm, type KeygenOptions, keygenOptionTable, readKeygenOptions } from "./options.ts";
import { publicJwk } from "./public-key.ts";

const rsaBits = 2048;

/**
 * Runs `compute_ctl keygen` (FIELD-16): makes a key pair, writes the private half to a file and prints the public one as the `jwks` of a config.
 * @returns 0, or 1 when the file cannot be written
 * @throws UsageError for a command line that cannot be used
 */
export async function runKeygen(argv: readonly string[]): Promise<number> {
  const options = readKeygenOptions(argv);
  if (options === null) {
    process.stdout.write(commandUsageText("keygen", keygenOptionTable));
    return 0;
  }
  try {
    const { privateKey, publicKey } = await makeKeys(options.algorithm);
    await save(privateKey.export({ format: "pem", type: "pkcs8" }).toString(), options);
    process.stdout.write(`${JSON.stringify({ keys: [publicJwk(publicKey, options.algorithm)] }, null, 2)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`Error: ${describeError(error)}\n`);
    return exitCodes.failure;
  }
}

function makeKeys(algorithm: KeyAlgorithm): Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }> {
  const generate = promisify(generateKeyPair);
  return algorithm === "EdDSA" ? generate("ed25519") : generate("rsa", { modulusLength: rsaBits });
}

/** Never readable by others, not even for a moment, and never half written in place of another. */
async function save(pem: string, { out, force }: KeygenOptions): Promise<void> {
  if (!force) {
    await writeFile(out, pem, { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
      throw new Error(`${out} is there already: tokens are signed with it, perhaps; give another file, or --force`);
    });
    return;
  }
  const temporary = `${out}.${process.pid}.new`;
  try {
    await writeFile(temporary, pem, { mode: 0o600, flag: "wx" });
    await rename(temporary, out);
  } finally {
    await rm(temporary, { force: true });
  }
}
