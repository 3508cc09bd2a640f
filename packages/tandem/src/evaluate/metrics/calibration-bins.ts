/** Bins of equal width for calibration errors and the report's diagrams of them: more would hold too few cases. */
export const calibrationBins = 5;
