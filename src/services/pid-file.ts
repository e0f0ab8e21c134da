/** The pid in a pid file: decimal, blanks around it do not matter. Undefined when there is none that a process could have. */
export function parsePid(text: string): number | undefined {
  const [, digits] = /^\s*(\d{1,10})\s*$/.exec(text) ?? [];
  const pid = Number(digits ?? 0);
  // Signals to 0 and below reach whole groups, and 1 is the init process.
  return pid > 1 ? pid : undefined;
}
