import { unlessAborted } from "./deadline.ts";

/**
 * Waits for something that is being opened, but no longer than until the signal fires. What comes about after that is closed at
 * once: nobody wants it any more.
 * @throws why it could not be opened; the signal's reason when it fires
 */
export async function openUnlessAborted<T extends { close(): Promise<void> }>(
  opening: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await unlessAborted(opening, signal);
  } catch (error) {
    opening.then((late) => late.close()).catch(() => {});
    throw error;
  }
}
