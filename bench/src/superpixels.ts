/**
 * The measured program on our side: `node superpixels.mjs folder`. `make n` draws n images, every other command cuts one:
 * `cut k` answers with milliseconds and stores the regions for the comparison.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createRandom } from '@fsmr/core/random';
import { felzenszwalb2d } from '@fsmr/pseudo-labels';

const [folder = '.'] = process.argv.slice(2);
const side = 256;

/** An abdomen as preparation leaves it, 0 to 255: smooth organs, texture and noise. */
function draw(k: number): Float32Array {
  const random = createRandom(`slice ${k}`);
  const organs = Array.from({ length: 12 }, () => ({
    x: random.uniform(60, 196),
    y: random.uniform(80, 176),
    rx: random.uniform(8, 40),
    ry: random.uniform(8, 30),
    grey: random.uniform(-40, 60),
  }));
  const [fx, fy] = [random.uniform(0.05, 0.2), random.uniform(0.05, 0.2)];
  return Float32Array.from({ length: side * side }, (_unused, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    if (Math.hypot((x - 128) / 110, (y - 128) / 80) > 1) return 0;
    let grey = 120 + 5 * Math.sin(fx * x) * Math.cos(fy * y) + 8 * random.normal();
    for (const organ of organs) {
      if (Math.hypot((x - organ.x) / organ.rx, (y - organ.y) / organ.ry) < 1) grey += organ.grey;
    }
    return Math.min(255, Math.max(0, grey));
  });
}

function cut(name: string): { milliseconds: number; cpuMilliseconds: number } {
  const bytes = readFileSync(join(folder, `${name}.f32`));
  const image = { width: side, height: side, data: new Float32Array(bytes.buffer, bytes.byteOffset, side * side) };
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { data } = felzenszwalb2d(image, { scale: 1, sigma: 1, minimumSize: 400 });
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  writeFileSync(join(folder, `${name}.i32`), Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return { milliseconds, cpuMilliseconds: (user + system) / 1000 };
}

const answer = (value: object): void => console.log(JSON.stringify(value));
answer({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.split(' ');
  if (command === 'make') {
    for (let k = 0; k < Number(argument); k++) writeFileSync(join(folder, `${k}.f32`), draw(k));
    answer({ made: Number(argument) });
  } else answer(cut(argument!));
}
