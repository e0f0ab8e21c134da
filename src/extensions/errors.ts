/** The gateway gave no archive. Its messages are the original's (EXT-33). */
export class GatewayError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "GatewayError";
  }
}

/** An archive that must not be unpacked: a member that leads out of it, one of a forbidden kind, too much of everything. */
export class ArchiveRefusedError extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(`archive refused: ${problem}`, options);
    this.name = "ArchiveRefusedError";
  }
}

/** An archive that stops early, is damaged, or is not what its checksum says. */
export class ArchiveDamagedError extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(`archive is damaged: ${problem}`, options);
    this.name = "ArchiveDamagedError";
  }
}

/** A folder of the Postgres installation, or the file system below it, did not take what belongs there. */
export class InstallError extends Error {
  /** @param what what failed, with the path */
  constructor(what: string, options?: ErrorOptions) {
    super(`${what}; extensions need free space and write permission there`, options);
    this.name = "InstallError";
  }
}
