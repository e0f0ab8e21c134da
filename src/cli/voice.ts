import type { Clock } from "../base/clock.ts";
import { once } from "../base/once.ts";
import { silentTracer, type Tracer } from "../base/tracer.ts";
import { parseLogFilter } from "../logging/filter.ts";
import { createLog, type RootLog } from "../logging/log.ts";
import { createLogDirectory, type LogDirectory } from "../logging/log-directory.ts";
import { createPostgresLog } from "../logging/postgres-records.ts";
import { createRecentLines } from "../logging/recent-lines.ts";
import { createStderrSink } from "../logging/stderr-sink.ts";
import { traceDestination } from "../tracing/destination.ts";
import type { Environment } from "./environment.ts";
import type { Options } from "./options.ts";

/** How much of the log is kept in memory for `/logs`. */
const recent = { linesMax: 2_000, bytesMax: 1_048_576 } as const;

/** Everything by which the program tells what it does. */
export interface Voice {
  readonly log: RootLog;
  readonly tracer: Tracer;
  /** Takes records of Postgres's log. */
  readonly onPostgresRecords: (records: readonly string[]) => void;
  readonly recentLogLines: (count: number) => readonly string[];
  /** How many lines the log has had. */
  readonly logLineCount: () => number;
  /** Lakebase's log files, where a deployment wants them (LIFE-86). */
  readonly directory: LogDirectory | null;
  /** The last words of a start that never got to listening: the original's form in text, a log line in JSON. */
  sayError(text: string): void;
  /** Sends what is still on its way: spans, files, lines, each within `limitMs` (LIFE-39). */
  flush(limitMs: number): Promise<void>;
}

/** Makes the log that the options ask for, and starts loading a tracer when traces are wanted. */
export function createVoice(
  options: Options,
  environment: Environment,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Voice {
  const format = options.logFormat;
  const sink = createStderrSink(process.stderr, clock, { format });
  const lines = createRecentLines(recent);
  const write = (text: string): void => {
    sink.write(text);
    lines.add(text);
  };
  const directory = options.lakebaseMode && environment.logDirectory !== undefined ? environment.logDirectory : null;
  const files = directory === null ? null : createLogDirectory(directory, (problem) => log.warn(problem));
  const log = createLog({
    write,
    clock,
    format,
    filter: parseLogFilter(environment.logFilter),
    ...(files === null ? {} : { onEvent: files.write }),
  });
  const tracing = traceDestination(env).kind === "off" ? null : lateTracer(env, log);
  return {
    log,
    tracer: tracing?.tracer ?? silentTracer,
    onPostgresRecords: createPostgresLog({ write, clock, format }),
    recentLogLines: lines.recent,
    logLineCount: lines.total,
    directory: files,
    sayError: (text) => (format === "json" ? log.error(text) : sink.write(`Error: ${text}\n`)),
    async flush(limitMs) {
      await Promise.all([tracing?.flush(limitMs), files?.flush(limitMs)]);
      await sink.flush(limitMs);
    },
  };
}

/** A tracer that is silent until the exporting one is loaded: nobody waits for that (LIFE-84). */
function lateTracer(
  env: Readonly<Record<string, string | undefined>>,
  log: RootLog,
): { readonly tracer: Tracer; flush(limitMs: number): Promise<void> } {
  const load = once(async () => {
    const { createTracer } = await import("../tracing/do/tracer.ts");
    return createTracer({ env, serviceName: "compute_ctl", log });
  });
  let current = silentTracer;
  void load().then(({ tracer }) => {
    current = tracer;
  });
  return {
    tracer: { start: (name, spanOptions) => current.start(name, spanOptions) },
    flush: async (limitMs) => (await load()).flush(limitMs),
  };
}
