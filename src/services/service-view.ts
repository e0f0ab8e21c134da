/** The services beside Postgres that this program configures, and the host's tools that it runs. */
export const serviceNames = ["pgbouncer", "local_proxy", "rsyslog", "swap", "disk_quota"] as const;

export type ServiceName = (typeof serviceNames)[number];

/** `unused`: nobody asked for it. The others tell how the newest wish went. */
export const serviceStates = ["unused", "configuring", "configured", "failed"] as const;

export type ServiceState = (typeof serviceStates)[number];

/** What is known of one service. */
export interface ServiceView {
  readonly service: ServiceName;
  readonly state: ServiceState;
  /** Since when it is in this state. */
  readonly since: Date;
  /** Why the newest failure happened, causes included; stays after a later success. */
  readonly lastError: string | null;
  /** How often a step was tried again, since this program started. */
  readonly retries: number;
  /** How often configuring it failed for good, since this program started. */
  readonly failures: number;
}

/** A service that nobody has asked for yet. */
export function unusedService(service: ServiceName, now: Date): ServiceView {
  return Object.freeze({ service, state: "unused", since: now, lastError: null, retries: 0, failures: 0 });
}
