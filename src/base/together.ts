/**
 * Runs tasks side by side. The first failure cancels the others through their signal, waits until they have ended, and is
 * then thrown: nothing of a failed group goes on in the background.
 * @returns the results, in the order of the tasks
 */
export async function together<T extends readonly unknown[]>(
  signal: AbortSignal,
  tasks: { readonly [K in keyof T]: (signal: AbortSignal) => Promise<T[K]> },
): Promise<T>;
export async function together(
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<unknown>)[],
): Promise<readonly unknown[]> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const linked = AbortSignal.any([signal, controller.signal]);
  let failure: { readonly error: unknown } | undefined;
  const results = await Promise.all(
    tasks.map(async (task) => {
      try {
        return await task(linked);
      } catch (error) {
        failure ??= { error };
        controller.abort(error);
        return undefined;
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
  return results;
}
