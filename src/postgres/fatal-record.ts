/** What only says that something else went wrong, which Postgres logged before. */
const vague = /contains errors|could not create any/;
const reason = /\bLOG: {2}((?:invalid|unrecognized|could not|parameter|syntax error|\S+ is outside).*)/s;

/**
 * The last message by which Postgres said why it ends, without what `log_line_prefix` put before it, and with the reason
 * that it logged just before where the message itself has none; undefined when there is none among the records.
 */
export function fatalMessage(records: readonly string[]): string | undefined {
  const at = records.findLastIndex((text) => /\b(?:FATAL|PANIC):/.test(text));
  const record = records[at];
  if (record === undefined) return undefined;
  const message = onOneLine(record.slice(record.search(/\b(?:FATAL|PANIC):/)));
  if (!vague.test(message)) return message;
  const reasons = records.slice(0, at).flatMap((text) => reason.exec(text)?.[1] ?? []);
  return reasons.length === 0 ? message : `${message} (${onOneLine(reasons.join("; "))})`;
}

function onOneLine(text: string): string {
  return text.replaceAll("\u200b", " ");
}
