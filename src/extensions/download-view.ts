/** One download as it stands, for those who watch. */
export interface DownloadView {
  readonly extension: string;
  readonly state: "downloading" | "installed" | "failed";
  /** When the latest attempt began. */
  readonly startedAt: Date;
  /** Null while it goes on. */
  readonly endedAt: Date | null;
  /** Compressed bytes that have arrived. */
  readonly receivedBytes: number;
  /** Null when the gateway does not say. */
  readonly totalBytes: number | null;
  /** Why the latest attempt failed, on one line. */
  readonly error: string | null;
}
