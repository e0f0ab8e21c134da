/**
 * A text with one more line at its end, unless some line equals it already (CONF-40). The new line has no newline behind
 * it, and follows one newline if the text has any line, so that a text which ends in a newline gets an empty line between.
 * @param text null when there is no file yet
 */
export function lineInFile(text: string | null, line: string): { readonly text: string; readonly changed: boolean } {
  const before = text ?? "";
  if (hasLine(before, line)) return { text: before, changed: false };
  return { text: before === "" ? line : `${before}\n${line}`, changed: true };
}

/** A text with one more line on top, unless some line equals it already. */
export function lineOnTop(text: string | null, line: string): string {
  const rest = text ?? "";
  return hasLine(rest, line) ? rest : `${line}\n${rest}`;
}

function hasLine(text: string, line: string): boolean {
  return text.split(/\r?\n/).includes(line);
}
