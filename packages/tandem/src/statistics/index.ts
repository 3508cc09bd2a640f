export {
  type BootstrapOptions,
  bootstrapDifference,
  bootstrapInterval,
  bootstrapOfSums,
  type ClusteredSample,
  type Interval,
  type Statistic,
  type Strata,
  type SummedSample,
  summarise,
} from './bootstrap.ts';
export {
  brierScore,
  calibrate,
  calibrationErrorIfTrue,
  expectedCalibrationError,
  fitIsotonic,
  fitPlatt,
  type IsotonicModel,
  type PlattModel,
  type ReliabilityBin,
  reliabilityBins,
} from './calibration.ts';
export { discountedGain } from './discounted-gain.ts';
export { normalCdf, normalQuantile, studentQuantile } from './distributions.ts';
export { holmAdjust } from './holm.ts';
export { intervalOf, intervalOfDifference } from './intervals.ts';
export {
  mcnemarExactTest,
  type PairedSample,
  type PairedTest,
  pairedDiscordance,
  pairedSignFlipTest,
  pairedTest,
} from './paired-test.ts';
export { groupsNeeded, minimalDetectableDifference } from './power.ts';
export { createRandom, type Random, shuffled } from './random.ts';
