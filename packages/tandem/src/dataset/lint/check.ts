import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { Catalog } from '../../catalog/catalog.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { Settings } from '../../core/settings.ts';
import type { LocalChatTools } from '../../models/local-tools.ts';
import type { Retriever } from '../../retrieve/retriever.ts';
import type { LintItem } from './items.ts';

/** An error should not be trained on; a warning is for a person to look at. */
export type Severity = 'error' | 'warning';

/** Something that is wrong with an example, or may be. */
export interface Finding {
  /** Name of the check. */
  check: string;
  severity: Severity;
  /** `FILE:LINE`, or a file where it is about all of its lines. */
  where: string;
  /** A sentence without its full stop, which says what was found. */
  message: string;
  /** What the index says instead, where it does. */
  disagreement?: Disagreement;
}

/** An answer's sentence beside that of the index. */
export interface Disagreement {
  said: string;
  indexed: string;
  /** Where that stands; `[start, end)` in the document's text. */
  documentId: string;
  start: number;
  end: number;
}

/** A finding, as a check gives it: the table adds name and severity. */
export type Found = Omit<Finding, 'check' | 'severity'> & { severity?: Severity };

/** What is looked at. */
export interface LintData {
  items: readonly LintItem[];
  /** Entries that are no item, and parts of items that are not used. */
  faults: readonly Found[];
}

/** What checks may look into beside the data. What is not there is undefined, and a check that needs it says why it was not made. */
export interface LintContext {
  settings: Settings;
  /** What "now" is, for facts that change. */
  now: Date;
  documents?: Catalog['documents'];
  retriever?(): Promise<Retriever>;
  embedder?(): Promise<EmbeddingModelV4>;
  /** Of the model that is trained; undefined for a hosted one. */
  chatTools?(): Promise<LocalChatTools | undefined>;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** One kind of thing to look for. */
export interface Check {
  name: string;
  /** Of its findings, but for those that say otherwise. */
  severity: Severity;
  /** What it finds, for a reader who has never seen it: follows "Finds". */
  finds: string;
  /** @returns its findings, or why it was not made */
  find(
    data: LintData,
    context: LintContext,
  ): Promise<readonly Found[] | NotMade> | readonly Found[] | NotMade;
}

/** Why a check was not made. */
export interface NotMade {
  notMade: string;
}

/** A part of a text, short enough to be shown. */
export function excerpt(text: string, most = 80): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
