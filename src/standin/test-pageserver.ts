import type { TestContext } from "node:test";
import { parseTenantId, parseTimelineId, type TenantId, type TimelineId } from "../base/ids.ts";
import type { BaseImage } from "./base-image.ts";
import { type PageserverOptions, type StandinPageserver, startPageserver } from "./pageserver.ts";

/** What pageservers of tests hold. */
export const testBranch: { readonly tenantId: TenantId; readonly timelineId: TimelineId } = {
  tenantId: tenant("a1b2c3d4e5f60718293a4b5c6d7e8f90"),
  timelineId: timeline("0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
};
export const archivedTimeline: TimelineId = timeline("f".repeat(32));

/** Starts a pageserver with a branch and an archived one, which is gone when the test is over. */
export async function startTestPageserver(
  t: TestContext,
  image: BaseImage,
  options: Partial<PageserverOptions> = {},
): Promise<StandinPageserver> {
  const archived = { tenantId: testBranch.tenantId, timelineId: archivedTimeline, archived: true };
  const server = await startPageserver({ image, timelines: [testBranch, archived], tokens: null, ...options });
  t.after(() => server.close());
  return server;
}

export function tenant(text: string): TenantId {
  const id = parseTenantId(text);
  if (id === undefined) throw new Error(`${text} is no tenant id`);
  return id;
}

export function timeline(text: string): TimelineId {
  const id = parseTimelineId(text);
  if (id === undefined) throw new Error(`${text} is no timeline id`);
  return id;
}
