import { string } from "../../base/decode-scalars.ts";
import { object, required } from "../../base/decode-structures.ts";
import type { WantedExtension } from "../../catalog/extension-version.ts";
import { failedStep, json } from "../answer.ts";
import { jsonInput } from "../input.ts";
import { limits } from "../limits.ts";
import type { Route } from "../route.ts";

/** HTTP-70, CAT-4: installs an extension in a database, in a certain version. */
export const extensions: Route<WantedExtension> = {
  server: "internal",
  method: "POST",
  path: "/extensions",
  auth: "open",
  allowedIn: ["running"],
  input: jsonInput(
    limits.bodyBytesMax,
    object({
      extension: required("extension", string),
      database: required("database", string),
      version: required("version", string),
    }),
  ),
  responses: [201, 500],
  async handle({ catalog }, wanted, { signal }) {
    try {
      await catalog.installExtension(wanted, signal);
    } catch (error) {
      return failedStep("failed to install extension", error);
    }
    return json(201, { extension: wanted.extension, version: wanted.version });
  },
};
