import { execFile } from "node:child_process";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Owner } from "../../base/owner.ts";
import { type ConfProblem, confProblems } from "../conf-verdict.ts";

/** What a Postgres makes of a configuration text. */
export interface ConfVerdict {
  /** Empty when it accepts the text. */
  readonly problems: readonly ConfProblem[];
  /** How it reads each setting that was asked for, without unit; empty unless it accepts the text. */
  readonly values: ReadonlyMap<string, string>;
}

interface ParseConf {
  readonly pgbin: string;
  /** The user to run it as; null for this program's own. */
  readonly owner: Owner | null;
  readonly env: Readonly<Record<string, string>>;
  /** What would be postgresql.conf. */
  readonly text: string;
  /** The settings whose values to tell. */
  readonly names: readonly string[];
  /** Which line sets a setting, where Postgres does not say. */
  readonly lineOf: (setting: string) => number | null;
  readonly signal: AbortSignal;
}

/** How long one look may take, in milliseconds; it takes some five. */
const lookMsMax = 10_000;
/** One look tells only the problems of one kind; with their lines out of the way, the next one tells more. */
const passesMax = 10;
const looksAtOnce = 4;

/** Its own settings must not keep it from telling what is wrong. */
const audibly = ["log_destination=stderr", "log_min_messages=warning", "log_line_prefix=", "lc_messages=C"];

/**
 * Has Postgres parse a configuration text in an empty folder, by `postgres -C`, which starts no server (chapter 04 §14.1): all
 * problems at once, each with its line.
 * @throws Error when that Postgres cannot be run, or the folder cannot be made; the signal's reason when it fires
 */
export async function parseConf(input: ParseConf): Promise<ConfVerdict> {
  const folder = await mkdtemp(join(tmpdir(), "compute-ctl-conf-"));
  try {
    // Its user reads the files, and can put nothing into their place: this program may be root, which writes them.
    if (input.owner !== null) await chmod(folder, 0o711);
    for (const name of ["postgresql.auto.conf", "compute_ctl_temp_override.conf"]) await place(input, folder, name, "");
    const problems = await findProblems(input, folder);
    return { problems, values: problems.length > 0 ? new Map() : await readValues(input, folder) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function findProblems(input: ParseConf, folder: string): Promise<readonly ConfProblem[]> {
  const lines = input.text.split("\n");
  const all: ConfProblem[] = [];
  for (let pass = 0; pass < passesMax; pass += 1) {
    await place(input, folder, "postgresql.conf", lines.join("\n"));
    const { code, stderr } = await look(input, folder, [...audibly.flatMap((each) => ["-c", each])], "port");
    if (code === 0) break;
    const located = confProblems(stderr).map((problem) => ({
      ...problem,
      line: problem.line ?? (problem.setting === null ? null : input.lineOf(problem.setting)),
    }));
    all.push(...located);
    if (located.length === 0) {
      all.push({ line: null, setting: null, message: stderr.trim() || `it ended with code ${code}`, hint: null });
    }
    const known = located.flatMap(({ line }) => (line === null ? [] : [line]));
    if (known.length === 0) break;
    for (const line of known) lines[line - 1] = "";
  }
  return all.sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
}

async function readValues(input: ParseConf, folder: string): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  const waiting = input.names.values();
  const worker = async (): Promise<void> => {
    for (const name of waiting) {
      const { code, stdout } = await look(input, folder, [], name);
      if (code === 0) values.set(name, stdout.replace(/\n$/, ""));
    }
  };
  await Promise.all(Array.from({ length: looksAtOnce }, worker));
  return values;
}

async function place({ owner }: ParseConf, folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 });
  if (owner !== null) await chown(path, owner.uid, owner.gid);
}

interface Looked {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function look(
  { pgbin, owner, env, signal }: ParseConf,
  folder: string,
  more: readonly string[],
  name: string,
): Promise<Looked> {
  const { promise, resolve, reject } = Promise.withResolvers<Looked>();
  const user = owner === null ? {} : { uid: owner.uid, gid: owner.gid };
  const limits = { signal, timeout: lookMsMax, killSignal: "SIGKILL" } as const;
  const args = ["-D", folder, ...more, "-C", name];
  execFile(pgbin, args, { cwd: folder, env, ...user, ...limits }, (error, stdout, stderr) => {
    if (error === null) resolve({ code: 0, stdout, stderr });
    else if (typeof error.code === "number") resolve({ code: error.code, stdout, stderr });
    else reject(signal.aborted ? signal.reason : new Error(`cannot run ${pgbin}`, { cause: error }));
  });
  return promise;
}
