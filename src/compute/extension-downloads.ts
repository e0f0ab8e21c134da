import type { DownloadView } from "../extensions/download-view.ts";
import type { FileRequest } from "../extensions/resolution.ts";

/** What became of a request for an extension's files (EXT-30). */
export type ProvideOutcome =
  | { readonly kind: "provided" }
  | { readonly kind: "no-gateway" }
  /** No spec, or one that says nothing about remote extensions. */
  | { readonly kind: "no-information" }
  /** This compute may not have it, or there is no such thing; in the original's words. */
  | { readonly kind: "not-offered"; readonly message: string };

/** Extensions on demand, as routes see them. */
export interface ExtensionDownloads {
  /**
   * Downloads and installs what holds a file, by the newest spec; at once when that was done before. In any status
   * (EXT-31). Rejects when that fails, and with the signal's reason.
   */
  provide(request: FileRequest, signal: AbortSignal): Promise<ProvideOutcome>;
  /** All downloads so far, those at start among them. */
  list(): readonly DownloadView[];
}
