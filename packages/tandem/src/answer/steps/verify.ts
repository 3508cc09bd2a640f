import type { DocumentCatalog } from '../../catalog/catalog.ts';
import type { Settings } from '../../core/settings.ts';
import type { AnswerProblem, Claim, Revision } from '../../core/types/answer.ts';
import { untilAborted } from '../../core/until-aborted.ts';
import type { Verifier } from '../../verify/verifier.ts';
import { checkClaims } from '../check-claims.ts';
import { statementsOf, withPages } from '../citations.ts';
import type { AnswerState, AnswerStep, StepContext } from '../step.ts';
import { setAt } from '../structured-output.ts';

/** What an answer is checked with, and what takes its place where it does not hold. */
export interface VerifyParts {
  answer: Settings['answer'];
  documents: Pick<DocumentCatalog, 'getMany' | 'languagesOf'>;
  /** Absent: nothing is checked. */
  verifier?: Verifier | undefined;
  /** Whether the arm reads sources: without them there is nothing to check against. */
  searches: boolean;
  /** Steps from messages to what a reader sees: the answer once more (`regenerate`). */
  writeAgain?: readonly AnswerStep[];
  /** Steps from passages to what a reader sees, without a model (`extract`). */
  quote?: readonly AnswerStep[];
}

type Read = NonNullable<AnswerState['read']>;

/**
 * Checks each claim of the reply against the passages, and does with what they do not bear out as `answer.onUnsupported` says. A reader who follows the
 * answer as it is written sees it before it is checked where the setting is `mark`, and only then.
 */
export function verifyStep(parts: VerifyParts): AnswerStep {
  const { answer } = parts;
  return {
    name: 'verify',
    async run(state, context) {
      const { read, reply } = state;
      if (!read || reply?.by !== 'model') return {};
      const isHeld = reply.isHeld === true;
      // Text from before is left where nothing is done about it; where something is, a refusal is a refusal alone, and nothing is not passed on.
      const acts = parts.searches && parts.verifier !== undefined && answer.onUnsupported !== 'mark';
      if (read.abstained || (!acts && read.text.trim() === '')) {
        const settled = acts ? withOutput(refused(read, answer.notInSources), answer) : read;
        tell(settled, { context, isHeld });
        return { read: settled };
      }
      const checked = await check(state, read, parts, context.signal);
      const unsupported = unsupportedIn(checked);
      const isFailing = acts ? unsupported.length > 0 || !isBorneOut(checked) : unsupported.length > 0;
      const revised = isFailing
        ? await revise({ ...state, read: checked }, unsupported, { parts, context })
        : { read: checked };
      const settled = withOutput(revised.read, answer);
      tell(settled, { context, isHeld });
      return { ...revised, read: settled };
    },
  };
}

async function check(
  state: AnswerState,
  read: Read,
  { documents, verifier, searches }: VerifyParts,
  signal: AbortSignal,
): Promise<Read> {
  const passages = state.retrieved?.passages ?? [];
  const given = {
    citations: read.citations,
    passages,
    languages: await documents.languagesOf(passages.map(({ documentId }) => documentId)),
  };
  const judged = await withinTime(signal, (ended) =>
    checkClaims(read.text, { ...given, verifier: searches ? verifier : undefined, signal: ended }),
  );
  // What was written is not lost because of what should have checked it.
  const { claims, citations } = judged ?? (await checkClaims(read.text, given));
  // All at once: claims share documents, and a document is read whole.
  const spans = await withPages(
    claims.flatMap((claim) => claim.spans),
    documents,
  );
  const placed = claims.map((claim) => ({ ...claim, spans: spans.splice(0, claim.spans.length) }));
  return {
    ...read,
    citations,
    ...(placed.length > 0 && { claims: placed }),
    ...(!judged && { problems: [...(read.problems ?? []), 'verifier failed' as const] }),
  };
}

/** Verifying takes milliseconds; a verifier of one's own may ask a service. */
const mostSeconds = 60;

