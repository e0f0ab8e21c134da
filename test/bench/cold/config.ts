/** A config whose spec names no role and no database, as that of a compute which starts again. */
export function withNothingToMake(config: string): string {
  const { spec, ...rest } = JSON.parse(config);
  return JSON.stringify({ ...rest, spec: { ...spec, cluster: { ...spec.cluster, roles: [], databases: [] } } });
}
