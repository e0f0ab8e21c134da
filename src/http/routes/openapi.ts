import { readPackagedFile } from "../../base/packaged-file.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-79: the document that describes this API. */
export const openapi: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/openapi.yaml",
  auth: "open",
  input: noInput,
  responses: [200],
  handle: async () => ({
    status: 200,
    content: { type: "application/yaml", text: readPackagedFile("docs/behaviour/openapi.yaml") },
  }),
};
