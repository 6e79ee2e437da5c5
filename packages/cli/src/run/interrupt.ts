/** Signals that come this close together, in milliseconds, are one: package runners pass on what we also get ourselves. */
const onePress = 300;

/**
 * A signal that aborts at the first Ctrl-C or SIGTERM, so that work can save what it has. A second Ctrl-C ends the
 * process at once. Where another process of ours started this one, its end aborts too, and does not count as the first:
 * the terminal tells both, in any order.
 */
export function interruptSignal(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  let first: number | undefined;
  const stop = (): void => {
    const now = performance.now();
    if (first !== undefined && now - first > onePress) process.exit(130);
    if (first !== undefined) return;
    first = now;
    process.stderr.write('\nStopping after this step; press Ctrl-C again to stop at once.\n');
    controller.abort();
  };
  const leave = (): void => controller.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.once('disconnect', leave);
  // Listening must not keep the process from ending. One that hears messages too decides itself how long it lives.
  if (process.listenerCount('message') === 0) process.channel?.unref();
  if (process.connected === false) leave();
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      process.off('disconnect', leave);
    },
  };
}
