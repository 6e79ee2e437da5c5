import { checkConfig } from '../config/load.js';
import type { RunConfig } from '../config/schema.js';

/**
 * The demonstration: a phantom outlined by four raters whose styles are known, a small encoder, both arms, minutes on
 * two cores.
 */
export function demoConfig(seed: number | string): RunConfig {
  return checkConfig({
    name: 'FSMR demonstration: four raters on a phantom',
    seed,
    data: { kind: 'phantom', scans: 24, size: 128, raters: 4 },
    split: { evaluation: 0.5 },
    model: { backbone: 'tiny', method: 'alpnet', methodOptions: { protoGridSize: 4 } },
    training: { steps: 240, learningRate: 3e-3, superpixelArea: 100 },
    evaluation: { panels: 3 },
  });
}
