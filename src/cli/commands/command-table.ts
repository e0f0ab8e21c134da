/** One subcommand, as `--help` lists it. */
interface CommandRow {
  readonly name: string;
  readonly help: string;
}

/** The subcommands: clients of a compute that runs already, on this machine or elsewhere. */
export const commandTable = [
  { name: "status", help: "show the status of a running compute and how its start went" },
  { name: "configure", help: "give a running compute a new config" },
  { name: "terminate", help: "end a running compute and print the LSN up to which its WAL is safe" },
  { name: "wait", help: "wait until a compute has a certain status" },
  {
    name: "probe",
    help: "ask whether a compute is ready, or only alive, for a container's health check; needs no token",
  },
  { name: "logs", help: "print the newest lines of a running compute's log" },
] as const satisfies readonly CommandRow[];

export type CommandName = (typeof commandTable)[number]["name"];

/** The subcommand that a first argument names, if it does. */
export function commandNamed(word: string | undefined): CommandName | undefined {
  return commandTable.find(({ name }) => name === word)?.name;
}
