/** Values that go with a span. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** The place of a span in a trace, in W3C form; what a `traceparent` and a `tracestate` header carry. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** A stretch of work that is being timed. */
export interface Span {
  /** What children name as their parent; undefined while nothing is traced. */
  readonly context: TraceContext | undefined;
  set(attributes: SpanAttributes): void;
  /** Records that something happened now, such as a line in the log (LIFE-84). */
  event(name: string, attributes?: SpanAttributes): void;
  /**
   * Ends the span, as a failure when an error is given.
   * @param at when it ended, in milliseconds since 1970; now, if it is left out
   */
  end(error?: unknown, at?: number): void;
}

/** How a span begins. */
export interface SpanOptions {
  /** May come from outside as it is: one that is malformed counts as none. */
  readonly parent?: TraceContext | undefined;
  readonly kind?: "internal" | "server";
  readonly attributes?: SpanAttributes;
  /** When it began, in milliseconds since 1970; now, if it is left out. For work that was over before there was a tracer. */
  readonly at?: number;
}

/** Starts spans. Exporting them is the tracer's business and never delays or fails the work. */
export interface Tracer {
  start(name: string, options?: SpanOptions): Span;
}

const silentSpan: Span = { context: undefined, set() {}, event() {}, end() {} };

/** A tracer for when nobody collects traces. */
export const silentTracer: Tracer = { start: () => silentSpan };
