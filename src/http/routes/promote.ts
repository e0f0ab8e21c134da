import { parsed } from "../../base/decode-scalars.ts";
import { object, required } from "../../base/decode-structures.ts";
import type { Lsn } from "../../base/lsn.ts";
import { parseLsn } from "../../base/lsn.ts";
import { computeSpec } from "../../spec/decode-spec.ts";
import { deriveSpec } from "../../spec/derive.ts";
import { refusalForHttp } from "../../spec/describe-refusal.ts";
import type { ComputeSpec } from "../../spec/types.ts";
import { absence, failure, json, wrongStatus } from "../answer.ts";
import { jsonInput } from "../input.ts";
import { limits } from "../limits.ts";
import type { Route } from "../route.ts";

interface PromoteOrder {
  readonly spec: ComputeSpec;
  readonly walFlushLsn: Lsn;
}

/** HTTP-55 to HTTP-60: turns a replica into the primary. */
export const promote: Route<PromoteOrder> = {
  server: "external",
  method: "POST",
  path: "/promote",
  auth: "jwt",
  input: jsonInput(
    limits.specBytesMax,
    object({
      spec: required("spec", computeSpec),
      walFlushLsn: required(
        "wal_flush_lsn",
        parsed("a string", parseLsn, () => "invalid LSN"),
      ),
    }),
  ),
  responses: [200, 400, 412, 500],
  handle({ control }, { spec }) {
    const derived = deriveSpec(spec);
    if (!derived.ok) {
      const { status, error } = refusalForHttp(derived.refusal);
      return failure(status, error);
    }
    // T-1: without a spec there is nothing to promote.
    const { status } = control.status();
    if (status === "empty") return wrongStatus(status);
    const error = absence("promotion");
    return { ...json(500, { status: "failed", error }), complaint: error };
  },
};
