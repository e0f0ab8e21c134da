import type { SpanExporter } from "@opentelemetry/sdk-trace";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";

/** An exporter that tells of its failures, and how to wait for it. */
export interface WatchedExporter {
  readonly exporter: SpanExporter;
  /** Tells that the last spans were given up, unless it is known already that they get lost. */
  gaveUp(error: unknown): void;
}

const causeLengthMax = 200;

/**
 * Wraps an exporter so that its failures are logged: one line when they begin or their cause changes, one when it works
 * again, none per batch.
 * @param collector how the lines call the other side
 */
export function watchExporter(exporter: SpanExporter, collector: string, log: Log): WatchedExporter {
  let current: string | undefined;

  const failed = (cause: string): void => {
    if (cause !== current) log.warn("could not export traces, spans are lost", { collector, cause });
    current = cause;
  };
  const worked = (): void => {
    if (current !== undefined) log.info("traces are exported again", { collector });
    current = undefined;
  };

  return {
    gaveUp(error) {
      if (current === undefined) failed(describeError(error));
    },
    exporter: {
      export(spans, onResult) {
        exporter.export(spans, (result) => {
          // 0 is success: the enum itself would have to be loaded.
          if (result.code === 0) worked();
          else failed(describeFailure(result.error));
          onResult(result);
        });
      },
      shutdown: () => exporter.shutdown(),
      forceFlush: async () => exporter.forceFlush?.(),
    },
  };
}

/** Why an export failed, without the body of the answer: that may repeat what was sent. */
function describeFailure(error: Error | undefined): string {
  const text = error === undefined ? "" : describeError(error);
  const status = error !== undefined && "code" in error && typeof error.code === "number" ? `HTTP ${error.code}` : "";
  const words = [status, text].filter((word) => word !== "").join(" ");
  return (words === "" ? "unknown" : words).slice(0, causeLengthMax);
}
