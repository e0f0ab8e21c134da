import { secret, string } from "../base/decode-scalars.ts";
import { list, optional, optionalOr, required, titled } from "../base/decode-structures.ts";
import { type Decoder, hinted } from "../base/decoder.ts";
import { settingsHint } from "./hints.ts";
import type { Cluster, DeltaOperation, GenericOption, SpecDatabase, SpecRole } from "./types.ts";

/*
 * Clusters, roles, databases and options (chapter 02 §4.1).
 */

const genericOption: Decoder<GenericOption> = titled("GenericOption", {
  name: required("name", string),
  value: optional("value", string),
  vartype: required("vartype", string),
});

const role: Decoder<SpecRole> = titled("Role", {
  name: required("name", string),
  encryptedPassword: optional("encrypted_password", secret),
  options: optionalOr("options", list(genericOption), []),
});

const database: Decoder<SpecDatabase> = titled("Database", {
  name: required("name", string),
  owner: required("owner", string),
  options: optionalOr("options", list(genericOption), []),
});

export const deltaOperation: Decoder<DeltaOperation> = titled("DeltaOperation", {
  action: required("action", string),
  name: required("name", string),
  newName: optional("new_name", string),
});

export const cluster: Decoder<Cluster> = titled("Cluster", {
  clusterId: optional("cluster_id", string),
  name: optional("name", string),
  state: optional("state", string),
  roles: required("roles", list(role)),
  databases: required("databases", list(database)),
  postgresqlConf: optional("postgresql_conf", string),
  settings: optional("settings", hinted(list(genericOption), settingsHint)),
});
