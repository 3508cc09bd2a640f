import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnsweringParts } from '../../answer/answerer.ts';
import { hashJson } from '../../core/hash.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { Case } from '../../core/types/example.ts';
import type { Parts } from '../../parts/parts.ts';
import { retrieverFor } from '../../parts/retriever-for.ts';
import type { LoadedEntry, Source, SourceEntry } from '../../sources/source.ts';
import { type ArmRecipe, makeArms } from '../arms.ts';
import type { CaseRecord, StoredPassage } from '../comparison-result.ts';
import { agreesWith } from '../metrics/agreement.ts';
import { expectedTexts, type MetricSettings } from '../metrics/settings.ts';
import { type OtherIndex, openOtherIndex } from '../other-index.ts';
import type { AskAgain } from './ask-again.ts';
import { type ChangedFact, changeFact, replaceValue } from './change-fact.ts';
import { type FreshnessStudy, shareOf, shiftOf } from './study.ts';

/** What the index is made anew with. */
export type FreshnessParts = AnsweringParts & Pick<Parts, 'material' | 'directory' | 'openSources'>;

/** A fact of a case, and where it stands. */
interface PlacedFact extends ChangedFact {
  record: CaseRecord;
  documentId: string;
  uri: string;
}

/**
 * Numbers, dates and versions that expected answers give are changed in the sources' own bytes; the documents are ingested anew, into a copy of
 * the index, and every arm is asked again. What it then says shows where its knowledge is: in the sources, or in its weights. Catalogue and index of
 * the project stay as they are.
 *
 * Only documents whose bytes are text (Markdown, plain text, HTML) can be changed so. All sources are listed and read once.
 * @param drawn cases with an answer, and every arm's answer to them
 * @returns a sentence where there is nothing to change
 */
export async function studyFreshness(
  drawn: readonly CaseRecord[],
  recipe: ArmRecipe,
  parts: FreshnessParts,
  options: {
    passages: Readonly<Record<string, StoredPassage>>;
    ask: AskAgain;
    seed: number;
    signal: AbortSignal;
    onProgress?: ProgressListener | undefined;
  },
): Promise<FreshnessStudy | string> {
  const { signal, seed, onProgress } = options;
  const candidates = await findFacts(drawn, parts, options);
  if (candidates.length === 0)
    return 'no expected answer gives a number, date or version that stands in a document where the answer is, and not in the question';

  const edits = new Edits(candidates);
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tandem-freshness-'));
  await using copy = await openOtherIndex(parts, {
    directory: folder.path,
    chunking: parts.settings.chunk,
    embedder: await parts.models.embedder(),
    readThrough: (source) => edits.over(source),
    signal,
    ...(onProgress && {
      onProgress: (event) => onProgress({ ...event, stage: `${event.stage} a copy` }),
    }),
  });
  const facts = edits.apply();
  if (facts.length === 0)
    return 'the values that could be changed stand in files that are no text (PDF, Word), or in documents that the sources do not have';
  const { seconds } = await copy.ingestAgain();

  const arms = await makeArms(
    {
      ...recipe,
      references: false,
      shared: hashJson({
        shared: recipe.shared,
        facts: facts.map(({ documentId, from, to }) => [documentId, from, to]),
      }),
    },
    await partsOver(copy, parts),
  );
  const named = new Map(arms.map((arm) => [arm.name, arm]));
  const rows = await options.ask(
    facts.flatMap(({ record, testCase }) =>
      recipe.names.map((arm) => ({
        change: 'freshness',
        arm,
        record,
        testCase,
        // Without passages nothing has changed for it, but for what is right.
        by: named.get(arm)!,
      })),
    ),
    'asking about changed facts',
  );
  return {
    facts: facts.map(({ record, documentId, from, to }) => ({
      caseId: record.case.id,
      documentId,
      from,
      to,
    })),
    secondsToFresh: seconds,
    documents: new Set(facts.map(({ documentId }) => documentId)).size,
    arms: recipe.names.map((arm) => {
      const own = rows.filter((row) => row.arm === arm);
      const old = own.map(({ answer, record, after }) =>
        Number(
          after === 0 && answer !== undefined && saysOld(answer.text, record.case, parts.settings.answer),
        ),
      );
      return {
        arm,
        ...shiftOf(own, seed)!,
        old: shareOf(
          old,
          own.map(({ group }) => group),
          seed,
        ),
      };
    }),
  };
}

