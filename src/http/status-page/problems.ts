import type { ProblemEntry } from "./page-state.ts";
import { say } from "./say.ts";
import type { PageViews } from "./views.ts";

/** How many are shown. */
const problemsMax = 12;

/** What is wrong now, and what went wrong lately: the newest first, and none of them twice. */
export function problemsOf(views: PageViews): readonly ProblemEntry[] {
  const { status, timeline, operations, migrations, scaling, detail, activity, lease, services, downloads } = views;
  const since = timeline.changes.at(-1)?.at.getTime() ?? null;
  const found: ProblemEntry[] = [];
  const add = (where: string, text: string | null, atMs: number | null): void => {
    if (text !== null) found.push({ where, text: say(text), atMs });
  };
  add("status", status.error, since);
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

/** The operation that failed says the same as the status, but knows when. */
function withoutDoubles(found: readonly ProblemEntry[]): readonly ProblemEntry[] {
  const byText = new Map<string, ProblemEntry>();
  for (const entry of found) byText.set(entry.text, entry);
  return [...byText.values()];
}
