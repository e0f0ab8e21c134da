import type { Operation } from "../compute/operation.ts";
import { formatTimestamp } from "./timestamp.ts";

/** An operation as `/operations` and an accepted `/configure` show it (HTTP-77). */
export function operationBody(operation: Operation): Readonly<Record<string, string | null>> {
  return {
    id: operation.id,
    kind: operation.kind,
    state: operation.state,
    error: operation.error,
    started_at: formatTimestamp(operation.startedAt),
    ended_at: operation.endedAt && formatTimestamp(operation.endedAt),
  };
}
