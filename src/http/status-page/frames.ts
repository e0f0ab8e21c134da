import type { PageState } from "./page-state.ts";

/** Lines of the log that a listener has not seen. */
export interface LogNews {
  /** How many lines there were before these that are not shown. */
  readonly skipped: number;
  readonly lines: readonly string[];
}

/** The names of the events of `GET /ui/events`, and what their data is (HTTP-84). */
export interface PageEvents {
  /** Everything: first thing on each connection, and after news that a slow listener missed. */
  readonly all: { readonly atMs: number; readonly state: PageState; readonly log: LogNews };
  /** The sections that have changed. */
  readonly changes: { readonly atMs: number; readonly sections: Partial<PageState> };
  readonly log: { readonly atMs: number } & LogNews;
  /** Nothing has changed, but we are here. */
  readonly beat: { readonly atMs: number };
  /** The program ends: nothing follows. */
  readonly end: { readonly atMs: number };
}

/** An event as it travels: JSON has no line breaks of its own, so one `data` line will do. */
export function frame<Name extends keyof PageEvents>(name: Name, data: PageEvents[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Each section as the text that it travels as. */
export type SectionTexts = ReadonlyMap<string, string>;

/** The sections as text, to find out which have changed. */
export function sectionTexts(state: PageState): SectionTexts {
  return new Map(Object.entries(state).map(([name, section]) => [name, JSON.stringify(section)]));
}

/** The sections that are not as they were; undefined when all are. */
export function changedSections(
  state: PageState,
  before: SectionTexts,
  after: SectionTexts,
): Partial<PageState> | undefined {
  const changed = Object.entries(state).filter(([name]) => before.get(name) !== after.get(name));
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}
