import type { ArmInfo } from '../arm.ts';
import type { ComparisonResult } from '../comparison-result.ts';

/** An arm with the class that gives it its colour and form, the same in plots, tables and answers. */
export interface MarkedArm extends ArmInfo {
  mark: string;
}

const fixedPlaces = ['base', 'rag', 'tuned', 'hybrid'];

export function markedArms(result: ComparisonResult): MarkedArm[] {
  let next = fixedPlaces.length;
  return result.arms.map((arm) => {
    const place = fixedPlaces.indexOf(arm.name);
    return { ...arm, mark: `arm${place >= 0 ? place : fixedPlaces.length + (next++ % 4)}` };
  });
}
