import { errorChain } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { SqlError, type SqlSession, sqlState } from "../../base/sql.ts";
import { batchSteps } from "../batch.ts";
import { describeStep, maskSecrets } from "../describe.ts";
import { renderStep } from "../render.ts";
import { type PasswordWriting, renderBatch } from "../render-batch.ts";
import type { Step } from "../step.ts";

/**
 * Runs steps in order, many to a query. A query of several statements is one transaction: when it fails nothing of it has
 * happened, and its steps are run again one by one, so that those before the failing one are kept and that one is named.
 * @param passwords how a batch sets passwords; single steps do it by statement
 * @param where the end of the error message, as in ` in database "shop"`
 * @throws SqlError with the SQLSTATE of the failing step, its message without secrets
 */
export async function runSteps(
  session: SqlSession,
  steps: readonly Step[],
  where: string,
  log: Log,
  passwords: PasswordWriting = "statement",
): Promise<void> {
  for (const batch of batchSteps(steps)) {
    for (const step of batch) log.debug(describeStep(step), { why: step.why });
    if (!(await runBatch(session, batch, passwords))) {
      for (const step of batch) await runStep(session, step, where);
    }
  }
}

/** Returns false when the batch must be run step by step: because it failed, or because it is no more than a step. */
async function runBatch(session: SqlSession, batch: readonly Step[], passwords: PasswordWriting): Promise<boolean> {
  if (batch.length === 1 && passwords === "statement") return false;
  try {
    await session.run(renderBatch(batch, passwords));
    return true;
  } catch {
    return false;
  }
}

async function runStep(session: SqlSession, step: Step, where: string): Promise<void> {
  try {
    await session.run(renderStep(step));
  } catch (error) {
    const code = sqlState(error) ?? "XX000";
    // The cause is written anew, not linked: the server's own message may quote the statement.
    const told = maskSecrets(step, errorChain(error).join(": "));
    throw new SqlError(`could not ${describeStep(step)}${where}`, code, { cause: new SqlError(told, code) });
  }
}
