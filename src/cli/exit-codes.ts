/** The exit codes of this program (chapter 01, "Exit codes"); a clean end passes on Postgres's own. */
export const exitCodes = { failure: 1, usage: 2 } as const;
