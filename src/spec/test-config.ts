/*
 * Config texts for the tests: the smallest spec that derives, with members changed. Values are JSON text, so that a test
 * can write what no JavaScript value stands for, such as `1.0`.
 */

const minimalSpec: Readonly<Record<string, string>> = {
  format_version: "1.0",
  suspend_timeout_seconds: "0",
  cluster: '{"roles": [], "databases": []}',
  tenant_id: '"00112233445566778899aabbccddeeff"',
  timeline_id: '"ffeeddccbbaa99887766554433221100"',
  pageserver_connstring: '"postgresql://no_user@127.0.0.1:64000"',
  safekeeper_connstrings: '["127.0.0.1:5454"]',
};

/** Changes to the minimal spec: member names to JSON text, undefined to leave a member out. */
export type SpecChange = Readonly<Record<string, string | undefined>>;

/** The text of a spec without wrapper. */
export function specText(change: SpecChange = {}): string {
  const members = Object.entries({ ...minimalSpec, ...change });
  return `{${members.flatMap(([name, json]) => (json === undefined ? [] : [`"${name}": ${json}`])).join(", ")}}`;
}

/** The text of a config. */
export function configText(change: SpecChange = {}, computeCtlConfig = '{"jwks": {"keys": []}}'): string {
  return `{"spec": ${specText(change)}, "compute_ctl_config": ${computeCtlConfig}}`;
}

/** The member `cluster` with these settings, all of vartype `string`. */
export function clusterWith(settings: readonly (readonly [name: string, value: string | null])[]): string {
  const list = settings.map(([name, value]) => ({ name, value, vartype: "string" }));
  return JSON.stringify({ roles: [], databases: [], settings: list });
}
