/** A shell block of a document that is run by a test. */
export interface RunnableBlock {
  /** The line of its fence, from 1. */
  readonly line: number;
  readonly script: string;
}

/** Those blocks of a Markdown text whose fence says `sh runnable`. @throws Error for a fence that is never closed */
export function runnableBlocks(text: string): readonly RunnableBlock[] {
  const blocks: RunnableBlock[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const info = /^```(\S.*)$/.exec(lines[at] ?? "")?.[1];
    if (info === undefined) continue;
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`the block in line ${at + 1} is never closed`);
    if (info === "sh runnable") blocks.push({ line: at + 1, script: `${lines.slice(at + 1, end).join("\n")}\n` });
    at = end;
  }
  return blocks;
}
