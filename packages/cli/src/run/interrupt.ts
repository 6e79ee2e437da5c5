/**
 * A signal that aborts at the first Ctrl-C or SIGTERM, so that work can save what it has. A second Ctrl-C ends the
 * process at once. Where another process of ours started this one, its end aborts too.
 */
export function interruptSignal(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
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
