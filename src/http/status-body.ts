import type { StatusView } from "../compute/control.ts";
import type { StatusDetail } from "../compute/status-detail.ts";
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

/** What `GET /status?detail=true` adds (HTTP-82). */
export function detailBody({ features, settings, tls }: StatusDetail): object {
  return {
    features,
    settings: settings && {
      rejected: settings.rejected,
      pending_restart: settings.pendingRestart,
      overruled: settings.overruled,
    },
    tls: tls && {
      not_after: tls.notAfter.toISOString(),
      installed_at: tls.installedAt.toISOString(),
      problem: tls.problem,
    },
  };
}
