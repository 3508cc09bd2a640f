import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';

type Step = { name: string } | { index: number } | { all: true };

/**
 * Reads a value out of JSON. A path is written as in JSONPath (RFC 9535) as far as names, indices and wildcards go:
 * `$.data[0].items[*]`, `meta.next`, `['a name']`; the leading `$` may be left out. Searches (`..`), slices and filters
 * are not there.
 */
export interface FieldPath {
  readonly text: string;
  /** Every value at the path, in order; none where it leads nowhere. */
  all(value: unknown): unknown[];
  /** The value at the path, `undefined` where it leads nowhere; the first of several. */
  one(value: unknown): unknown;
}

const token =
  /\.?\[\s*(?:(\d+)|(\*)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]|\.?(\*)|(?:^|\.)([^.[\]*'"\s]+)/y;

/** @throws InvalidInputError naming the config key `where` when the path cannot be read */
export function fieldPath(text: string, where: string): FieldPath {
  const steps: Step[] = [];
  const body = text.trim().replace(/^\$(?=$|[.[])\.?(?!\.)/, '');
  token.lastIndex = 0;
  while (token.lastIndex < body.length) {
    const from = token.lastIndex;
    const match = token.exec(body);
    if (!match) {
      throw new InvalidInputError({
        domain: 'sources',
        where,
        message: `\`${where}\` has the path ${JSON.stringify(text)}, which cannot be read from ${JSON.stringify(body.slice(from, from + 12))} on.`,
        hint: "Write names with dots, indices and wildcards in brackets: $.data.items[*], ['a name'][0]. Searches (..), slices and filters are not there.",
      });
    }
    const [, index, star, single, double, bareStar, name] = match;
    if (index !== undefined) steps.push({ index: Number(index) });
    else if (star !== undefined || bareStar !== undefined) steps.push({ all: true });
    else steps.push({ name: name ?? (single ?? double)!.replace(/\\(.)/g, '$1') });
  }

  const all = (value: unknown): unknown[] => {
    let values = [value];
    for (const step of steps) values = values.flatMap((each) => stepInto(each, step));
    return values;
  };
  return { text, all, one: (value) => all(value)[0] };
}

function stepInto(value: unknown, step: Step): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('all' in step) return Array.isArray(value) ? value : Object.values(value);
  if ('index' in step) return Array.isArray(value) && step.index < value.length ? [value[step.index]] : [];
  return !Array.isArray(value) && Object.hasOwn(value, step.name)
    ? [(value as Record<string, unknown>)[step.name]]
    : [];
}
