import type { Passage } from './document.ts';
import type { ChatMessage } from './example.ts';
import type { Outcome } from './outcome.ts';

/** A place in a document, and the words that stand there. */
export interface SourceSpan {
  /** The passage's place in the prompt, from 1: the number that an answer cites it by. */
  marker: number;
  documentId: string;
  uri: string;
  /** `[start, end)` in the document's text; `quote` is that slice. */
  start: number;
  end: number;
  quote: string;
  /**
   * PDF only: where the quote is on its pages (from 1), to be drawn over them; points from the top left corner of the page
   * as shown, a rectangle for each line.
   */
  pages?: { page: number; rectangles: { left: number; top: number; width: number; height: number }[] }[];
}

/** A sentence of the answer tied to an exact span of a document. */
export interface Citation extends SourceSpan {
  /** The answer's sentence that carries the marker, without markers. */
  sentence: string;
  /** `matching`: the model wrote no marker here; the passage was found for the sentence afterwards (`answer.markers`). */
  setBy?: 'matching';
  /** Whether the passage that is cited bears the sentence out, and the probability that it does. Absent: not checked. */
  verdict?: { label: CheckedVerdict; score: number };
}

/** What sources say of a claim. `not found`: they neither say it nor say otherwise. */
export const checkedVerdicts = ['supported', 'contradicted', 'not found'] as const;
/** One of `checkedVerdicts`. */
export type CheckedVerdict = (typeof checkedVerdicts)[number];

/** One thing that an answer says, and what the sources say of it. */
export interface Claim {
  /** The answer's words, without markers: a sentence, or a part of one that says something by itself. */
  text: string;
  /** The sentence that it stands in, as citations have it. */
  sentence: string;
  /** `not checked`: there is no verifier, or the arm reads no sources. It is never taken for `supported`. */
  verdict: CheckedVerdict | 'not checked';
  /** That the sources support it, from 0 to 1; absent where it was not checked. */
  probability?: number;
  /** What judged it; absent where it was not checked. */
  verifier?: string;
  /** What the verdict rests on, in the order of the document: of `supported` and `contradicted` at least one. */
  spans: SourceSpan[];
}

/** Whether passages answer a question, as it was judged before an answer was written. */
export interface Sufficiency {
  /** That they do, from 0 to 1. */
  probability: number;
  /** Whether it was brought to scale on this project's questions (`calibrateSufficiency`); else it says only which of two questions is likelier to be answered. */
  isCalibrated: boolean;
}

/** What verification made of a reply that the sources do not bear out (`answer.onUnsupported`). */
export interface Revision {
  /**
   * `dropped`: sentences were left out. `regenerated`: the model was asked once more, and what was still not borne out was left out. `refused`: the
   * answer is that the sources do not say. `quoted`: the sources' own words stand in its place.
   */
  action: 'dropped' | 'regenerated' | 'refused' | 'quoted';
  /** The text as the model had written it first. */
  draft: string;
  /** What of the draft was not borne out. */
  unsupported: Claim[];
}

/** Why a model stopped writing, in the AI SDK's words: `length` where the reply was cut at `maxTokens`. */
export type FinishReason =
  | 'stop'
  | 'length'
  | 'content-filter'
  | 'tool-calls'
  | 'error'
  | 'interrupted'
  | 'other';

/**
 * What keeps an answer from being of use. `not valid JSON`: the project asks for JSON, and the reply is none, or does not fit its schema. `nothing said`: it has markers and no words. `repeated`: it began to say the same again, and was
 * cut there. `question repeated`: it has no word that tells anything but those of the question. `nothing cited`: it was given passages, and names
 * none of them. `verifier failed`: its claims were to be checked, and what should have done so failed or did not end.
 */
export type AnswerProblem =
  | 'not valid JSON'
  | 'nothing said'
  | 'repeated'
  | 'question repeated'
  | 'nothing cited'
  | 'verifier failed';

/** Milliseconds; a stage that an arm does not have is absent. `firstToken` and `total` count from the question. */
export interface AnswerTimings {
  rewrite?: number;
  retrieve?: number;
  firstToken?: number;
  generate: number;
  total: number;
}

