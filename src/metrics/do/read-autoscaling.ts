import { availableParallelism, loadavg, totalmem } from "node:os";
import { withDeadline } from "../../base/deadline.ts";
import type { OpenSession } from "../../base/sql.ts";
import {
  type AutoscalingFacts,
  decodePostgresLoad,
  type PostgresLoad,
  postgresLoadQuery,
  type SystemLoad,
} from "../autoscaling-facts.ts";

/** Connecting and the answer together; the agent itself waits 5 s (MET-19). */
const postgresMsMax = 3_000;

/**
 * What Postgres and the system tell of their load. Never rejects: a Postgres that does not answer is a fact too. Who asks
 * while another's question is under way gets that one's answer: nobody can make us open any number of sessions.
 */
export function createAutoscalingReader(
  openSession: OpenSession,
  limitMs: number = postgresMsMax,
): () => Promise<AutoscalingFacts> {
  let underWay: Promise<AutoscalingFacts> | undefined;
  const read = async (): Promise<AutoscalingFacts> => {
    const postgres = await readPostgres(openSession, limitMs).catch(() => null);
    return Object.freeze({ postgres, system: readSystem() });
  };
  return () => {
    underWay ??= read().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

async function readPostgres(openSession: OpenSession, limitMs: number): Promise<PostgresLoad> {
  return withDeadline("the load of Postgres", limitMs, new AbortController().signal, async (signal) => {
    const session = await openSession({ purpose: "autoscaling_metrics" });
    const close = (): void => void session.close().catch(() => {});
    signal.addEventListener("abort", close, { once: true });
    try {
      signal.throwIfAborted();
      return decodePostgresLoad(await session.run(postgresLoadQuery));
    } finally {
      signal.removeEventListener("abort", close);
      close();
    }
  });
}

/** Within a container with a limit, `constrainedMemory` knows it. */
function readSystem(): SystemLoad {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  const memoryFreeBytes = process.availableMemory();
  const limit = process.constrainedMemory();
  return {
    processors: availableParallelism(),
    loads: [one, five, fifteen],
    memoryTotalBytes: limit > 0 && limit < totalmem() ? limit : totalmem(),
    memoryFreeBytes,
  };
}
