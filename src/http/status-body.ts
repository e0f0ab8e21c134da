import type { StatusView } from "../compute/control.ts";
import { formatMicros, formatTimestamp } from "./timestamp.ts";

/** The object that `GET /status` and a successful `POST /configure` send: always these six keys, in this order (HTTP-32). */
export function statusBody(view: StatusView): Readonly<Record<string, string | null>> {
  return {
    start_time: formatTimestamp(view.startTime),
    tenant: view.tenant,
    timeline: view.timeline,
    status: view.status,
    last_active: view.lastActiveMicros === null ? null : formatMicros(view.lastActiveMicros),
    error: view.error,
  };
}