function saysOld(text: string, testCase: Case, settings: MetricSettings): boolean {
  return expectedTexts(testCase, settings).some((old) => agreesWith(text, old, testCase.question));
}

/** Where each case's answer stands: where the case says, else in the first passage of an answer that has the value. One change for each value of a document. */
async function findFacts(
  drawn: readonly CaseRecord[],
  { catalog }: Pick<Parts, 'catalog'>,
  { passages, seed }: { passages: Readonly<Record<string, StoredPassage>>; seed: number },
): Promise<PlacedFact[]> {
  const facts: PlacedFact[] = [];
  const changed = new Map<string, string>();
  for (const [at, record] of drawn.entries()) {
    const { source } = record.case;
    const document = source && (await catalog.documents.get(source.documentId));
    const places =
      source && document
        ? [
            {
              documentId: document.id,
              uri: document.uri,
              text: document.text.slice(source.start, source.end),
            },
          ]
        : Object.values(record.arms).flatMap(({ answer }) =>
            (answer?.passages ?? []).map(({ id }) => passages[id]!),
          );
    for (const { documentId, uri, text } of places) {
      const fact = changeFact(record.case, text, seed + at);
      if (!fact) continue;
      const name = JSON.stringify([documentId, fact.from]);
      const other = changed.get(name);
      if (other === undefined || other === fact.to) {
        changed.set(name, fact.to);
        facts.push({ ...fact, record, documentId, uri });
      }
      break;
    }
  }
  return facts;
}

/** The sources with facts changed, once `apply` was called; before that it looks which can be. */
class Edits {
  readonly #byUri: ReadonlyMap<string, readonly PlacedFact[]>;
  readonly #found = new Set<PlacedFact>();
  #applied = false;

  constructor(facts: readonly PlacedFact[]) {
    this.#byUri = Map.groupBy(facts, ({ uri }) => uri);
  }

  /** From now on the sources give changed bytes. @returns the facts that stand in them */
  apply(): PlacedFact[] {
    this.#applied = true;
    return [...this.#found];
  }

  over(source: Source): Source {
    const edits = this;
    return {
      id: source.id,
      async *list(options) {
        for await (const entry of source.list(options)) yield edits.#marked(entry);
      },
      load: async (entry, options) => edits.#edited(entry, await source.load(entry, options)),
    };
  }

  #marked(entry: SourceEntry): SourceEntry {
    return this.#applied && this.#factsOf(entry).length > 0
      ? { ...entry, changeMark: `${entry.changeMark} changed` }
      : entry;
  }

  #edited(entry: SourceEntry, loaded: LoadedEntry): LoadedEntry {
    const facts = this.#byUri.get(entry.uri) ?? [];
    if (facts.length === 0) return loaded;
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(loaded.bytes);
    } catch {
      return loaded;
    }
    for (const fact of facts) {
      const changed = replaceValue(text, fact.from, fact.to);
      if (changed.count === 0) continue;
      if (this.#applied) text = changed.text;
      else this.#found.add(fact);
    }
    return this.#applied ? { ...loaded, bytes: new TextEncoder().encode(text) } : loaded;
  }

  #factsOf({ uri }: SourceEntry): PlacedFact[] {
    return (this.#byUri.get(uri) ?? []).filter((fact) => this.#found.has(fact));
  }
}

/** The same parts over another index. */
async function partsOver(
  { catalog, store }: Pick<OtherIndex, 'catalog' | 'store'>,
  parts: FreshnessParts,
): Promise<FreshnessParts> {
  const { settings, models, material, directory, dataDirectory, openSources, whileOpen } = parts;
  const retriever = await retrieverFor(settings, { catalog, store, models, material, directory });
  return {
    settings,
    models,
    material,
    directory,
    dataDirectory,
    catalog,
    store: async () => store,
    retriever: async () => retriever,
    openSources,
    whileOpen,
  };
}
