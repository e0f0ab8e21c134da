import type { GenericOption } from "./types.ts";

/**
 * The value of the first setting with exactly this name (SPEC-40). Null when there is none, and also when the first one
 * has no value: later ones are not looked at, although Postgres takes the last and ignores case.
 */
export function findSetting(settings: readonly GenericOption[] | null, name: string): string | null {
  return settings?.find((setting) => setting.name === name)?.value ?? null;
}
