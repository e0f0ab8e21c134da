import type { GenericOption } from "../spec/types.ts";
import { readAssignment, sameSetting } from "./conf-text.ts";
import { renderSetting, settingFlaw } from "./setting-line.ts";

/** Lines of postgresql.conf, and what a person should know about them. Warnings name settings, never their values. */
interface SettingsBlock {
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * The cluster's settings between their two comments (CONF-10 row 13). A setting that Postgres could not read is left out
 * with a warning, because one bad line makes it refuse the whole file (CONF-T2). A setting that overrules one of `ours`
 * stays in place, with a warning (CONF-T4).
 * @param ours lines of this program that stand further up in the file
 */
export function settingsBlock(settings: readonly GenericOption[] | null, ours: readonly string[]): SettingsBlock {
  if (settings === null) return { lines: [], warnings: [] };
  const flaws = settings.flatMap((setting) => {
    const flaw = settingFlaw(setting);
    return flaw === undefined ? [] : [`left the setting ${JSON.stringify(setting.name)} out: ${flaw}`];
  });
  const usable = settings.filter((setting) => settingFlaw(setting) === undefined);
  const ordered = stripeSizeFirst(usable);
  const moved = ordered === usable ? [] : ["moved neon.stripe_size before neon.pageserver_connstring"];
  return {
    lines: ["# Managed by compute_ctl: begin", ordered.map(renderSetting).join("\n"), "# Managed by compute_ctl: end"],
    warnings: [...flaws, ...moved, ...overruled(ours, usable)],
  };
}

/** The server looks at the stripe size when it is given the connection string, so the size must come first (CONF-T6). */
function stripeSizeFirst(settings: readonly GenericOption[]): readonly GenericOption[] {
  const connstring = settings.findIndex(({ name }) => sameSetting(name, "neon.pageserver_connstring"));
  const size = settings.findLastIndex(({ name }) => sameSetting(name, "neon.stripe_size"));
  if (connstring < 0 || size < connstring) return settings;
  const moved = settings.slice(size, size + 1);
  return [...settings.slice(0, connstring), ...moved, ...settings.toSpliced(size, 1).slice(connstring)];
}

function overruled(ours: readonly string[], settings: readonly GenericOption[]): readonly string[] {
  return ours.flatMap((line) => {
    const own = readAssignment(line);
    const theirs = settings.findLast(({ name }) => own !== undefined && sameSetting(name, own.name));
    if (own === undefined || theirs === undefined || theirs.value === own.value) return [];
    return [`cluster.settings overrules ${own.name}, which the rest of the spec sets to another value`];
  });
}
