type Variables = Readonly<Record<string, string | undefined>>;

/** What the program can be beside a compute. Gives the exit code. */
type Program = (argv: readonly string[], env: Variables) => Promise<number>;

/** These programs by the first word of the command line. Each is loaded when it is asked for. */
export const programs: ReadonlyMap<string | undefined, Program> = new Map<string, Program>([
  ["plan", async (argv) => (await import("./plan/run-plan.ts")).runPlan(argv)],
  ["check-config", async (argv, env) => (await import("./check-config/run-check-config.ts")).runCheckConfig(argv, env)],
  ["sync-safekeepers", async (argv, env) => (await import("./sync/run-sync.ts")).runSync(argv, env)],
  ["keygen", async (argv) => (await import("./keys/run-keygen.ts")).runKeygen(argv)],
  ["token", async (argv) => (await import("./keys/run-token.ts")).runToken(argv)],
  // Whose last words may be on their way to an agent that does not listen any more.
  [
    "vm-monitor",
    async (argv, env) => process.exit(await (await import("./vm-monitor/run-vm-monitor.ts")).runVmMonitor(argv, env)),
  ],
]);
