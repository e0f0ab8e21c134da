import type { Span as SdkSpan, SpanContext } from "@opentelemetry/api";
import { withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { maskSecrets, namesSecret } from "../../base/mask-secrets.ts";
import { formatTraceparent, parseTraceparent, parseTracestate } from "../../base/trace-context.ts";
import { type Span, type SpanAttributes, silentTracer, type TraceContext, type Tracer } from "../../base/tracer.ts";
import { traceDestination } from "../destination.ts";
import { watchExporter } from "./watched-exporter.ts";

/** A tracer and the way to get its last spans out. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends the spans that have ended; resolves when they are out or after `limitMs` (LIFE-39), never rejects. */
  flush(limitMs: number): Promise<void>;
}

const limits = { spansQueuedMax: 2_048, batchMs: 5_000 } as const;
const silent: Tracing = { tracer: silentTracer, flush: async () => {} };

/**
 * Makes the tracer that the environment asks for (LIFE-84): OTLP over HTTP in protobuf, in batches every 5 s. Without an
 * endpoint nothing is loaded. Headers, timeout, compression and certificates are the exporter's own business: it reads
 * `OTEL_EXPORTER_OTLP_*` from the process's environment. Never rejects.
 */
export async function createTracer({
  env,
  serviceName,
  log,
}: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly serviceName: string;
  readonly log: Log;
}): Promise<Tracing> {
  const destination = traceDestination(env);
  if (destination.kind === "unusable") log.warn(`traces are not exported: ${destination.problem}`);
  if (destination.kind !== "collector") return silent;
  try {
    return await createExportingTracer(destination.url, serviceName, log);
  } catch (error) {
    log.warn(`traces are not exported: ${describeError(error)}`);
    return silent;
  }
}

async function createExportingTracer(url: string, serviceName: string, log: Log): Promise<Tracing> {
  const [api, { BatchSpanProcessor, TracerProvider }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-proto"),
      import("@opentelemetry/resources"),
    ]);
  const { exporter, gaveUp } = watchExporter(new OTLPTraceExporter({ url }), new URL(url).host, log);
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: limits.spansQueuedMax,
    scheduledDelayMillis: limits.batchMs,
  });
  const resource = resourceFromAttributes({ "service.name": serviceName });
  const sdkTracer = new TracerProvider({ resource, spanProcessors: [processor] }).getTracer(serviceName);

  const spanContextOf = (parent: TraceContext | undefined): SpanContext | undefined => {
    const parsed = parent && parseTraceparent(parent.traceparent);
    if (parsed === undefined) return undefined;
    const { traceId, spanId, sampled } = parsed;
    const state = parseTracestate(parent?.tracestate ?? "");
    return {
      traceId,
      spanId,
      traceFlags: sampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE,
      isRemote: true,
      ...(state === undefined ? {} : { traceState: api.createTraceState(state) }),
    };
  };

  const tracer: Tracer = {
    start(name, { parent, kind, attributes = {}, at } = {}) {
      const above = spanContextOf(parent);
      const span = sdkTracer.startSpan(
        name,
        {
          kind: kind === "server" ? api.SpanKind.SERVER : api.SpanKind.INTERNAL,
          attributes: withoutSecrets(attributes),
          ...(at === undefined ? {} : { startTime: at }),
        },
        above === undefined ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, above),
      );
      return wrapSpan(span, api.SpanStatusCode.ERROR);
    },
  };

  return {
    tracer,
    async flush(limitMs) {
      const send = async (): Promise<void> => {
        await processor.forceFlush().catch(() => {});
        // A batch may have been on its way already.
        await exporter.forceFlush?.();
      };
      await withDeadline("exporting", limitMs, new AbortController().signal, send).catch(gaveUp);
    },
  };
}

function wrapSpan(span: SdkSpan, errorCode: 2): Span {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const traceparent = formatTraceparent({ traceId, spanId, sampled: (traceFlags & 1) === 1 });
  const tracestate = traceState?.serialize();
  return {
    context: { traceparent, ...(tracestate === undefined ? {} : { tracestate }) },
    set: (attributes) => void span.setAttributes(withoutSecrets(attributes)),
    event: (name, attributes = {}) => void span.addEvent(maskSecrets(name), withoutSecrets(attributes)),
    end(error, at) {
      if (error !== undefined) span.setStatus({ code: errorCode, message: maskSecrets(describeError(error)) });
      span.end(at);
    },
  };
}

/** Attributes as they may leave the machine; what a request carries in `Authorization`, for example, may not. */
function withoutSecrets(attributes: SpanAttributes): SpanAttributes {
  const mask = (key: string, value: SpanAttributes[string]): SpanAttributes[string] => {
    if (namesSecret(key)) return "[hidden]";
    return typeof value === "string" ? maskSecrets(value) : value;
  };
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, mask(key, value)]));
}
