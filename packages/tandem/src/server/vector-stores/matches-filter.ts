import type { AttributeFilter, Attributes, Comparison } from '../schemas/vector-stores.ts';

/**
 * Whether a file's attributes meet a filter. Values are equal where they are of one type and the same; order is there between two numbers, and
 * between two texts by code points. A file that lacks the key meets `ne` and `nin`, and no other comparison.
 */
export function matchesFilter(attributes: Attributes, filter: AttributeFilter): boolean {
  switch (filter.type) {
    case 'and':
      return filter.filters.every((each) => matchesFilter(attributes, each));
    case 'or':
      return filter.filters.some((each) => matchesFilter(attributes, each));
    default:
      return meets(Object.hasOwn(attributes, filter.key) ? attributes[filter.key] : undefined, filter);
  }
}

function meets(value: Attributes[string] | undefined, { type, value: wanted }: Comparison): boolean {
  switch (type) {
    case 'eq':
      return value === wanted;
    case 'ne':
      return value !== wanted;
    case 'in':
      return (wanted as unknown[]).includes(value);
    case 'nin':
      return !(wanted as unknown[]).includes(value);
    default: {
      if (typeof value !== typeof wanted || value === undefined) return false;
      if (type === 'gt') return value > (wanted as typeof value);
      if (type === 'gte') return value >= (wanted as typeof value);
      if (type === 'lt') return value < (wanted as typeof value);
      return value <= (wanted as typeof value);
    }
  }
}