/** What it gives; undefined where it fails or does not end. @throws what the signal aborted with */
async function withinTime<Result>(
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  const ended = AbortSignal.any([signal, AbortSignal.timeout(mostSeconds * 1000)]);
  try {
    return await untilAborted(() => work(ended), ended);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** What is not known to be borne out: what a verifier failed to check is no pass. */
const unsupportedIn = ({ claims = [], problems = [] }: Read) =>
  claims.filter(
    ({ verdict }) =>
      verdict === 'not found' ||
      verdict === 'contradicted' ||
      (verdict === 'not checked' && problems.includes('verifier failed')),
  );

/** At least one thing that it says is. */
const isBorneOut = ({ claims = [] }: Read) => claims.some(({ verdict }) => verdict === 'supported');

type Revised = Pick<AnswerState, 'reply' | 'messages'> & { read: Read };

async function revise(
  state: AnswerState & { read: Read },
  unsupported: readonly Claim[],
  { parts, context }: { parts: VerifyParts; context: StepContext },
): Promise<Revised> {
  const { read } = state;
  const { onUnsupported, notInSources } = parts.answer;
  const revisionOf = (action: Revision['action']): { revision: Revision } => ({
    revision: { action, draft: read.text, unsupported: [...unsupported] },
  });
  const refusal = { ...refused(read, notInSources), ...revisionOf('refused') };
  switch (onUnsupported) {
    case 'mark':
      return { read };
    case 'refuse':
      return { read: refusal };
    case 'drop': {
      const left = dropped(read, unsupported);
      return { read: left ? { ...left, ...revisionOf('dropped') } : refusal };
    }
    case 'extract': {
      const { read: quoted } = await runQuietly(parts.quote ?? [], { ...state, reply: undefined }, context);
      return {
        read:
          quoted && !quoted.abstained
            ? { ...quoted, ...(read.output && { output: read.output }), ...revisionOf('quoted') }
            : refusal,
      };
    }
    case 'regenerate': {
      const again = await writeAgain(state, unsupported, { parts, context });
      // It could not be asked once more: the prompt is longer than the first, and may not fit.
      if (!again?.read) return revise(state, unsupported, { parts: asDropping(parts), context });
      if (again.read.abstained)
        return { ...again, read: { ...refused(again.read, notInSources), ...revisionOf('regenerated') } };
      const checked = await check({ ...state, ...again }, again.read, parts, context.signal);
      const left = dropped(checked, unsupportedIn(checked));
      return { ...again, read: left ? { ...left, ...revisionOf('regenerated') } : refusal };
    }
  }
}

const asDropping = (parts: VerifyParts): VerifyParts => ({
  ...parts,
  answer: { ...parts.answer, onUnsupported: 'drop' },
});

/** The model's second try, knowing what of the first was not borne out. What both cost counts. */
async function writeAgain(
  state: AnswerState,
  unsupported: readonly Claim[],
  { parts, context }: { parts: VerifyParts; context: StepContext },
): Promise<Pick<AnswerState, 'reply' | 'messages' | 'read'> | undefined> {
  const first = state.reply!;
  const messages = [
    ...(state.messages ?? []),
    { role: 'assistant' as const, content: first.text },
    { role: 'user' as const, content: correctionOf(unsupported) },
  ];
  const written = await runQuietly(
    parts.writeAgain ?? [],
    { ...state, messages, reply: undefined },
    context,
  ).catch(() => context.signal.throwIfAborted());
  if (!written?.reply) return undefined;
  const { reply, read } = written;
  return {
    messages,
    read,
    reply: {
      ...reply,
      promptTokens: first.promptTokens + reply.promptTokens,
      completionTokens: first.completionTokens + reply.completionTokens,
      milliseconds: first.milliseconds + reply.milliseconds,
      firstToken: first.milliseconds + (reply.firstToken ?? 0),
    },
  };
}

const correctionOf = (unsupported: readonly Claim[]) =>
  [
    'The passages do not say this:',
    ...unsupported.map(({ text }) => `- ${text}`),
    'Answer the question again, in the same form, and say only what the passages say.',
  ].join('\n');

/** Steps inside a step: nobody is told what they write, since it is not checked yet. */
async function runQuietly(
  steps: readonly AnswerStep[],
  state: Omit<AnswerState, 'reply'> & { reply: undefined },
  { signal }: StepContext,
): Promise<Partial<AnswerState>> {
  const quiet: StepContext = { signal, emit: () => {}, streams: false };
  const { reply: _, read: _read, ...rest } = state;
  let now: AnswerState = rest;
  for (const step of steps) now = { ...now, ...(await step.run(now, quiet)) };
  return now;
}

/** What was wrong with a reply before anything of it was checked is why there is a refusal; what else was wrong with it is gone with it. */
const uncheckable: readonly AnswerProblem[] = ['not valid JSON', 'nothing said', 'verifier failed'];

function refused({ output, confidence, rawConfidence, problems = [] }: Read, notInSources: string): Read {
  const left = problems.filter((problem) => uncheckable.includes(problem));
  return {
    text: notInSources,
    abstained: true,
    citations: [],
    danglingMarkers: [],
    ...(left.length > 0 && { problems: left }),
    ...(output && { output }),
    ...(confidence !== undefined && { confidence }),
    ...(rawConfidence !== undefined && { rawConfidence }),
  };
}

/** Without the sentences that hold any of these claims; undefined where nothing is left that is borne out. */
function dropped(read: Read, unsupported: readonly Claim[]): Read | undefined {
  if (unsupported.length === 0) return isBorneOut(read) ? read : undefined;
  const gone = new Set(unsupported.map(({ sentence }) => sentence));
  const claims = read.claims?.filter(({ sentence }) => !gone.has(sentence)) ?? [];
  if (!isBorneOut({ ...read, claims })) return undefined;
  let text = '';
  let start = 0;
  for (const { sentence, end, markers } of statementsOf(read.text)) {
    const after = Math.max(end, ...markers.map((marker) => marker.end));
    if (!gone.has(sentence)) text += read.text.slice(start, after);
    start = after;
  }
  const left = (text + read.text.slice(start)).trim();
  const markers = new Set(
    statementsOf(left).flatMap((each) => each.markers.flatMap(({ numbers }) => numbers)),
  );
  return {
    ...read,
    text: left,
    claims,
    citations: read.citations.filter(({ sentence }) => !gone.has(sentence)),
    danglingMarkers: read.danglingMarkers.filter((marker) => markers.has(marker)),
  };
}

/** In a project that asks for JSON the text is one of its fields. */
function withOutput(read: Read, { output: structured }: Settings['answer']): Read {
  if (!read.output || !structured) return read;
  const output = structuredClone(read.output);
  setAt(output, structured.textField, read.text);
  return { ...read, output };
}

function tell(read: Read, { context, isHeld }: { context: StepContext; isHeld: boolean }): void {
  if (isHeld) {
    context.emit({ type: 'text', text: read.text });
    for (const citation of read.citations) context.emit({ type: 'citation', citation });
  }
  for (const claim of read.claims ?? []) context.emit({ type: 'claim', claim });
}
