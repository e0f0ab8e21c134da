/** What one apply took. */
export interface ApplyFigures {
  readonly ms: number;
  readonly steps: number;
  readonly loopGapMs: number;
  /** The most memory that the process ever had. */
  readonly peakKib: number;
}

/** How a process hands them over. */
export function figuresText(figures: readonly ApplyFigures[]): string {
  return `${JSON.stringify(figures)}\n`;
}

/** @throws SyntaxError when it is something else */
export function readFigures(text: string): readonly ApplyFigures[] {
  return JSON.parse(text);
}
