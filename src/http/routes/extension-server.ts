import { failure, notAvailable } from "../answer.ts";
import type { Decoded, TargetValues } from "../input.ts";
import { accepted, readFlag, readPathName, targetInput } from "../input.ts";
import type { Route } from "../route.ts";

interface Download {
  readonly filename: string;
  readonly isLibrary: boolean;
}

/** HTTP-72: fetches and unpacks the archive that holds a file of an extension. */
export const extensionServer: Route<Download> = {
  server: "internal",
  method: "POST",
  path: "/extension_server/{filename}",
  auth: "open",
  input: targetInput(["is_library"], decodeDownload),
  responses: [200, 400, 404, 409, 412, 500, 501],
  handle({ remoteExtBaseUrl }) {
    if (remoteExtBaseUrl === null) return failure(412, "remote storage is not configured");
    return notAvailable("downloading extensions");
  },
};

function decodeDownload(target: TargetValues): Decoded<Download> {
  const filename = readPathName("filename", target);
  if (!filename.ok) return filename;
  const isLibrary = readFlag(target, "is_library", false);
  return isLibrary.ok ? accepted({ filename: filename.value, isLibrary: isLibrary.value }) : isLibrary;
}
