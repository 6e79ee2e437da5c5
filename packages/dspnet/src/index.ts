export { initialMixing, mixChannels } from './channel-mixing.js';
export { type RefinementInputs, refinedClassPrototype } from './class-prototype.js';
export { crossAttention } from './cross-attention.js';
export { type DspnetShared, dspnet } from './dspnet.js';
export { type DspnetOptions, dspnetDefaults, dspnetPresets, resolveDspnetOptions } from './options.js';
export { countedSeeds, placeSeeds, type Seed, type SeedOptions } from './seeds.js';
export { softCentres } from './soft-centres.js';
