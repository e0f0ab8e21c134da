import type { StatusView } from "../compute/control.ts";
import { formatTimestamp } from "./timestamp.ts";

/** The object that `GET /status` and a successful `POST /configure` send: always these six keys, in this order (HTTP-32). */
export function statusBody(view: StatusView): Readonly<Record<string, string | null>> {
  return {
    start_time: formatTimestamp(view.startTime, "Z"),
    tenant: view.tenant,
    timeline: view.timeline,
    status: view.status,
    last_active: view.lastActive && formatTimestamp(view.lastActive, "+00:00"),
    error: view.error,
  };
}
