import type { TraceContext, Tracer } from "../base/tracer.ts";
import type { Phase } from "./timeline.ts";

/**
 * Hands a start that is over to a tracer, as one span with a child for each phase (LIFE-85). Afterwards, because the tracer
 * may have been loaded while the start went on.
 * @param originMs when the phases' clock stood at zero, in milliseconds since 1970
 */
export function traceStart(
  tracer: Tracer,
  phases: readonly Phase[],
  start: {
    readonly originMs: number;
    readonly endMs: number;
    readonly parent: TraceContext | undefined;
    readonly error?: unknown;
  },
): void {
  const { originMs, endMs, parent, error } = start;
  const beganMs = phases[0]?.startMs ?? endMs;
  const whole = tracer.start("start_compute", { parent, at: originMs + beganMs });
  for (const phase of phases) {
    const span = tracer.start(phase.name, { parent: whole.context, at: originMs + phase.startMs });
    span.end(undefined, originMs + (phase.endMs ?? endMs));
  }
  whole.end(error, originMs + endMs);
}
