import type { BlockList } from "node:net";
import { describeError } from "../../base/error-chain.ts";
import { type NamedConnstr, parseAnyConnstr } from "../../postgres/connstr.ts";
import { parseSocketAddress, type SocketAddress } from "../../vm-monitor/address.ts";
import { parsePeers } from "../../vm-monitor/do/peers.ts";
import { readArguments, UsageError } from "../arguments.ts";
import type { OptionRow } from "../option-table.ts";

/** The options of the program `vm-monitor` (VM-3). */
export const vmMonitorOptionTable = [
  {
    name: "addr",
    short: "a",
    value: "IP:PORT",
    help: "where to listen for the autoscaler-agent, which is not asked who it is; port 0 takes any free one",
  },
  { name: "cgroup", short: "c", value: "NAME", help: "the cgroup to watch; none when it is not given" },
  {
    name: "pgconnstr",
    short: "p",
    value: "CONNSTR",
    help: "the Postgres whose file cache is sized, as key=value pairs or a URL; none when it is not given",
  },
  {
    name: "allow",
    value: "NETWORKS",
    help: "who may connect: addresses and networks, separated by commas; everybody when it is not given",
  },
  { name: "cgroup-root", value: "DIR", default: "/sys/fs/cgroup", help: "where cgroup v2 is mounted" },
  { name: "help", short: "h", help: "print this text and exit" },
  { name: "version", short: "V", help: "print the version and exit" },
] as const satisfies readonly Omit<OptionRow, "group">[];

/** What `vm-monitor` is asked for. */
export type VmMonitorInvocation =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | {
      readonly kind: "run";
      readonly address: SocketAddress;
      readonly cgroup: string | null;
      /** Null for the kernel's usual place. */
      readonly cgroupRoot: string | null;
      readonly connstr: NamedConnstr | null;
      readonly peers: BlockList | undefined;
    };

/** Reads its command line. @throws UsageError for the first thing that is wrong */
export function readVmMonitorOptions(argv: readonly string[]): VmMonitorInvocation {
  const given = readArguments(argv, vmMonitorOptionTable);
  if (given.has("help")) return { kind: "help" };
  if (given.has("version")) return { kind: "version" };
  const text = (name: "addr" | "cgroup" | "pgconnstr" | "cgroup-root" | "allow"): string | null => {
    const value = given.get(name);
    return typeof value === "string" ? value : null;
  };
  const [addr, pgconnstr] = [text("addr"), text("pgconnstr")];
  if (addr === null) throw new UsageError("the argument '--addr <IP:PORT>' is required");
  const address = parseSocketAddress(addr);
  if (address === undefined) {
    throw new UsageError(`invalid value '${addr}' for '--addr': it is an IP address and a port, such as 0.0.0.0:10301`);
  }
  const connstr = pgconnstr === null ? null : parseAnyConnstr(pgconnstr);
  if (connstr?.ok === false) throw new UsageError(`invalid value for '--pgconnstr': ${connstr.message}`);
  return {
    kind: "run",
    address,
    cgroup: text("cgroup"),
    cgroupRoot: text("cgroup-root"),
    connstr: connstr?.value ?? null,
    peers: readPeers(text("allow")),
  };
}

function readPeers(text: string | null): BlockList | undefined {
  if (text === null) return undefined;
  try {
    return parsePeers(text);
  } catch (error) {
    throw new UsageError(`invalid value for '--allow': ${describeError(error)}`);
  }
}
