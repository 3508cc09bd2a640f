/** A field of a project's reply that is one of a few strings. */
export interface ChoiceField {
  /** Dotted path, as in `answer.output`. */
  path: string;
  choices: string[];
}

/**
 * The fields of a JSON Schema of objects that list at least two strings (`enum`), at any depth, in the schema's order.
 *
 * @example
 * const [field] = choiceFields({ properties: { intent: { enum: ['refund', 'delivery'] } } }); // intent
 */
export function choiceFields(schema: unknown, before: readonly string[] = []): ChoiceField[] {
  if (!isRecord(schema) || !isRecord(schema.properties)) return [];
  return Object.entries(schema.properties).flatMap(([name, field]) => {
    const path = [...before, name];
    const choices = isRecord(field) ? field.enum : undefined;
    return Array.isArray(choices) &&
      choices.length > 1 &&
      choices.every((choice) => typeof choice === 'string')
      ? [{ path: path.join('.'), choices }]
      : choiceFields(field, path);
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
