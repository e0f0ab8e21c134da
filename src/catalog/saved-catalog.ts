import { string } from "../base/decode-scalars.ts";
import { list, map, object, optional, required } from "../base/decode-structures.ts";
import { type Decoder, readDocument } from "../base/decoder.ts";
import { parseJson } from "../base/json.ts";
import type { SqlRow } from "../base/sql.ts";
import type { SnapshotRows } from "./snapshot-query.ts";

/** All that a plan is made from, as the server told it. Holds password verifiers: secret. */
export interface SavedCatalog {
  readonly snapshot: SnapshotRows;
  /** What the databases say that the spec has wishes for, by OID. */
  readonly inside: ReadonlyMap<string, readonly SqlRow[]>;
}

const text: Decoder<string | null> = {
  shape: string.shape,
  read: (value, findings) => (value === null ? null : string.read(value, findings)),
};
const rows: Decoder<readonly SqlRow[]> = list({
  shape: map(string, text).shape,
  read: (value, findings) => {
    const columns = map(string, text).read(value, findings);
    return columns === undefined ? undefined : Object.fromEntries(columns);
  },
});
const document: Decoder<SavedCatalog> = object({
  snapshot: required(
    "snapshot",
    object({
      roles: required("roles", rows),
      databases: required("databases", rows),
      extensions: required("extensions", rows),
      system: required("system", rows),
      references: required("references", rows),
      subscriptionsRecord: required("subscriptionsRecord", rows),
      lakebase: optional("lakebase", rows),
    }),
  ),
  inside: required("inside", map(string, rows)),
});

/** The JSON of a saved catalog. */
export function encodeSavedCatalog({ snapshot, inside }: SavedCatalog): string {
  return `${JSON.stringify({ snapshot, inside: Object.fromEntries(inside) }, null, 2)}\n`;
}

/** @throws Error that lists what is wrong with the JSON, or says where it is not JSON */
export function decodeSavedCatalog(json: string): SavedCatalog {
  const decoded = readDocument(document, parseJson(json));
  if (decoded.ok) return decoded.value;
  const problems = decoded.problems.map(({ path, message }) => `${path}: ${message}`);
  throw new Error(`this is not a saved catalog: ${problems.join("; ")}`);
}
