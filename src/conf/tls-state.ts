/** The pair that Postgres was last given. */
export interface InstalledTls {
  readonly notAfter: Date;
  readonly installedAt: Date;
  /** Why the files that are there now cannot take its place; null when they could, or are the same. */
  readonly problem: string | null;
}
