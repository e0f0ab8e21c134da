import { describeErrorForStatus } from "../base/error-chain.ts";
import type { Operation, OperationKind } from "./operation.ts";

/** How many operations are remembered. */
const operationsMax = 100;

/** An operation that is going on; the first of the two to be called decides how it ended. */
export interface OngoingOperation {
  readonly id: string;
  succeed(): void;
  fail(error: unknown): void;
}

/** The record of what a compute was asked to do. */
export interface Operations {
  begin(kind: OperationKind): OngoingOperation;
  /** The record of one operation; undefined when it was never begun or is long ago. */
  find(id: string): Operation | undefined;
  /** The newest operations, the oldest first. */
  list(): readonly Operation[];
}

/** An empty record. */
export function createOperations(now: () => Date, newId: () => string): Operations {
  const records = new Map<string, Operation>();

  function end(id: string, state: "succeeded" | "failed", error: string | null): void {
    const record = records.get(id);
    if (record?.state === "running") records.set(id, { ...record, state, error, endedAt: now() });
  }

  return {
    begin(kind) {
      const id = newId();
      records.set(id, { id, kind, state: "running", error: null, startedAt: now(), endedAt: null });
      const [oldest] = records.keys();
      if (records.size > operationsMax && oldest !== undefined) records.delete(oldest);
      return {
        id,
        succeed: () => end(id, "succeeded", null),
        fail: (error) => end(id, "failed", describeErrorForStatus(error)),
      };
    },
    find: (id) => records.get(id),
    list: () => [...records.values()],
  };
}
