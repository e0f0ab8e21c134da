import { describeError } from "../../base/error-chain.ts";
import type { FileRequest } from "../../extensions/resolution.ts";
import { type Answer, empty, failure } from "../answer.ts";
import type { Decoded, TargetValues } from "../input.ts";
import { accepted, readFlag, readPathName, targetInput } from "../input.ts";
import type { Route, Services } from "../route.ts";

/** HTTP-72, EXT-30: downloads and installs the archive that holds a file of an extension. */
export const extensionServer: Route<FileRequest> = {
  server: "internal",
  method: "POST",
  path: "/extension_server/{filename}",
  auth: "open",
  input: targetInput(["is_library"], decodeRequest),
  responses: [200, 400, 404, 409, 412, 500],
  async handle({ extensions }, request, { signal }) {
    try {
      return answerTo(await extensions.provide(request, signal));
    } catch (error) {
      return failure(500, `Failed to download a remote file: ${describeError(error)}`);
    }
  },
};

function answerTo(outcome: Awaited<ReturnType<Services["extensions"]["provide"]>>): Answer {
  switch (outcome.kind) {
    case "provided":
      return empty(200);
    case "no-gateway":
      return failure(412, "remote storage is not configured");
    case "no-information":
      return failure(409, "information about remote extensions is unavailable");
    case "not-offered":
      return failure(404, outcome.message);
  }
}

function decodeRequest(target: TargetValues): Decoded<FileRequest> {
  const filename = readPathName("filename", target);
  if (!filename.ok) return filename;
  const isLibrary = readFlag(target, "is_library", false);
  return isLibrary.ok ? accepted({ name: filename.value, isLibrary: isLibrary.value }) : isLibrary;
}
