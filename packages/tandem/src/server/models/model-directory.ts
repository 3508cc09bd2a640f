import { ApiError } from '../http/api-error.ts';
import type { Caller } from '../keys/caller.ts';
import type { ModelSource, ServedModel } from './served-model.ts';

/** Well-known names that lead to a model here: a name that is, or begins with, the prefix. The longest prefix that fits is meant. */
export type ModelAliases = Readonly<Record<string, string>>;

/** All models of a server by name. */
export class ModelDirectory {
  readonly #sources: readonly ModelSource[];
  readonly #aliases: ModelAliases;

  constructor(sources: readonly ModelSource[], aliases: ModelAliases) {
    this.#sources = sources;
    this.#aliases = aliases;
  }

  list(caller: Caller): ServedModel[] {
    return this.#sources.flatMap((source) => source.list(caller));
  }

  /** @throws ApiError 404 where there is no such model for the caller, or it is of another kind */
  get<Kind extends ServedModel['kind']>(
    name: string,
    kind: Kind,
    caller: Caller,
  ): Extract<ServedModel, { kind: Kind }> {
    const found = this.find(name, caller);
    if (found?.kind === kind) return found as Extract<ServedModel, { kind: Kind }>;
    const own = this.list(caller)
      .filter((model) => model.kind === kind)
      .map(({ id }) => id);
    throw new ApiError(
      404,
      found
        ? `The model ${name} is ${found.kind === 'chat' ? 'a chat model' : 'an embedding model'}, which this endpoint does not use. There are ${own.join(', ')}.`
        : `The model ${name} does not exist here. There are ${own.join(', ')}.`,
      { code: 'model_not_found', param: 'model' },
    );
  }

  find(name: string, caller: Caller): ServedModel | undefined {
    return this.#named(name, caller) ?? this.#named(this.#aliasOf(name), caller);
  }

  #named(name: string | undefined, caller: Caller): ServedModel | undefined {
    if (name === undefined) return undefined;
    for (const source of this.#sources) {
      const found = source.find(name, caller);
      if (found) return found;
    }
    return undefined;
  }

  #aliasOf(name: string): string | undefined {
    // A fine-tuned model is never another one under its name.
    if (name.startsWith('ft:')) return undefined;
    const prefix = Object.keys(this.#aliases)
      .filter((each) => name.startsWith(each))
      .toSorted((a, b) => b.length - a.length)[0];
    return prefix === undefined ? undefined : this.#aliases[prefix];
  }
}
