/**
 * The last message by which Postgres said why it ends, without what `log_line_prefix` put before it; undefined when
 * there is none among the records.
 */
export function fatalMessage(records: readonly string[]): string | undefined {
  const record = records.findLast((text) => /\b(?:FATAL|PANIC):/.test(text));
  if (record === undefined) return undefined;
  return record.slice(record.search(/\b(?:FATAL|PANIC):/)).replaceAll("\u200b", " ");
}
