export { type AlpnetShared, alpnet } from './alpnet.js';
export { classPrototypes, meanOverShots } from './class-prototype.js';
export { filledCells, type PoolingWindow, poolCells, selectCells, trainingWindow } from './grid.js';
export { type PrototypeMode, prototypeMode } from './mode.js';
export {
  type AlpnetOptions,
  alpnetDefaults,
  alpnetPresets,
  resolveAlpnetOptions,
} from './options.js';
export { hardAssignment, softAssignment } from './soft-assignment.js';
