export { combine } from './dpersona/combiner.js';
export { type FeatureNet, sharedFeatureNet } from './dpersona/features.js';
export { klDivergence, sampleGaussian } from './dpersona/gaussian.js';
export { type Gaussian, gaussianEncoder } from './dpersona/gaussian-encoder.js';
export { boundLoss, bounds, generalisedDiceLoss, normSum } from './dpersona/losses.js';
export { type Dpersona, type DpersonaOptions, dpersona, sharedDpersona } from './dpersona/model.js';
export { attendBank, type HeadOptions, projectionHead } from './dpersona/projection-heads.js';
export { type DpersonaSegmenterOptions, dpersonaSegmenter } from './dpersona/segmenter.js';
export { type SetDice, setDice } from './dpersona/set-dice.js';
export {
  type DiversityLosses,
  type DpersonaBatch,
  diversifyStep,
  diversityLosses,
  dpersonaConstants,
  dpersonaLogits,
  personaliseStep,
  personalLogits,
} from './dpersona/steps.js';
export { type AdamOptions, adamStep, cosineAnnealing, type Moments, type Trained } from './learning/adam.js';
export type { EpochReport } from './learning/epochs.js';
export type { LearningMemory } from './learning/memory.js';
export type { TrainedSegmenterOptions } from './learning/options.js';
export type { SliceBatch, TrainingAugmentation } from './learning/samples.js';
export type { CoarseOutputs } from './mrnet/coarse-decoder.js';
export {
  type CoarseInputs,
  type CoarseNet,
  type DecodeInputs,
  publishedCoarseNet,
  type RatersAndClasses,
  type SharedCoarseOptions,
  sharedCoarseNet,
  type WithStatistics,
} from './mrnet/coarse-net.js';
export { type ConvLstmState, convLstmStep, type InjectionNames, injectExpertise } from './mrnet/conv-lstm.js';
export * from './mrnet/expertise.js';
export { binaryCrossEntropy, expertiseWeights, featureDistance } from './mrnet/losses.js';
export {
  type ByNetwork,
  initMrnet,
  type Mrnet,
  publishedMrnet,
  type SharedMrnetOptions,
  sharedMrnet,
} from './mrnet/model.js';
export { mrnetLogits, raterExpertise } from './mrnet/predict.js';
export {
  type ReconstructionInputs,
  type ReconstructionOptions,
  type ReconstructionOutputs,
  reconstructionNet,
} from './mrnet/reconstruction-net.js';
export { type RefinementInputs, type RefinementOptions, refinementNet } from './mrnet/refinement-net.js';
export { type MrnetSegmenterOptions, mrnetSegmenter } from './mrnet/segmenter.js';
export { attentionKernel, minMaxNormalise, raterUncertainty, softAttention } from './mrnet/soft-attention.js';
export { type MrnetBatch, type MrnetReport, mrnetAdam, mrnetStep } from './mrnet/step.js';
export { upBlock } from './mrnet/up-block.js';
export { type NearestStyleOptions, nearestStyleSegmenter } from './nearest-style/segmenter.js';
export { type Example, type NearestStyle, nearestStyles, styleGrid } from './nearest-style/styles.js';
export type { Network } from './network/network.js';
export { type Pass, type PassOptions, startPass } from './network/pass.js';
export type { EncodedImages } from './network/tapped-encoder.js';
export { type SupervisedNet, supervisedLoss, supervisedNet } from './supervised/network.js';
export { type SupervisedSegmenterOptions, supervisedSegmenter } from './supervised/segmenter.js';
export { type SupervisedInputs, supervisedStep, trainSupervised } from './supervised/train.js';
