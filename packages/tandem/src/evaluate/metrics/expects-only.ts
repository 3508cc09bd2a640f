import type { Case } from '../../core/types/example.ts';

/** Whether a case expects no text, and no field but those at these paths. */
export function expectsOnly({ expected, accepted }: Case, paths: readonly string[]): boolean {
  if (accepted?.length) return false;
  const expectsMore = (value: unknown, path: string): boolean => {
    if (paths.includes(path)) return false;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
    return Object.entries(value).some(([name, inner]) =>
      expectsMore(inner, path === '' ? name : `${path}.${name}`),
    );
  };
  return !expectsMore(expected, '');
}
