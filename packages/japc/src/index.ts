export { type JointAttention, type JointAttentionInputs, jointAttention, type Sigma } from './attention.js';
export { type CalibrationLossInputs, calibrationLoss, type Reduction } from './calibration-loss.js';
export { type CalibratorOptions, japcCalibrator } from './calibrator.js';
export { type Comparison, consensusRows, type DeviationInputs, deviations } from './deviation.js';
export {
  attentionEntropy,
  type CalibrationReport,
  inspectCalibration,
  meanCosine,
  raterAttention,
} from './diagnostics.js';
export { type GateInputs, gate } from './gate.js';
export { japc } from './japc.js';
export { type JapcOptions, type PresetName, presets, type ResolvedOptions } from './options.js';
export { attentionPrefix, defaultProjectionWidth, type Initialisation } from './parameters.js';
export { type LinearLayer, type ResidualMlpInputs, residualMlp, residualMlpPrefix } from './residual-mlp.js';
