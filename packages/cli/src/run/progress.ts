/** Shows how far long work is: a line that rewrites itself on a terminal, a line a tenth and a minute elsewhere. */
export interface Progress {
  update(done: number, total: number, detail?: string): void;
  /** Ends the line. */
  finish(): void;
}

/** A progress display for work with a title. */
export function createProgress(title: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  let started: { readonly time: number; readonly done: number } | undefined;
  let lastTenth = -1;
  let lastDraw = 0;
  let open = false;
  return {
    update: (done, total, detail = '') => {
      const share = total === 0 ? 1 : done / total;
      // What an earlier visit did says nothing of the pace of this one.
      started ??= { time: Date.now(), done };
      const pace = (Date.now() - started.time) / 1000 / (done - started.done);
      const left = Number.isFinite(pace) ? ` ${duration(pace * (total - done))} left` : '';
      const line = `${title} ${done}/${total} ${Math.floor(100 * share)} %${left} ${detail}`;
      if (stream.isTTY) {
        if (done < total && Date.now() - lastDraw < 100) return;
        lastDraw = Date.now();
        stream.write(`\r${line.slice(0, (stream.columns ?? 80) - 1)}\u001b[K`);
        open = true;
      } else if (Math.floor(10 * share) > lastTenth || Date.now() - lastDraw > 60_000) {
        lastTenth = Math.floor(10 * share);
        lastDraw = Date.now();
        stream.write(`${line}\n`);
      }
    },
    finish: () => {
      if (open) stream.write('\n');
      open = false;
    },
  };
}

/** Seconds as people say them: 42 s, 3 min 10 s, 2 h 5 min. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
