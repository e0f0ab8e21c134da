import { once } from "../base/once.ts";
import { readPackagedFile } from "../base/packaged-file.ts";
import type { ComputeControl } from "../compute/control.ts";
import type { StatusDetail } from "../compute/status-detail.ts";
import type { DownloadView } from "../extensions/download-view.ts";
import type { StatusPage } from "../http/do/status-page.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadStatusPage } from "./load.ts";

/** The status page's data, made when somebody first asks for it. */
export interface LateStatusPage {
  readonly open: () => Promise<StatusPage>;
  /** Lets go of its listeners, so that the server can close. */
  end(): void;
}

/** @param statusDetail as in `Services` */
export function lateStatusPage(
  { computeId, buildTag, installation }: Facts,
  { log, clock, recentLogLines, logLineCount }: Surroundings,
  control: ComputeControl,
  downloads: () => readonly DownloadView[],
  statusDetail: () => Promise<StatusDetail>,
): LateStatusPage {
  let made: StatusPage | undefined;
  let ended = false;
  const open = once(async () => {
    const { createStatusPage } = await loadStatusPage();
    const { version } = JSON.parse(readPackagedFile("package.json"));
    const process = {
      computeId,
      version: `${version} (${buildTag})`,
      postgresVersion: installation.version,
      startedAtMs: Math.round(clock.now().getTime() - clock.monotonicMs()),
    };
    made = createStatusPage({ control, process, downloads, statusDetail, recentLogLines, logLineCount, clock, log });
    if (ended) made.end();
    return made;
  });
  return {
    open,
    end() {
      ended = true;
      made?.end();
    },
  };
}
