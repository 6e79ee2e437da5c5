/** Work that goes on beside the caller's own. */
export interface Beside {
  /** Starts work once fewer than the limit are at work. @throws the first error of any work started before */
  start(work: () => Promise<void>): Promise<void>;
  /** Waits for all of it. @throws the first error */
  finish(): Promise<void>;
}

/** @param limit how many pieces of work may go on at a time */
export function createBeside(limit: number): Beside {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const check = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    async start(work) {
      check();
      while (running.size >= limit) await Promise.race(running);
      check();
      const job: Promise<void> = work()
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => running.delete(job));
      running.add(job);
    },
    async finish() {
      await Promise.all(running);
      check();
    },
  };
}
