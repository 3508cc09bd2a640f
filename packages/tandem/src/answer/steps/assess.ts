import type { Settings } from '../../core/settings.ts';
import type { SourceSpan, Sufficiency } from '../../core/types/answer.ts';
import type { Passage } from '../../core/types/document.ts';
import type { Retrieval } from '../../retrieve/retrieval.ts';
import { type AnswerState, type AnswerStep, type Assessment, refuse, writtenReply } from '../step.ts';
import { likeliestOutcome, sufficiencyOf } from '../sufficiency/assess-evidence.ts';
import type { SufficiencyModel } from '../sufficiency/calibration.ts';
import { findConflict, mayConflict } from '../sufficiency/find-conflict.ts';
import {
  type Relevance,
  type RelevanceParts,
  weighPassages,
  weighSentences,
} from '../sufficiency/relevance.ts';
import { type SufficiencySignals, sufficiencySignals } from '../sufficiency/signals.ts';

/**
 * Judges what was found before any model is asked. Nothing about the question (`retrieve.leastSimilarity`), or too little to answer it (`answer.leastSufficiency`, or
 * what `calibrateSufficiency` chose on the project's own questions): the reply is that the sources do not say. A question that may be about any of several things is asked back
 * where `answer.whenUnclear` says so. What else is to be expected goes on as data: that only a part can be answered, that two documents contradict each other.
 */
export function assessStep(
  parts: RelevanceParts & {
    settings: Pick<Settings, 'retrieve' | 'answer'>;
    sufficiency: SufficiencyModel;
  },
): AnswerStep {
  const { retrieve, answer } = parts.settings;
  return {
    name: 'assess',
    async run({ request, retrieved, reply }, { signal }) {
      // A fact that was asked for and found answers.
      if (reply || !retrieved || retrieved.live) return {};
      const question = request.searchFor ?? request.question;
      const refused = refuse(answer.notInSources);
      if (retrieved.passages.length === 0) return refused;
      const weighed = await weighPassages(question, retrieved, parts);
      // Found by words alone (an index without vectors): nothing to measure by, so the model decides.
      if (!weighed) return {};
      const { sufficiency } = parts;
      // Sentences are embedded while somebody waits, which costs more than the search: only where something hangs on them.
      const isRead =
        isKnown(sufficiency) ||
        weighed.value < retrieve.leastSimilarity ||
        mayConflict(weighed.sentences, documentOf(retrieved.passages));
      const relevance = isRead ? await weighSentences(weighed, parts, signal) : undefined;
      const signals =
        relevance &&
        isKnown(sufficiency) &&
        sufficiencySignals(question, retrieved, relevance, request.turns);
      const assessed = assess(retrieved, { relevance, sufficiency, ...(signals && { signals }) });
      const least = sufficiency.calibration?.threshold ?? answer.leastSufficiency;
      const isTooLittle = (assessed.sufficiency?.probability ?? 1) < least;
      if ((relevance ?? weighed).value < retrieve.leastSimilarity || isTooLittle)
        return { assessed, ...refused };
      if (assessed.expected === 'clarify' && answer.whenUnclear === 'ask')
        return { assessed, ...askWhich(answer.askWhich, assessed.choices!) };
      return { assessed };
    },
  };
}

/** Sentences that were not read have no conflict in them; signals are there where sufficiency is known. */
function assess(
  retrieved: Retrieval,
  {
    relevance,
    signals,
    sufficiency,
  }: { relevance: Relevance | undefined; signals?: SufficiencySignals; sufficiency: SufficiencyModel },
): Assessment {
  const { passages } = retrieved;
  const conflict = relevance && findConflict(relevance.sentences, documentOf(passages));
  const choices = relevance ? choicesOf(relevance, passages) : [];
  const unanswered = unansweredOf(retrieved);
  const lacks = unanswered.length > 0;
  const likeliest =
    signals && sufficiency.isGeneral ? likeliestOutcome(signals, choices.length > 1) : 'answer';
  const expected = likeliest === 'answer' && lacks ? 'partial' : likeliest;
  return {
    ...(signals && { sufficiency: judge(signals, sufficiency) }),
    expected,
    ...(expected === 'clarify' && { choices }),
    ...(lacks && { unanswered }),
    ...(conflict && {
      conflicting: conflict.map(({ passage, text }) =>
        spanOf(passages[passage]!, { marker: passage + 1, text }),
      ),
    }),
  };
}

const documentOf = (passages: readonly Passage[]) => (place: number) => passages[place]!.documentId;

/** Whether there is anything that it could be told by. */
const isKnown = ({ calibration, isGeneral }: SufficiencyModel) => calibration !== undefined || isGeneral;

function judge(signals: SufficiencySignals, { calibration }: SufficiencyModel): Sufficiency {
  return {
    probability: sufficiencyOf(signals, calibration?.weights),
    isCalibrated: calibration !== undefined,
  };
}

/** Titles of the documents with a sentence nearly as near as the nearest, nearest first. */
function choicesOf({ sentences }: Relevance, passages: readonly Passage[]): string[] {
  const nearest = sentences.toSorted((a, b) => b.cosine - a.cosine).slice(0, mostCompared);
  return [...new Set(nearest.map(({ passage }) => passages[passage]!.title))]
    .filter((title) => title !== '')
    .slice(0, mostChoices);
}

const mostCompared = 6;
const mostChoices = 4;

/** Things that were asked about and that nothing was found for. */
function unansweredOf({ parts = [], missing = [] }: Retrieval): string[] {
  const without = parts.filter(({ passages }) => passages === 0).map(({ name }) => name);
  return [...new Set([...(without.length < parts.length ? without : []), ...missing])];
}

/** Of a sentence as the prompt has it; where the document writes it otherwise (a table's row), the whole passage. */
function spanOf(passage: Passage, { marker, text }: { marker: number; text: string }): SourceSpan {
  const { documentId, uri } = passage;
  const at = passage.text.indexOf(text);
  const [start, quote] = at < 0 ? [0, passage.text] : [at, text];
  return {
    marker,
    documentId,
    uri,
    start: passage.start + start,
    end: passage.start + start + quote.length,
    quote,
  };
}

function askWhich(question: string, choices: readonly string[]): Pick<AnswerState, 'reply'> {
  return {
    reply: writtenReply('clarification', [question, ...choices.map((each) => `- ${each}`)].join('\n')),
  };
}
