import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FileFormatError } from '../errors/file-format-error.ts';
import { readJsonFile } from './json-file.ts';
import { SafetensorsFile, type SafetensorsTensor } from './safetensors.ts';

/**
 * The safetensors files of a Hugging Face model folder: `model.safetensors`, or the files that its index names, in
 * alphabetical order.
 * @throws FileFormatError where there are none.
 */
export async function safetensorsFiles(directory: string): Promise<string[]> {
  const single = join(directory, 'model.safetensors');
  if (existsSync(single)) return [single];
  const indexPath = `${single}.index.json`;
  if (!existsSync(indexPath)) {
    throw new FileFormatError({
      path: directory,
      message: `${directory} has no model.safetensors and no model.safetensors.index.json.`,
      hint: 'Save the model as safetensors (save_pretrained does), or give the path of a GGUF file.',
    });
  }
  const index = (await readJsonFile(indexPath)) as { weight_map?: Record<string, string> } | null;
  const names = [...new Set(Object.values(index?.weight_map ?? {}))].sort();
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || /[\\/]/.test(name))) {
    throw new FileFormatError({
      path: indexPath,
      message: `${indexPath} does not map tensors to files of its folder.`,
      hint: 'Fetch the model again.',
    });
  }
  return names.map((name) => join(directory, name));
}

/** All tensors of a model folder, whichever of its files they are in. */
export class SafetensorsFolder implements AsyncDisposable {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  readonly #files: readonly SafetensorsFile[];
  readonly #fileOf: ReadonlyMap<string, SafetensorsFile>;

  private constructor(directory: string, files: readonly SafetensorsFile[]) {
    this.path = directory;
    this.#files = files;
    this.tensors = new Map(files.flatMap(({ tensors }) => [...tensors]));
    this.#fileOf = new Map(files.flatMap((file) => [...file.tensors.keys()].map((name) => [name, file])));
  }

  /** @throws FileFormatError for a missing or damaged file. */
  static async open(directory: string): Promise<SafetensorsFolder> {
    const files: SafetensorsFile[] = [];
    try {
      for (const path of await safetensorsFiles(directory)) files.push(await SafetensorsFile.open(path));
    } catch (error) {
      for (const file of files) await file[Symbol.asyncDispose]();
      throw error;
    }
    return new SafetensorsFolder(directory, files);
  }

  /** The tensor as float32. @throws FileFormatError when no file has it. */
  async read(name: string): Promise<Float32Array> {
    // Where no file has it, the first one throws the error that says so.
    return (this.#fileOf.get(name) ?? this.#files[0]!).read(name);
  }

  /** The tensor's bytes as they are in its file. @throws FileFormatError when no file has it. */
  async readBytes(name: string): Promise<Uint8Array> {
    return (this.#fileOf.get(name) ?? this.#files[0]!).readBytes(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#files) await file[Symbol.asyncDispose]();
  }
}
