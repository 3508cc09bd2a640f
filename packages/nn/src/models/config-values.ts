import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';

/** @throws FileFormatError where a file's JSON is not an object. */
export function asObject(json: unknown, file: string): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>;
  throw new FileFormatError({
    path: file,
    message: `${file} does not hold a JSON object.`,
    hint: 'Fetch the model again.',
  });
}

/** Reads positive numbers of a config file by their key. @throws FileFormatError for anything else. */
export function positiveNumbers(config: Record<string, unknown>, file: string) {
  return (key: string, fallback?: number): number => {
    const value = config[key] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw new FileFormatError({
      path: file,
      message: `${file} gives ${key} as ${JSON.stringify(value)}, and a positive number is needed.`,
      hint: 'Fetch the model again.',
    });
  };
}

/** @throws UnsupportedModelError where a config asks for something that is not implemented. */
export function requireOneOf(file: string, key: string, value: unknown, supported: readonly unknown[]): void {
  if (supported.includes(value)) return;
  throw new UnsupportedModelError({
    feature: `${key} = ${value}`,
    message: `${file} asks for ${key} = ${JSON.stringify(value)}, and only ${supported.join(', ')} is supported.`,
    hint: 'Use a sentence embedder of BERT, XLM-RoBERTa or ModernBERT kind, or the model as GGUF.',
  });
}
