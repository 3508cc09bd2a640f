import { textOf } from './template.ts';

/**
 * The access label of a record, `undefined` where its source gives none and names no field for one; or, in one sentence, why
 * it cannot be known. A record that has nothing in the label's field gets its source's label, if that has one. What remains
 * is not taken for public: a label that was forgotten, or did not come along, must not open the document to everybody.
 *
 * `value` is what the record has in `field`, `access` the source's own label.
 */
export function accessLabel(
  value: unknown,
  { field, access }: { field: string | undefined; access: string | undefined },
): { access: string | undefined } | { problem: string } {
  if (field === undefined) return { access };
  if (value === undefined || value === null) {
    if (access !== undefined) return { access };
    return {
      problem: `It has no access label: there is nothing in ${field}, and its source has no \`access\` for such.`,
    };
  }
  const label = textOf(value);
  return label.trim() === '' ? { problem: `Its access label, ${field}, is empty.` } : { access: label };
}
