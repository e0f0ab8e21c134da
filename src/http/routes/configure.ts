import { decodeConfig } from "../../spec/decode.ts";
import { refusalForHttp } from "../../spec/describe-refusal.ts";
import type { Answer } from "../answer.ts";
import { failure, json, unreadable, wrongStatus } from "../answer.ts";
import { accepted, readFlag } from "../input.ts";
import { limits } from "../limits.ts";
import { operationBody } from "../operation-body.ts";
import type { Route } from "../route.ts";
import { statusBody } from "../status-body.ts";

interface Order {
  readonly body: Uint8Array;
  readonly wait: boolean;
}

/**
 * HTTP-37 to HTTP-45: takes a spec and answers when it is in force; HTTP-77: or at once, with the operation to ask for.
 * The statuses are not in the record, because an underivable spec must be refused before the status is looked at
 * (HTTP-38, HTTP-39): the compute decides both at once.
 */
export const configure: Route<Order> = {
  server: "external",
  method: "POST",
  path: "/configure",
  auth: "jwt",
  input: {
    from: "target and json",
    query: ["wait"],
    bytesMax: limits.specBytesMax,
    decode(target) {
      const wait = readFlag(target, "wait", true);
      return wait.ok ? accepted((body) => accepted({ body, wait: wait.value })) : wait;
    },
  },
  responses: [200, 202, 400, 412, 500],
  async handle({ control, strict, replaceKeys }, { body, wait }, { trace }): Promise<Answer> {
    const decoded = decodeConfig(body, { source: "http", strict });
    if (!decoded.ok) {
      const { status, error } = refusalForHttp(decoded.refusal);
      return unreadable(status, error);
    }
    const { value: config, warnings } = decoded;
    const outcome = await control.configure(config, { wait, trace, warnings });
    switch (outcome.kind) {
      case "running":
        replaceKeys?.(config.computeCtlConfig.jwks);
        return json(200, statusBody(outcome.view));
      case "accepted":
        replaceKeys?.(config.computeCtlConfig.jwks);
        return json(202, operationBody(outcome.operation));
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
