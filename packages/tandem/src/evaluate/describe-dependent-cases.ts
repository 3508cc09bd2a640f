import { describeDependence } from '../dataset/independent-groups.ts';
import type { ComparisonResult } from './comparison-result.ts';

/** Says which of a comparison's cases are not as independent as their file says; empty where all are. */
export function describeDependentCases({ cases }: Pick<ComparisonResult, 'cases'>): string {
  return describeDependence(
    cases.map((record) => record.case),
    cases.map(({ group }) => group),
  );
}
