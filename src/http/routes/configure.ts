import { decodeConfig } from "../../spec/decode.ts";
import { refusalForHttp } from "../../spec/describe-refusal.ts";
import type { Config } from "../../spec/types.ts";
import type { Answer } from "../answer.ts";
import { failure, json, wrongStatus } from "../answer.ts";
import { limits } from "../limits.ts";
import type { Decoded, Route } from "../route.ts";
import { statusBody } from "../status-body.ts";

/**
 * HTTP-37 to HTTP-45: takes a spec and answers when it is in force. The statuses are not in the record, because an
 * underivable spec must be refused before the status is looked at (HTTP-38, HTTP-39): the compute decides both at once.
 */
export const configure: Route<Config> = {
  server: "external",
  method: "POST",
  path: "/configure",
  auth: "jwt",
  input: { from: "json", bytesMax: limits.configureBytesMax, decode },
  async handle({ control }, config): Promise<Answer> {
    const outcome = await control.configure(config);
    switch (outcome.kind) {
      case "running":
        return json(200, statusBody(outcome.view));
      case "underivable": {
        const { status, error } = refusalForHttp({ kind: "derive", problems: outcome.problems });
        return failure(status, error);
      }
      case "refused":
        return wrongStatus(outcome.status);
      case "failed":
        return failure(500, `compute configuration failed: ${JSON.stringify(outcome.error)}`);
    }
  },
};

function decode(bytes: Uint8Array): Decoded<Config> {
  const config = decodeConfig(bytes, { source: "http" });
  return config.ok ? config : { ok: false, ...refusalForHttp(config.refusal) };
}
