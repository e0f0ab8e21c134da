import { join } from "node:path";
import type { PublicKeys } from "../../src/standin/token.ts";
import type { StorageFacts } from "./storage-host.ts";

/** What all measurements of one benchmark share. */
export interface World {
  /**
   * Where everything is written; every user may enter it. Nothing in it is removed before the end: on ext4, making
   * many files soon after many were removed was seen to take up to three times as long, for `tar` and for us.
   */
  readonly folder: string;
  /** The archive that the storage serves, gzipped. */
  readonly archiveFile: string;
  readonly storage: StorageFacts;
  /** A config with a spec, as JSON; Postgres listens on `postgresPort`. */
  readonly config: string;
  readonly postgresPort: number;
  /** Whose tokens the compute's HTTP API takes. */
  readonly jwks: PublicKeys;
  readonly token: string;
  /** The program to measure. */
  readonly computeCtl: string;
  /** Fires when somebody wants the benchmark to end. */
  readonly signal: AbortSignal;
}

export const root = join(import.meta.dirname, "../..");

/** The program from its sources. */
export const sourcesCtl = join(root, "bin/compute_ctl");
export const exampleFile = join(root, "examples/two-roles.config.json");
/** Below the ports that kernels give to outgoing connections, one of which could take a port between its choice and its use. */
export const preferredPorts = { postgres: 28432, external: 28430, internal: 28431, vmMonitor: 28433 } as const;
