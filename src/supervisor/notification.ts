/** What a service manager is still to be told (sd_notify(3)); the newest word on each counts. */
export interface Notification {
  readonly ready: boolean;
  readonly stopping: boolean;
  readonly status: string | undefined;
}

/** Nothing to tell. */
export const noNotification: Notification = { ready: false, stopping: false, status: undefined };

/** Far below what a datagram carries. */
const statusLengthMax = 500;

/**
 * The assignments of one message, the empty list for nothing. A service that stops is not announced as ready any more. A
 * status stays on its line, where it cannot make assignments of its own.
 */
export function renderNotification({ ready, stopping, status }: Notification): readonly string[] {
  return [
    ...(stopping ? ["STOPPING=1"] : ready ? ["READY=1"] : []),
    ...(status === undefined ? [] : [`STATUS=${status.replaceAll(/\p{Cc}+/gu, " ").slice(0, statusLengthMax)}`]),
  ];
}
