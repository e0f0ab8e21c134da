import { describeError } from "../../base/error-chain.ts";
import { failure, json } from "../answer.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-69: whether Postgres accepts connections. */
export const hadronLivenessProbe: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/hadron_liveness_probe",
  auth: "jwt",
  input: noInput,
  responses: [200, 500],
  async handle({ control }, _input, { signal }) {
    try {
      await control.checkAlive(signal);
      return json(200, "ok");
    } catch (error) {
      return failure(500, describeError(error));
    }
  },
};
