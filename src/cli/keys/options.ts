import { type GivenOptions, readArguments, text, UsageError } from "../arguments.ts";
import type { OptionRow } from "../option-table.ts";

/** The options of `compute_ctl keygen`. */
export const keygenOptionTable = [
  {
    name: "out",
    short: "o",
    value: "FILE",
    help: "where the private key goes, as PKCS #8 PEM, readable by its owner only",
  },
  { name: "algorithm", value: "EdDSA|RS256", default: "EdDSA", help: "Ed25519 keys, or RSA keys of 2048 bits" },
  { name: "force", help: "replace a file that is there" },
  { name: "help", short: "h", help: "print this text and exit" },
] as const satisfies readonly Omit<OptionRow, "group">[];

/** The options of `compute_ctl token`. */
export const tokenOptionTable = [
  { name: "key", short: "k", value: "FILE", help: "the private key, as compute_ctl keygen writes it" },
  {
    name: "compute-id",
    short: "i",
    value: "ID",
    help: "the compute whose routes the token opens: the value of its --compute-id",
  },
  { name: "admin", help: "a token for the routes of every compute that trusts the key" },
  { name: "expires-in", value: "SECONDS", default: "3600", help: "how long the token is good" },
  { name: "help", short: "h", help: "print this text and exit" },
] as const satisfies readonly Omit<OptionRow, "group">[];

/** The algorithms that computes check tokens by (HTTP-26). */
export type KeyAlgorithm = "EdDSA" | "RS256";

/** What key is to be made. */
export interface KeygenOptions {
  readonly out: string;
  readonly algorithm: KeyAlgorithm;
  readonly force: boolean;
}

/** What token is to be made. */
export interface TokenOptions {
  readonly key: string;
  /** Null for a token of every compute. */
  readonly computeId: string | null;
  readonly expiresInSeconds: number;
}

/** Reads the command line of `compute_ctl keygen`; null when it asks for help. @throws UsageError */
export function readKeygenOptions(argv: readonly string[]): KeygenOptions | null {
  const given = readArguments(argv, keygenOptionTable);
  if (given.has("help")) return null;
  const algorithm = text(given, "algorithm") ?? "EdDSA";
  if (algorithm !== "EdDSA" && algorithm !== "RS256") {
    throw new UsageError(`invalid value '${algorithm}' for '--algorithm': it is 'EdDSA' or 'RS256'`);
  }
  return { out: required(given, "out", "FILE"), algorithm, force: given.has("force") };
}

/** Reads the command line of `compute_ctl token`; null when it asks for help. @throws UsageError */
export function readTokenOptions(argv: readonly string[]): TokenOptions | null {
  const given = readArguments(argv, tokenOptionTable);
  if (given.has("help")) return null;
  const computeId = text(given, "compute-id") ?? null;
  if ((computeId === null) === !given.has("admin")) {
    throw new UsageError("one of --compute-id and --admin is required: whose routes is the token to open?");
  }
  const seconds = text(given, "expires-in") ?? "3600";
  if (!/^\d{1,9}$/.test(seconds) || Number(seconds) === 0) {
    throw new UsageError(`invalid value '${seconds}' for '--expires-in': it is a number of seconds from 1 up`);
  }
  return { key: required(given, "key", "FILE"), computeId, expiresInSeconds: Number(seconds) };
}

function required<Name extends string>(given: GivenOptions<Name>, name: Name, value: string): string {
  const found = text(given, name);
  if (found === undefined || found === "") throw new UsageError(`the argument '--${name} <${value}>' is required`);
  return found;
}
