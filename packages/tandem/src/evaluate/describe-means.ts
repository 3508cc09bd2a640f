import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Constraints } from '../core/settings.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { ArmName } from '../core/types/answer.ts';
import { isLoopback } from '../models/network-policy.ts';
import type { Parts } from '../parts/parts.ts';
import { isTrained } from './arms.ts';
import type { Means, ModelPlace } from './means.ts';
import { readPriceTable, tokenPriceOf } from './prices/price-table.ts';

/**
 * What a comparison's constraints are checked against, beside its numbers.
 * @throws InvalidInputError where a constraint cannot be checked: a strict schema without one, a latency that is not measured, a volume
 *   without a price
 */
export async function describeMeans(
  making: {
    names: readonly ArmName[];
    /** Models that arms have of their own, by arm; of a program's own arm (`given`) that names none nothing is known. */
    others?: Readonly<Record<string, { chat?: string; reranker?: string }>>;
    given?: readonly string[];
    /** Whether any arm searches. */
    searches: boolean;
    adapter?: Adapter;
    isLocalChat: boolean;
    latencyCases?: number;
  },
  parts: Pick<Parts, 'settings' | 'models' | 'directory'>,
): Promise<Means> {
  const { names, others = {}, given = [], adapter, isLocalChat } = making;
  const { constraints = {}, prices } = parts.settings.compare;
  checkCheckable(constraints, making.latencyCases, parts);
  const { chat, embedder, reranker } = parts.models.names;
  const means: Means = {
    chat: { name: chat, isHere: isLocalChat || placeOf(chat, parts).isHere },
    ...(making.searches && { embedder: placeOf(embedder, parts) }),
    ...(making.searches && reranker !== undefined && { reranker: placeOf(reranker, parts) }),
    ...(adapter && { trainingSeconds: adapter.metrics.seconds }),
  };
  const placed = Object.entries(others).map(
    ([arm, models]): [string, NonNullable<Means['others']>[string]] => [
      arm,
      {
        ...(models.chat !== undefined
          ? { chat: placeOf(models.chat, parts) }
          : given.includes(arm) && { chat: { name: `what ${arm} asks`, isHere: false } }),
        ...(models.reranker !== undefined && { reranker: placeOf(models.reranker, parts) }),
      },
    ],
  );
  if (placed.length > 0) means.others = Object.fromEntries(placed);
  if (constraints.questionsPerMonth === undefined) return means;
  const table = await readPriceTable(prices, parts.directory);
  const file = prices ?? "the package's price table";
  for (const [arm, { chat: own }] of placed) {
    if (!own || own.isHere || others[arm]!.chat === undefined) continue;
    own.price = tokenPriceOf(nameAtProvider(own.name, parts), table, file);
  }
  if (means.chat.isHere) {
    if (table.machine) return { ...means, machine: table.machine };
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'compare.prices',
      message: `${file} has no price of a machine, and ${chat} runs on this one.`,
      hint: 'Add "machine": { "name", "perHour", "date", "source" } to it.',
    });
  }
  const model = nameAtProvider(chat, parts);
  return {
    ...means,
    tokens: {
      ...(names.some((name) => !isTrained(name)) && { base: tokenPriceOf(model, table, file) }),
      ...(names.some(isTrained) && { tuned: tokenPriceOf(`ft:${model}`, table, file) }),
    },
  };
}

/** What its maker calls it: in references and instances it stands behind a provider's name. */
function nameAtProvider(reference: string, { models }: Pick<Parts, 'models'>): string {
  return connectionOf(reference, models)?.model ?? reference.slice(reference.indexOf(':') + 1);
}

/** A model of a provider is here where its address is; of an instance that somebody made, that is not known. */
function placeOf(reference: string, { models }: Pick<Parts, 'models'>): ModelPlace {
  if (/^(?:local|hf):/.test(reference)) return { name: reference, isHere: true };
  const connection = /^[\w-]+:/.test(reference) ? connectionOf(reference, models) : undefined;
  return {
    name: reference,
    isHere: connection !== undefined && isLoopback(new URL(connection.connection.baseURL).hostname),
  };
}

/** undefined also for the reference of an instance, whose provider no config names. */
function connectionOf(reference: string, models: Parts['models']) {
  try {
    return models.connection(reference);
  } catch (error) {
    if (InvalidInputError.isInstance(error)) return undefined;
    throw error;
  }
}

function checkCheckable(
  { strictSchema, p95Seconds }: Constraints,
  latencyCases: number | undefined,
  { settings }: Pick<Parts, 'settings'>,
): void {
  if (strictSchema && !settings.answer.output)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'compare.constraints.strictSchema',
      message:
        'compare.constraints.strictSchema is set, and there is no answer.output.schema that replies could fit.',
      hint: 'Set answer.output, or leave strictSchema out.',
    });
  if (p95Seconds !== undefined && latencyCases === 0)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'compare.constraints.p95Seconds',
      message: 'compare.constraints.p95Seconds is set, and no latency is measured (latencyCases is 0).',
      hint: 'Leave one of the two out.',
    });
}
