import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { LiveFact } from '../../core/settings.ts';
import { factPassage } from '../live/fact-passage.ts';
import { findAsked } from '../live/find-asked.ts';
import { factReader } from '../live/read-facts.ts';
import type { AnswerStep } from '../step.ts';

/** Facts of one question: of more things nobody asks at once. */
const mostFacts = 4;

/**
 * Where a question asks for a fact that is declared to be live (`answer.live`), reads it where it stands, and puts it before the passages: with the time of reading, and cited as
 * they are. What documents say of it may be older.
 */
export function lookUpStep(parts: {
  facts: readonly LiveFact[];
  embedder: EmbeddingModelV4;
  baseDirectory: string;
}): AnswerStep {
  return {
    name: 'look-up',
    async run({ request, retrieved, reply }, { signal }) {
      // Where documents are chosen, other places are not asked.
      if (reply || !retrieved || request.documentIds || request.metadata) return {};
      const facts = parts.facts.filter(({ access }) => request.access?.includes(access) ?? true);
      const started = performance.now();
      const reader = factReader({ baseDirectory: parts.baseDirectory, signal });
      const asked = await findAsked(retrieved.rewritten ?? request.question, facts, {
        thingsOf: (fact) => reader.thingsOf(fact),
        embedder: parts.embedder,
        signal,
      });
      const found = [];
      for (const { fact, thing } of asked.slice(0, mostFacts)) {
        const row = await reader.rowOf(fact, thing);
        found.push(factPassage({ name: fact.name, thing, row, readAt: new Date().toISOString() }));
      }
      if (found.length === 0) return {};
      const { missing, ...rest } = retrieved;
      const left = missing?.filter(
        (name) => !asked.some(({ thing }) => thing.toLowerCase().includes(name.toLowerCase())),
      );
      return {
        retrieved: {
          ...rest,
          ...(left && left.length > 0 && { missing: left }),
          passages: [...found, ...retrieved.passages].map((passage, at) => ({ ...passage, rank: at + 1 })),
          milliseconds: retrieved.milliseconds + performance.now() - started,
          live: found.length,
        },
      };
    },
  };
}
