import { WeightsError } from '@fsmr/core';
import type { WeightArray, Weights } from './array.js';
import { toDisk } from './layout.js';

/** Whether arrays are named as the Keras ResNet-50 of 2017 names its layers: `res2a_branch2a|kernel`. */
export function isKerasResnet50(weights: Weights): boolean {
  return weights.has('conv1|kernel') && weights.has('res2a_branch2a|kernel');
}

/** ImageNet's standard deviations of red, green and blue in grey levels, as torchvision divides by. */
const deviations = [58.395, 57.12, 57.375] as const;

/** Keras adds 1e-3 to the variance, torch 1e-5. */
const epsilonGap = 1e-3 - 1e-5;

/**
 * The Keras ResNet-50 as torch names and lays out its weights, so that the network computes the same in eval mode.
 *
 * What differs in Keras, and what becomes of it: convolutions have biases (subtracted from the running means); batch
 * normalisation adds 1e-3 to the variance (the gap to torch's 1e-5 is added to the running variances); images are
 * blue, green, red in grey levels minus the mean (the first kernel's channels are turned round and scaled by ImageNet's
 * standard deviations, so that the network takes red, green, blue of mean 0 and deviation 1, which a normalised grey
 * slice repeated three times is); bottlenecks stride in their first 1x1 convolution (choose `strideOn: '1x1'` to
 * follow, or train on). The published file pools the stem without padding, ours with torch's one cell: features move
 * by half a cell.
 *
 * @returns `backbone.*` for as many stages as the file holds; the head is not in it.
 * @throws WeightsError where an array of a layer is missing.
 */
export function fromKerasResnet50(weights: Weights): Weights {
  const result = new Map<string, WeightArray>();
  const get = (name: string): WeightArray => {
    const array = weights.get(name);
    if (array === undefined) throw new WeightsError(`the Keras weights lack ${name}.`);
    return array;
  };
  const put = (layer: string, norm: string, conv: string, target: string): void => {
    const kernel = get(`${layer}|kernel`);
    result.set(`backbone.${conv}.weight`, toDisk(layer === 'conv1' ? normalisedInput(kernel) : kernel));
    const vector = (name: string, change: (value: number, index: number) => number = (value) => value): WeightArray => {
      const { shape, data } = get(`${norm}|${name}`);
      return { shape, data: Float32Array.from(data, change) };
    };
    const bias = weights.get(`${layer}|bias`)?.data;
    result.set(`backbone.${target}.weight`, vector('gamma'));
    result.set(`backbone.${target}.bias`, vector('beta'));
    result.set(
      `backbone.${target}.running_mean`,
      vector('moving_mean', (mean, index) => mean - (bias?.[index] ?? 0)),
    );
    result.set(
      `backbone.${target}.running_var`,
      vector('moving_variance', (variance) => variance + epsilonGap),
    );
  };
  put('conv1', 'bn_conv1', 'conv1', 'bn1');
  for (const name of weights.keys()) {
    const match = /^res([2-5])([a-z])_branch(1|2a|2b|2c)\|kernel$/.exec(name);
    if (match === null) continue;
    const [, stage, letter, branch] = match as unknown as [string, string, string, string];
    const block = `layer${Number(stage) - 1}.${letter.charCodeAt(0) - 97}`;
    const index = 'abc'.indexOf(branch.charAt(1)) + 1;
    const [conv, norm] = branch === '1' ? ['downsample.0', 'downsample.1'] : ([`conv${index}`, `bn${index}`] as const);
    put(
      `res${stage}${letter}_branch${branch}`,
      `bn${stage}${letter}_branch${branch}`,
      `${block}.${conv}`,
      `${block}.${norm}`,
    );
  }
  return result;
}

/** Turns blue, green, red to red, green, blue and takes deviations of 1 instead of grey levels. Kernel [7, 7, 3, 64]. */
function normalisedInput({ shape, data }: WeightArray): WeightArray {
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  if (shape.length !== 4 || inputs !== 3) throw new WeightsError(`conv1|kernel has shape [${shape}], not [7,7,3,64].`);
  const result = new Float32Array(data.length);
  for (let cell = 0; cell < height * width; cell++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let out = 0; out < outputs; out++) {
        const from = (cell * 3 + 2 - channel) * outputs + out;
        result[(cell * 3 + channel) * outputs + out] = data[from]! * deviations[channel]!;
      }
    }
  }
  return { shape, data: result };
}
