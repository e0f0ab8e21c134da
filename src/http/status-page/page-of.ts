import type { MigrationProgress } from "../../catalog/migrations/state.ts";
import type { Operation } from "../../compute/operation.ts";
import type { DownloadView } from "../../extensions/download-view.ts";
import type { ServiceView } from "../../services/service-view.ts";
import type { ScalingView } from "../../vm-monitor/view.ts";
import { catalogSection } from "./catalog-section.ts";
import type {
  ExtensionEntry,
  OperationEntry,
  OverviewSection,
  PageState,
  ScalingSection,
  ServiceEntry,
} from "./page-state.ts";
import { postgresSection } from "./postgres-section.ts";
import { problemsOf } from "./problems.ts";
import { say, sayIf } from "./say.ts";
import { startSection } from "./start-section.ts";
import { storageSection } from "./storage-section.ts";
import type { PageViews } from "./views.ts";

const historyMax = 16;
const operationsMax = 8;
const listMax = 20;

/** HTTP-83: the document that the status page shows, made of the compute's views at one moment. */
export function pageOf(views: PageViews): PageState {
  return {
    overview: overviewSection(views),
    history: views.timeline.changes.slice(-historyMax).map(({ status, at }) => ({ status, atMs: at.getTime() })),
    start: startSection(views),
    postgres: postgresSection(views),
    catalog: catalogSection(views),
    storage: storageSection(views),
    migrations: migrationsSection(views.migrations),
    extensions: notEmpty(views.downloads.slice(-listMax).reverse().map(extensionEntry)),
    services: notEmpty(views.services.filter(({ state }) => state !== "unused").map(serviceEntry)),
    scaling: views.scaling && scalingSection(views.scaling),
    operations: views.operations.slice(-operationsMax).reverse().map(operationEntry),
    problems: problemsOf(views),
  };
}

function overviewSection({ status, timeline, overview, process, detail }: PageViews): OverviewSection {
  const spec = overview.spec?.spec ?? null;
  return {
    status: status.status,
    sinceMs: (timeline.changes.at(-1)?.at ?? status.startTime).getTime(),
    startTimeMs: status.startTime.getTime(),
    error: sayIf(status.error),
    computeId: process.computeId,
    version: process.version,
    mode: spec?.mode.kind ?? null,
    project: spec?.projectId ?? null,
    branch: spec?.branchId ?? null,
    endpoint: spec?.endpointId ?? null,
    tenant: status.tenant,
    timeline: status.timeline,
    features: detail?.features.on ?? [],
  };
}

function notEmpty<T>(entries: readonly T[]): readonly T[] | null {
  return entries.length === 0 ? null : entries;
}

function extensionEntry(view: DownloadView): ExtensionEntry {
  const { extension, state, startedAt, endedAt, receivedBytes, totalBytes, error } = view;
  return {
    name: extension,
    state,
    startedAtMs: startedAt.getTime(),
    endedAtMs: endedAt?.getTime() ?? null,
    receivedBytes,
    totalBytes,
    error: sayIf(error),
  };
}

function serviceEntry({ service, state, since, lastError, retries, failures }: ServiceView): ServiceEntry {
  return { name: service, state, sinceMs: since.getTime(), lastError: sayIf(lastError), retries, failures };
}

function migrationsSection({ failed, ...progress }: MigrationProgress): MigrationProgress {
  return { ...progress, failed: failed && { id: failed.id, error: say(failed.error) } };
}

function scalingSection({ listening, problem, session, counts, last }: ScalingView): ScalingSection {
  return {
    listening,
    problem: sayIf(problem),
    session: session && withoutDate(session),
    counts,
    last: last && { atMs: last.at.getTime(), text: say(last.text) },
  };
}

function withoutDate({ since, ...session }: NonNullable<ScalingView["session"]>): ScalingSection["session"] {
  return { ...session, sinceMs: since.getTime() };
}

function operationEntry({ id, kind, state, error, startedAt, endedAt }: Operation): OperationEntry {
  return {
    id,
    kind,
    state,
    error: sayIf(error),
    startedAtMs: startedAt.getTime(),
    endedAtMs: endedAt?.getTime() ?? null,
  };
}
