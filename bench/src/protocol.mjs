/** Talks to a measured program: a command line in, a line of JSON out, so that two programs can take turns. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts a program; `ask('step')` resolves with its answer. */
export function start(command, args, env) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ended before it answered.`);
      if (value.startsWith('{')) return JSON.parse(value);
    }
  };
  return {
    ready: answer,
    ask(line) {
      child.stdin.write(`${line}\n`);
      return answer();
    },
    async stop() {
      child.stdin.end();
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}
