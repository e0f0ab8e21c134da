/** Where a section's own lines are: from `start`, the line behind its header, up to but without `end`. */
interface Bounds {
  readonly start: number;
  readonly end: number;
}

/**
 * Sets keys in one section of an ini file as pgbouncer reads it (SVC-12, SVC-T2). Comments, order, other keys and other sections
 * stay; a key that is there keeps its place and spacing, and is there once afterwards; a new one goes to the end of the section,
 * but before a `%include`, whose file may begin another section. A missing section is added. Keys are never removed (SVC-13). Of a
 * section that is begun several times only the last beginning counts, as pgbouncer forgets the ones before.
 */
export function editIni(text: string, section: string, settings: ReadonlyMap<string, string>): string {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/);
  const bounds = findSection(lines, section);
  const edited =
    bounds === undefined
      ? [...lines, ...(lines.length > 0 ? [""] : []), `[${section}]`, ...addedLines(settings)]
      : [
          ...lines.slice(0, bounds.start),
          ...editSection(lines.slice(bounds.start, bounds.end), settings),
          ...lines.slice(bounds.end),
        ];
  return `${edited.join(newline)}${newline}`;
}

/** The value that a section of an ini file gives a key, the last one if there are several. */
export function readIni(text: string, section: string, key: string): string | undefined {
  const lines = text.split(/\r?\n/);
  const bounds = findSection(lines, section);
  const own = bounds === undefined ? [] : lines.slice(bounds.start, bounds.end);
  return own.map(parseAssignment).findLast((found) => found?.key === key)?.value;
}

function editSection(lines: readonly string[], settings: ReadonlyMap<string, string>): readonly string[] {
  const found = lines.map(parseAssignment);
  const last = new Map(found.flatMap((it, index) => (it === undefined ? [] : [[it.key, index] as const])));
  const added = addedLines(new Map([...settings].filter(([key]) => !last.has(key))));
  const place = endOfOwnLines(lines);
  return lines
    .flatMap((line, index) => {
      const before = index === place ? added : [];
      const it = found[index];
      const value = it === undefined ? undefined : settings.get(it.key);
      if (it === undefined || value === undefined) return [...before, line];
      if (last.get(it.key) !== index) return before;
      return [...before, it.value === value ? line : `${it.head}${value}`];
    })
    .concat(place >= lines.length ? added : []);
}

/** Before the first `%include` if there is one, and before the blank lines that separate sections. */
function endOfOwnLines(lines: readonly string[]): number {
  const include = lines.findIndex((line) => line.trimStart().startsWith("%include"));
  let end = include < 0 ? lines.length : include;
  while (end > 0 && (lines[end - 1] ?? "").trim() === "") end -= 1;
  return end;
}

function addedLines(settings: ReadonlyMap<string, string>): readonly string[] {
  return [...settings].map(([key, value]) => `${key}=${value}`);
}

function findSection(lines: readonly string[], section: string): Bounds | undefined {
  const names = lines.map((line) => /^\s*\[([^\]]*)\]/.exec(line)?.[1]);
  const header = names.lastIndexOf(section);
  if (header < 0) return undefined;
  const next = names.findIndex((name, index) => index > header && name !== undefined);
  return { start: header + 1, end: next < 0 ? lines.length : next };
}

/** A line that sets a key, in its parts; `head` is everything up to the value. Undefined for comments and directives. */
function parseAssignment(
  line: string,
): { readonly key: string; readonly head: string; readonly value: string } | undefined {
  const at = line.indexOf("=");
  const key = line.slice(0, Math.max(0, at)).trim();
  if (key === "" || /^[;#%[]/.test(key)) return undefined;
  const rest = line.slice(at + 1);
  const blanks = rest.length - rest.trimStart().length;
  return { key, head: line.slice(0, at + 1 + blanks), value: rest.trim() };
}
