import { maskSecrets } from "../../base/mask-secrets.ts";

/** Longer texts are cut: a page is no place for a megabyte. */
const charactersMax = 4_000;

/** A text of somebody else's, fit for the page: without what looks like a secret, and not endless. */
export function say(text: string): string {
  const masked = maskSecrets(text);
  return masked.length <= charactersMax ? masked : `${masked.slice(0, charactersMax)}…`;
}

/** The same for a text that may be missing. */
export function sayIf(text: string | null): string | null {
  return text === null ? null : say(text);
}
