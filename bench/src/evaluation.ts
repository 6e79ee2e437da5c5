/**
 * Time of an evaluation against the number of scans: `node evaluation.mjs <scans>...` prints a line of JSON a size.
 * Every scan is once support of all others, in three classes by three raters; the encoder is small and untrained.
 */
import { alpnet } from '@fsmr/alpnet';
import { compileEncoder, tinyEncoder } from '@fsmr/backbones';
import { encoderPrefix, withPrefix } from '@fsmr/core';
import { evaluationEpisodes, phantomDataset } from '@fsmr/datasets';
import { startEngine } from '@fsmr/engine';
import { japc } from '@fsmr/japc';
import { createFeatureStore, evaluate, fewShotSegmenter, initialState } from '@fsmr/training';

const size = Number(process.env.FSMR_BENCH_SIZE ?? 64);

await startEngine({ threads: 1 });
const encoder = tinyEncoder();
const model = { backbone: encoder, method: japc(alpnet({ protoGridSize: 2 })) };
const { parameters } = initialState(model, 1);

/** Adds up what a function takes. */
function timed<In extends unknown[], Out>(work: (...input: In) => Out) {
  const spent = { calls: 0, seconds: 0 };
  const run = (...input: In): Out => {
    const start = performance.now();
    const result = work(...input);
    spent.calls++;
    spent.seconds += (performance.now() - start) / 1000;
    return result;
  };
  return { run, spent };
}

async function measure(scans: number): Promise<object> {
  const dataset = phantomDataset({ seed: 1, scans, size, raters: 3 });
  const episodes = [...(await evaluationEpisodes(dataset))];
  const compiled = compileEncoder(encoder, withPrefix(parameters, encoderPrefix));
  const encode = timed(compiled.encode);
  const features = createFeatureStore(encode.run);
  // What the engine prepares once belongs to no size.
  await evaluate({ ...inputsOf(features), dataset, episodes: episodes.slice(0, 1), onEpisode: () => {} });
  encode.spent.calls = 0;
  encode.spent.seconds = 0;
  features.dispose();
  let [results, cpu] = [0, process.cpuUsage()];
  const start = performance.now();
  await evaluate({ ...inputsOf(features), dataset, episodes, onEpisode: () => void results++ });
  const seconds = (performance.now() - start) / 1000;
  cpu = process.cpuUsage(cpu);
  features.dispose();
  compiled.dispose();
  return { scans, episodes: results, seconds, cpu: (cpu.user + cpu.system) / 1e6, encodings: encode.spent };
}

function inputsOf(features: ReturnType<typeof createFeatureStore>) {
  return { segmenters: [fewShotSegmenter({ name: 'japc', model, parameters, mode: 'joint' }, features)] };
}

for (const scans of process.argv.slice(2).map(Number)) console.log(JSON.stringify(await measure(scans)));
