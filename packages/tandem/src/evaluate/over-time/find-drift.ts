import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { Trace } from '../../core/types/answer.ts';
import type { Run } from '../../core/types/run.ts';
import { type CaseLine, readCases } from '../../dataset/cases.ts';
import { independentGroups } from '../../dataset/independent-groups.ts';
import { type GivenLines, linesOf } from '../../dataset/material.ts';
import type { Parts } from '../../parts/parts.ts';
import { embedQueries } from '../../retrieve/search/embed-query.ts';
import { foldedWords } from '../../text/words.ts';
import { type QuestionDrift, questionDrift } from './question-drift.ts';

/** Which questions are held against which cases. */
export interface DriftOptions {
  /** A JSONL file of cases, or the cases. Default: the parts' own. */
  cases?: GivenLines<CaseLine>;
  /** So many of the latest traces. Default 500. */
  latest?: number;
  signal?: AbortSignal;
}

/**
 * Whether the questions asked of late are still like the cases that arms are compared on, by the embedder. What comparisons asked themselves
 * is left out; a question asked often counts once.
 * @throws InvalidInputError where there are no cases, too few, or no questions
 *
 * @example
 * await ask(tandem, 'How many days of leave do I have?');
 * const { share, isShown } = await findDrift(tandem, { cases: 'cases.jsonl' });
 * if (isShown) console.log(`${Math.round(100 * share.value)} % of what is asked is unlike all cases`);
 */
export async function findDrift(
  parts: Pick<Parts, 'catalog' | 'material' | 'models' | 'settings' | 'whileOpen'>,
  options: DriftOptions = {},
): Promise<QuestionDrift> {
  return parts.whileOpen(async (signal) => {
    const cases = await readOwnCases(parts, options);
    const runs = await parts.catalog.runs.list({ kind: 'compare', limit: Number.MAX_SAFE_INTEGER });
    const known = new Set(cases.map(({ question }) => question));
    const traces = (await parts.catalog.traces.list({ limit: options.latest ?? 500 })).filter(
      (trace) => !runs.some((run) => isOfComparison(trace, run, known)),
    );
    const embedder = await parts.models.embedder();
    const place = async (questions: readonly string[], groups: readonly string[]) => {
      const vectors: Float32Array[] = [];
      for (let from = 0; from < questions.length; from += perCall)
        vectors.push(...(await embedQueries(embedder, questions.slice(from, from + perCall), signal)));
      return questions.map((question, at) => ({ question, vector: vectors[at]!, group: groups[at]! }));
    };
    const asked = traces.map(({ question }) => question);
    return questionDrift(
      await place(
        asked,
        asked.map((question) => foldedWords(question).join(' ') || question),
      ),
      await place(
        cases.map(({ question }) => question),
        independentGroups(cases),
      ),
    );
  }, options.signal);
}

/** As many as any embedder takes in one call. */
const perCall = 32;

async function readOwnCases(
  { material, catalog, settings }: Pick<Parts, 'catalog' | 'material' | 'settings'>,
  options: DriftOptions,
) {
  const given =
    options.cases === undefined ? (material.cases ?? material.qa) : linesOf(options.cases, 'cases');
  if (given) return readCases(given, catalog.documents, settings.answer);
  throw new InvalidInputError({
    domain: 'evaluate',
    where: 'cases',
    message: 'There are no cases to hold the questions against.',
    hint: 'Give cases ({id, question, expected}; in a config: dataset.cases).',
  });
}

/** Asked while a comparison ran; of one that was killed, whose end nobody wrote down, only its cases are known. */
function isOfComparison(
  { at, question }: Trace,
  { startedAt, finishedAt }: Run,
  cases: ReadonlySet<string>,
): boolean {
  if (at < startedAt) return false;
  return finishedAt === undefined ? cases.has(question) : at <= finishedAt;
}
