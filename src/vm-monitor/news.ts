import type { PressureReason } from "./watch.ts";

/** What became of something that the agent sent. */
export type Outcome = "confirmed" | "approved" | "refused" | "failed";

/** What a session has to tell: to the log, the metrics and the view. */
export type SessionNews =
  | {
      readonly kind: "answered";
      /** `invalid` for what was not understood. */
      readonly type: "HealthCheck" | "UpscaleNotification" | "DownscaleRequest" | "invalid";
      readonly outcome: Outcome;
      readonly text: string;
    }
  | { readonly kind: "upscale-requested"; readonly reason: PressureReason; readonly text: string }
  | { readonly kind: "line"; readonly level: "info" | "warn" | "error"; readonly text: string };
