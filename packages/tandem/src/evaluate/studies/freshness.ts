import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashJson } from '../../core/hash.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { Case } from '../../core/types/example.ts';
import type { Parts } from '../../parts/parts.ts';
import { retrieverFor } from '../../parts/retriever-for.ts';
import type { LoadedEntry, Source, SourceEntry } from '../../sources/source.ts';
import type { ArmParts } from '../added-arms.ts';
import type { ArmUnderTest } from '../arm.ts';
import { type ArmRecipe, makeArms } from '../arms.ts';
import type { CaseRecord, StoredPassage } from '../comparison-result.ts';
import { agreesWith } from '../metrics/agreement.ts';
import { expectedTexts, type MetricSettings } from '../metrics/settings.ts';
import { type OtherIndex, openOtherIndex } from '../other-index.ts';
import type { AskAgain } from './ask-again.ts';
import { changeFact, expectChanged, replaceValues } from './change-fact.ts';
import { type FreshnessStudy, shareOf, shiftOf } from './study.ts';

/** What the index is made anew with. */
export type FreshnessParts = ArmParts & Pick<Parts, 'openSources'>;

/** A fact of a case, and where it stands. */
interface PlacedFact {
  record: CaseRecord;
  documentId: string;
  uri: string;
  from: string;
  to: string;
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
  { arms, recipe }: { arms: readonly ArmUnderTest[]; recipe: ArmRecipe },
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
  const found = edits.apply();
  const changes = new Map(
    [...Map.groupBy(found, ({ documentId }) => documentId)].map(
      ([id, own]) => [id, new Map(own.map(({ from, to }) => [from, to]))] as const,
    ),
  );
  const facts = found
    .map((fact) => ({ ...fact, testCase: expectChanged(fact.record.case, changes.get(fact.documentId)!) }))
    // An answer that stays right whichever value it gives would show nothing.
    .filter(({ record, testCase }) => !stillRight(record.case, testCase, parts.settings.answer));
  if (facts.length === 0)
    return 'no changed value was found in a file that can be edited here (Markdown, plain text or HTML in UTF-8)';
  const { seconds } = await copy.ingestAgain();

  const over = await makeArms(
    {
      ...recipe,
      references: false,
      shared: hashJson({
        shared: recipe.shared,
        facts: found.map(({ documentId, from, to }) => [documentId, from, to]),
      }),
    },
    await partsOver(copy, parts),
  );
  const named = new Map(over.map((arm) => [arm.name, arm]));
  const rows = await options.ask(
    facts.flatMap(({ record, testCase }) =>
      arms.map(({ name }) => ({ change: 'freshness', arm: name, record, testCase, by: named.get(name)! })),
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
    arms: arms.flatMap(({ name: arm }) => {
      const own = rows.filter((row) => row.arm === arm);
      const shift = shiftOf(own, seed);
      if (!shift) return [];
      const old = own.map(({ after, asBefore }) => Number(after === 0 && asBefore === 1));
      return [
        {
          arm,
          ...shift,
          old: shareOf(
            old,
            own.map(({ group }) => group),
            seed,
          ),
        },
      ];
    }),
  };
}

/** What was right before would still count as right: of a long answer, say, of which the value is a small part. */
function stillRight(before: Case, now: Case, settings: MetricSettings): boolean {
  const wanted = expectedTexts(now, settings);
  return expectedTexts(before, settings).some((text) =>
    wanted.some((other) => agreesWith(text, other, before.question)),
  );
}

/**
 * Where each case's answer stands: where the case says, else in the first passage of an answer that has the value. A value of a document is changed in
 * one way, whichever cases give it.
 */
async function findFacts(
  drawn: readonly CaseRecord[],
  { catalog }: Pick<Parts, 'catalog'>,
  { passages, seed }: { passages: Readonly<Record<string, StoredPassage>>; seed: number },
): Promise<PlacedFact[]> {
  const facts: PlacedFact[] = [];
  const changed = new Map<string, string>();
  for (const [at, record] of drawn.entries()) {
    const { source } = record.case;
    const places = source
      ? [source]
      : Object.values(record.arms).flatMap(({ answer }) =>
          (answer?.passages ?? []).map(({ id }) => passages[id]!),
        );
    for (const { documentId, start, end } of places) {
      const document = await catalog.documents.get(documentId);
      if (!document) continue;
      const passage = document.text.slice(start, end);
      const fact = changeFact(record.case, { passage, document: document.text }, seed + at);
      if (!fact) continue;
      const name = JSON.stringify([documentId, fact.from]);
      const to = changed.get(name) ?? fact.to;
      changed.set(name, to);
      facts.push({ record, documentId, uri: document.uri, from: fact.from, to });
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
    const isChanged = this.#applied && this.#factsOf(entry).some((fact) => this.#found.has(fact));
    return isChanged ? { ...entry, changeMark: `${entry.changeMark} changed` } : entry;
  }

  #edited(entry: SourceEntry, loaded: LoadedEntry): LoadedEntry {
    const facts = this.#factsOf(entry);
    const text = facts.length > 0 ? utf8(loaded.bytes) : undefined;
    if (text === undefined) return loaded;
    const changes = new Map(facts.map(({ from, to }) => [from, to]));
    const { text: changed, found } = replaceWritten(text, changes, isHtml(entry, loaded));
    if (!this.#applied) {
      for (const fact of facts) if (found.has(fact.from)) this.#found.add(fact);
      return loaded;
    }
    return { ...loaded, bytes: new TextEncoder().encode(changed) };
  }

  #factsOf({ uri }: SourceEntry): readonly PlacedFact[] {
    return this.#byUri.get(uri) ?? [];
  }
}

/** undefined for what is no text in UTF-8. */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function isHtml({ uri, mediaType }: SourceEntry, loaded: LoadedEntry): boolean {
  return /html/i.test(loaded.mediaType ?? mediaType ?? '') || /\.x?html?$/i.test(uri);
}

/** Of a page only what is read, not what its tags say: `width="30"` is no fact. */
function replaceWritten(
  text: string,
  changes: ReadonlyMap<string, string>,
  isPage: boolean,
): { text: string; found: Set<string> } {
  if (!isPage) return replaceValues(text, changes);
  const found = new Set<string>();
  const parts = text.split(/(<[^<>]*>)/).map((part, at) => {
    if (at % 2 === 1) return part;
    const replaced = replaceValues(part, changes);
    for (const value of replaced.found) found.add(value);
    return replaced.text;
  });
  return { text: parts.join(''), found };
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
