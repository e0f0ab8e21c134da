import type { ProblemEntry } from "./page-state.ts";
import { say } from "./say.ts";
import type { PageViews } from "./views.ts";

/** How many are shown. */
const problemsMax = 12;

/** What is wrong now, and what went wrong lately, besides what the status says: the newest first, and none of them twice. */
export function problemsOf(views: PageViews): readonly ProblemEntry[] {
  const { status, operations, migrations, scaling, detail, activity, lease, services, downloads } = views;
  const found: ProblemEntry[] = [];
  const add = (where: string, text: string | null, atMs: number | null): void => {
    if (text !== null && text !== status.error) found.push({ where, text: say(text), atMs });
  };
  for (const { kind, error, endedAt } of operations) add(kind, error, endedAt?.getTime() ?? null);
  if (activity.currentDowntimeMs > 0) {
    const atMs = activity.checkedAt === null ? null : activity.checkedAt.getTime() - activity.currentDowntimeMs;
    add("Postgres", "It does not answer.", atMs);
  }
  if (migrations.failed !== null) {
    const { id, error } = migrations.failed;
    add("migrations", id === null ? error : `migration ${id}: ${error}`, null);
  }
  add("certificate", detail?.tls?.problem ?? null, null);
  for (const { name, file, line, reason } of detail?.settings?.rejected ?? []) {
    add("settings", `${name ?? "a line"} (${file}:${line}): ${reason}`, null);
  }
  add("lease", lease?.error ?? null, null);
  for (const { extension, error, endedAt } of downloads) add(extension, error, endedAt?.getTime() ?? null);
  for (const { service, state, lastError, since: failedAt } of services) {
    if (state === "failed") add(service, lastError, failedAt.getTime());
  }
  add("scaling", scaling?.problem ?? null, null);
  return withoutDoubles(found)
    .toSorted((left, right) => (right.atMs ?? 0) - (left.atMs ?? 0))
    .slice(0, problemsMax);
}

/** A start and the request that brought its spec fail alike; the last of them stays. */
function withoutDoubles(found: readonly ProblemEntry[]): readonly ProblemEntry[] {
  return [...new Map(found.map((entry) => [entry.text, entry])).values()];
}
