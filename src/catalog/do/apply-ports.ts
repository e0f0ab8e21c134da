import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { OpenSession } from "../../base/sql.ts";
import type { SessionLimits } from "./maintenance-session.ts";

/** What an apply works with. */
export interface ApplyPorts {
  readonly openSession: OpenSession;
  readonly log: Log;
  readonly clock: Clock;
  /** Ends the apply and closes its sessions. */
  readonly signal: AbortSignal;
  /** For every session of the apply. */
  readonly sessionLimits?: SessionLimits;
}