/** What an arm answered, with everything that is needed to check it. */
export interface Answer {
  question: string;
  arm: ArmName;
  /** What a person reads: the whole reply, or the field `answer.output.textField` where the project asks for JSON. */
  text: string;
  /** The parsed reply of a project that asks for JSON; undefined when it could not be parsed or does not fit the schema. */
  output?: Record<string, unknown>;
  /** Exactly what the model wrote. */
  raw: string;
  abstained: boolean;
  citations: Citation[];
  /** Markers written in the answer that name no passage. */
  danglingMarkers: number[];
  /** Absent where there is none. Of a reply in whose place a refusal stands, only why there was nothing to check. */
  problems?: AnswerProblem[];
  /** Absent in answers from before there was such a thing. */
  outcome?: Outcome;
  /** Absent of arms that read no sources, and where there is nothing to judge by (an index without vectors). */
  sufficiency?: Sufficiency;
  /** Of the outcome `partial`: what was asked about and not found, where that can be told. */
  unanswered?: string[];
  /** Of the outcome `clarify`: titles of what the question may be about. */
  choices?: string[];
  /** Of the outcome `conflict`: the two sentences. */
  conflicting?: SourceSpan[];
  /** What the text says, one by one. Absent where it says nothing that could be checked: a refusal, or only fields. */
  claims?: Claim[];
  /** Absent where verification left the reply as it was. */
  revision?: Revision;
  /** Absent where no model was asked: of an extract, or where the sources have nothing on the question. */
  finishReason?: FinishReason;
  passages: Passage[];
  /** The search query when the arm rewrote the question. */
  searchQuery?: string;
  /** Names that the documents give for abbreviations in the question; searched with it and shown to the model. */
  spelledOut?: string[];
  /** Where the question is about several things: each, and how many of the passages are about it, and the rank of the best where one is due to it. */
  parts?: { name: string; passages: number; best?: number }[];
  /** Names in the question of which no document has a word. */
  missing?: string[];
  /**
   * Probability that the field `output.confidence.of` is right: calibrated where `compare` has fitted it, else as the model has it. See
   * `answer/confidence.ts`.
   */
  confidence?: number;
  /** The same before calibration: the model's own probability for the field's tokens. */
  rawConfidence?: number;
  /** Of the arm `head`: the calibrated probability of each field that it chose, by its path. */
  probabilities?: Record<string, number>;
  /** Tokens of all that the model was asked for this answer, the search query included. */
  usage: { promptTokens: number; completionTokens: number };
  timings: AnswerTimings;
  /** What steps of the project's own said, by their names. */
  notes?: Record<string, unknown>;
  traceId: string;
}

/** All arms, in the order of reports. */
export const armNames = ['base', 'rag', 'tuned', 'hybrid', 'head'] as const;
/**
 * One way to answer: model × adapter? × retriever? × prompt. `tuned` and `hybrid` have an adapter, `rag` and `hybrid` a retriever. `head` has
 * no language model: a linear layer on the embedder chooses the reply's fields that are choices, and says nothing else.
 */
export type ArmName = (typeof armNames)[number];

/** Everything that went into one answer, kept in the catalogue and shown by `tandem trace ID`. */
export interface Trace {
  id: string;
  at: string;
  question: string;
  arm: ArmName;
  model: string;
  adapterId?: string;
  searchQuery?: string;
  rewritePrompt?: string;
  passages: Passage[];
  /** The prompt as the model saw it, special tokens included. */
  prompt: string;
  /**
   * What the prompt was rendered from, for a model to learn an answer to it. Absent where no model was asked, where a document
   * in it was forgotten, and in traces older than this field.
   */
  messages?: ChatMessage[];
  rawOutput: string;
  answer: Omit<Answer, 'passages' | 'raw' | 'traceId'>;
  /** The answer's steps, and the milliseconds that each took. Absent in traces from before answers were made in steps. */
  steps?: { name: string; milliseconds: number }[];
}
