import { readFile } from "node:fs/promises";

const file = new URL("../../../docs/behaviour/openapi.yaml", import.meta.url);

/** The text of the document that describes this API; read when somebody asks for it. */
export function readOpenapi(): Promise<string> {
  return readFile(file, "utf8");
}
