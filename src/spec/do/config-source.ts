import { readFileSync } from "node:fs";
import { getSystemErrorMessage } from "node:util";
import { type Decoding, decodeConfig, decodePayload, type Reading } from "../decode.ts";
import type { Config } from "../types.ts";

/** A file with a config cannot be read. */
class ConfigFileError extends Error {
  constructor(path: string, cause: unknown) {
    super(`${systemErrorText(cause)}: cannot read ${path} (check the path and who may read it)`, { cause });
    this.name = "ConfigFileError";
  }
}

/** Reads the config that `-c` names (SPEC-2). @throws ConfigFileError when the file cannot be read */
export async function loadConfigFile(path: string, { strict }: Reading): Promise<Decoding<Config>> {
  return decodeConfig(readConfigFile(path), { source: "file", strict });
}

/** Reads the config or bare spec that `-S` names (CLI-8). @throws ConfigFileError when the file cannot be read */
export async function loadPayloadFile(path: string, reading: Reading): Promise<Decoding<Config>> {
  return decodePayload(readConfigFile(path), reading);
}

/** Without waiting: the file is a local one, nothing can go on without it, and a start is quicker so. */
function readConfigFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigFileError(path, error);
  }
}

/** The system's words for an error, as the original prints them: `No such file or directory (os error 2)`. */
function systemErrorText(error: unknown): string {
  const errno = error instanceof Error && "errno" in error && typeof error.errno === "number" ? error.errno : undefined;
  if (errno === undefined) return String(error);
  const text = getSystemErrorMessage(errno) ?? "unknown error";
  return `${text.charAt(0).toUpperCase()}${text.slice(1)} (os error ${-errno})`;
}
