/**
 * A program that takes the words of `fsmr train` and `fsmr evaluate` and does in milliseconds what a sweep sees of them:
 * it counts steps in its folder, stops after a step when its parent lets go, goes on when started again, and fails where
 * the seed is 13. A line of `started.txt` beside the run folders tells of every start.
 */
export const fakeProgram = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
const [, , word, ...rest] = process.argv;
const option = (name) => rest[rest.indexOf(name) + 1];
const out = option(word === 'train' ? '--out' : '--run');
appendFileSync(join(dirname(out), 'started.txt'), word + ' ' + basename(out) + '\\n');
let stopping = process.connected === false;
process.once('disconnect', () => (stopping = true));
process.channel.unref();
mkdirSync(join(out, 'weights'), { recursive: true });
mkdirSync(join(out, 'logs'), { recursive: true });
const config = JSON.parse(readFileSync(word === 'train' ? option('--config') : join(out, 'config.json'), 'utf8'));
const weights = join(out, 'weights', 'base.safetensors');
if (word === 'train') {
  writeFileSync(join(out, 'config.json'), JSON.stringify(config));
  if (config.seed === 13) {
    console.error('step 1');
    console.error('fsmr: the loss is not a number.');
    process.exit(1);
  }
  const log = join(out, 'logs', 'base.jsonl');
  while (!existsSync(weights)) {
    const steps = existsSync(log) ? readFileSync(log, 'utf8').split('\\n').length : 1;
    appendFileSync(log, JSON.stringify({ step: steps, segmentation: 1 }) + '\\n');
    console.error('Training base ' + steps + '/' + config.training.steps);
    if (steps >= config.training.steps) writeFileSync(weights, 'trained with seed ' + config.seed);
    if (stopping) process.exit(130);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
} else {
  const arm = config.evaluation.arms[0];
  const record = { scan: 'q', rater: 'anna', class: 'x', tp: 1, fp: 1, fn: 0 };
  const lines = ['a', 'q'].map((support) => JSON.stringify({ key: support, results: [{ arm, records: [{ ...record, support, tp: 1 + config.seed }] }] }));
  mkdirSync(join(out, 'evaluation'), { recursive: true });
  writeFileSync(join(out, 'evaluation', 'records.jsonl'), lines.join('\\n') + '\\n');
  const arms = [{ arm, supports: ['a', 'q'].map((support) => ({ support, class: 'x' })) }];
  writeFileSync(join(out, 'metrics.json'), JSON.stringify({ config, versions: { fsmr: '1', backend: 'none', threads: 1, node: 'v' }, arms }));
}
`;
