import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type Citation, type Claim, checkedVerdicts, type SourceSpan } from '../core/types/answer.ts';
import type { Passage } from '../core/types/document.ts';
import { sentences } from '../text/sentences.ts';
import { overlapSignals } from '../verify/overlap-signals.ts';
import { overlapName, overlapVerifier } from '../verify/overlap-verifier.ts';
import { isStatement, splitClaims, withoutListMark } from '../verify/split-claims.ts';
import type { ClaimVerdict, Verifier } from '../verify/verifier.ts';
import { statementsOf } from './citations.ts';

/** A passage as sentences that may bear a claim out. */
interface Evidence {
  marker: number;
  passage: Passage;
  /** Title and headings first: they say what "it" is, and are no place to cite. Then the passage's sentences. */
  texts: string[];
  /** Of each text; of title and headings none. */
  spans: (Pick<SourceSpan, 'start' | 'end' | 'quote'> | undefined)[];
}

/** Beside those that are cited, so many passages are read for each claim: those that have most of its words. */
const mostOthers = 2;

/**
 * Checks what a text says against the passages it was written from: each claim against each passage that its sentence cites, and the two others that have most
 * of its words. A claim is borne out by one passage, or by all that its sentence cites together; never by pieces of passages that it does not name.
 *
 * @param text with markers
 * @param verifier absent: every claim is `not checked`
 * @returns the claims in the text's order, and the citations with the verdicts of their own passages
 */
export async function checkClaims(
  text: string,
  {
    citations,
    passages,
    languages,
    verifier,
    signal,
  }: {
    citations: readonly Citation[];
    passages: readonly Passage[];
    /** Of documents, by id: ISO 639-1. */
    languages?: ReadonlyMap<string, string>;
    verifier?: Verifier | undefined;
    signal?: AbortSignal | undefined;
  },
): Promise<{ claims: Claim[]; citations: Citation[] }> {
  const asked = statementsOf(text)
    .filter(({ sentence, markers }) => isStatement(sentence, markers.length > 0))
    .flatMap(({ sentence, markers }) => {
      const cited = [...new Set(markers.flatMap(({ numbers }) => numbers))].filter(
        (marker) => passages[marker - 1] !== undefined,
      );
      return splitClaims(withoutListMark(sentence)).map((claim) => ({ claim, sentence, cited }));
    });
  if (!verifier)
    return {
      claims: asked.map(({ claim, sentence }) => ({
        text: claim,
        sentence,
        verdict: 'not checked',
        spans: [],
      })),
      citations: [...citations],
    };
  const all = passages.map((passage, at) =>
    evidenceOf(passage, { marker: at + 1, language: languages?.get(passage.documentId) }),
  );
  const checks = asked.flatMap((each) =>
    readingsOf(each, all).map((evidence) => ({
      ...each,
      evidence,
      texts: evidence.flatMap(({ texts }) => texts),
    })),
  );
  const { verdicts, readAt } = await (verifier.isCostly ? readBest : readAll)(
    checks.map((check) => ({ ...check, isReadable: isReadable(check.evidence, { languages, verifier }) })),
    verifier,
    signal,
  );
  const checked = checks.map((check, at) => ({
    ...check,
    by: readAt.has(at) ? verifier.name : overlapName,
    verdict: withoutHeadings(verdicts[at]!, check.evidence),
  }));
  const claims = asked.map(({ claim, sentence, cited }): Claim => {
    const own = checked.filter((each) => each.claim === claim && each.sentence === sentence);
    // Without a passage there is nothing that it could be read in.
    const { verdict, evidence, by } = bestOf(own, cited) ?? {
      verdict: unread,
      evidence: [],
      by: verifier.name,
    };
    return {
      text: claim,
      sentence,
      verdict: verdict.verdict,
      probability: verdict.probability,
      verifier: by,
      spans: spansOf(verdict, evidence),
    };
  });
  return {
    claims,
    citations: citations.map((citation) => {
      const verdict = verdictOfCitation(
        citation,
        checked.filter(({ sentence }) => sentence === citation.sentence),
      );
      return verdict ? { ...citation, verdict } : citation;
    }),
  };
}

interface Check {
  claim: string;
  sentence: string;
  cited: number[];
  evidence: Evidence[];
  texts: string[];
  /** Whether the verifier reads the language of its documents, as far as that is known. */
  isReadable: boolean;
}

/** One verdict for each check, and the places of those that the verifier itself judged. */
interface Verdicts {
  verdicts: ClaimVerdict[];
  readAt: ReadonlySet<number>;
}

async function readAll(
  checks: readonly Check[],
  verifier: Verifier,
  signal: AbortSignal | undefined,
): Promise<Verdicts> {
  const verdicts = await verifier.verify(
    checks.map(({ claim, texts }) => ({ claim, evidence: texts })),
    signal && { signal },
  );
  checkVerdicts(verdicts, checks, verifier.name);
  return { verdicts, readAt: new Set(checks.keys()) };
}

/**
 * Words judge all checks; the verifier reads of each claim the one that they find best, and, where that does not bear it out, the best of what its sentence cites. What
 * was not read bears nothing out that was read and not found.
 */
async function readBest(
  checks: readonly Check[],
  verifier: Verifier,
  signal: AbortSignal | undefined,
): Promise<Verdicts> {
  const { verdicts: byWords } = await readAll(checks, overlapVerifier(), signal);
  const read = new Map<number, ClaimVerdict>();
  const ofClaims = [
    ...Map.groupBy(checks.keys(), (at) => `${checks[at]!.sentence}\n${checks[at]!.claim}`).values(),
  ];
  const isCited = ({ evidence, cited }: Check) => evidence.every(({ marker }) => cited.includes(marker));
  const readNext = async (next: readonly (number | undefined)[]) => {
    const places = next.filter((at) => at !== undefined);
    const own = await readAll(
      places.map((at) => checks[at]!),
      verifier,
      signal,
    );
    for (const [order, at] of places.entries()) read.set(at, own.verdicts[order]!);
  };
  const bestAmong = (places: readonly number[]) =>
    bestOf(
      places.flatMap((at) =>
        checks[at]!.isReadable && !read.has(at) ? [{ ...checks[at]!, verdict: byWords[at]!, at }] : [],
      ),
      checks[places[0]!]?.cited ?? [],
    )?.at;
  const isRead = (places: readonly number[]) => places.some((at) => read.has(at));
  const isBorneOut = (places: readonly number[]) =>
    places.some((at) => read.get(at)?.verdict === 'supported');
  await readNext(ofClaims.map(bestAmong));
  await readNext(
    ofClaims
      .filter((places) => isRead(places) && !isBorneOut(places))
      .map((places) => bestAmong(places.filter((at) => isCited(checks[at]!)))),
  );
  const verdicts = [...byWords];
  for (const places of ofClaims)
    for (const at of places)
      verdicts[at] =
        read.get(at) ??
        (isRead(places) && !isBorneOut(places) && checks[at]!.isReadable
          ? notBorneOut(byWords[at]!)
          : byWords[at]!);
  return { verdicts, readAt: new Set(read.keys()) };
}

/** False where a document is known to be in a language that the verifier does not read. */
function isReadable(
  evidence: readonly Evidence[],
  { languages, verifier }: { languages: ReadonlyMap<string, string> | undefined; verifier: Verifier },
): boolean {
  const known = verifier.languages;
  if (known === undefined || known === 'many') return true;
  return evidence.every(({ passage }) => {
    const language = languages?.get(passage.documentId);
    return language === undefined || known.includes(language);
  });
}

const notBorneOut = ({ verdict, probability, supporting }: ClaimVerdict): ClaimVerdict =>
  verdict === 'supported'
    ? { verdict: 'not found', probability: Math.min(probability, justUnderEven), supporting: [] }
    : { verdict, probability, supporting };

/** @throws InvalidInputError where a verifier of one's own gives something else than it should */
function checkVerdicts(
  verdicts: unknown,
  checks: readonly { texts: readonly string[] }[],
  name: string,
): asserts verdicts is ClaimVerdict[] {
  const wrong = (what: string) =>
    new InvalidInputError({
      domain: 'answer',
      where: 'verifier',
      message: `The verifier ${name} gave ${what}.`,
      hint: 'verify() must give one { verdict, probability, supporting } for each claim, in the order given.',
    });
  if (!Array.isArray(verdicts)) throw wrong('no list of verdicts');
  if (verdicts.length !== checks.length)
    throw wrong(`${verdicts.length} verdicts for ${checks.length} claims`);
  for (const [at, each] of verdicts.entries()) {
    const { verdict, probability, supporting } = (each ?? {}) as Partial<ClaimVerdict>;
    if (!checkedVerdicts.includes(verdict!)) throw wrong(`the verdict ${JSON.stringify(verdict)}`);
    if (!(probability! >= 0 && probability! <= 1)) throw wrong(`the probability ${probability}`);
    const isPlace = (place: unknown) => checks[at]!.texts[place as number] !== undefined;
    if (!Array.isArray(supporting) || !supporting.every(isPlace))
      throw wrong(`${JSON.stringify(supporting)} as the sentences that support a claim`);
  }
}

interface CheckedClaim {
  claim: string;
  evidence: Evidence[];
  verdict: ClaimVerdict;
}

function evidenceOf(
  passage: Passage,
  { marker, language }: { marker: number; language: string | undefined },
): Evidence {
  const context = [...new Set([passage.title, ...passage.headingPath])]
    .filter((text) => text !== '')
    .join('. ');
  const spans = sentences(passage.text, language).map(({ start, end }) => ({
    start: passage.start + start,
    end: passage.start + end,
    quote: passage.text.slice(start, end),
  }));
  return {
    marker,
    passage,
    texts: [context, ...spans.map(({ quote }) => quote)],
    spans: [undefined, ...spans],
  };
}

/** What a claim is held against: each cited passage, all of them together, and the others that have most of its words. */
function readingsOf(
  { claim, cited }: { claim: string; cited: readonly number[] },
  all: readonly Evidence[],
): Evidence[][] {
  const own = cited.map((marker) => all[marker - 1]!);
  const others = all
    .filter(({ marker }) => !cited.includes(marker))
    .map((evidence) => ({ evidence, covered: overlapSignals(claim, evidence.texts).covered }))
    .toSorted((a, b) => b.covered - a.covered)
    .slice(0, mostOthers)
    .map(({ evidence }) => [evidence]);
  return [...own.map((each) => [each]), ...(own.length > 1 ? [own] : []), ...others];
}

/** A claim that only a heading has is borne out by no sentence. */
function withoutHeadings(verdict: ClaimVerdict, evidence: readonly Evidence[]): ClaimVerdict {
  const spans = evidence.flatMap((each) => each.spans);
  const supporting = verdict.supporting.filter((at) => spans[at] !== undefined);
  if (supporting.length > 0 || verdict.verdict === 'not found') return { ...verdict, supporting };
  return { verdict: 'not found', probability: Math.min(verdict.probability, justUnderEven), supporting: [] };
}

const justUnderEven = 0.49;
const unread: ClaimVerdict = { verdict: 'not found', probability: 0, supporting: [] };

function spansOf({ supporting }: ClaimVerdict, evidence: readonly Evidence[]): SourceSpan[] {
  const places = evidence.flatMap(({ marker, passage, spans }) =>
    spans.map((span) => span && { marker, documentId: passage.documentId, uri: passage.uri, ...span }),
  );
  return supporting.map((at) => places[at]!);
}

/** What is cited counts before what is not, and support before contradiction: a passage on something else contradicts much. */
function bestOf<Checked extends CheckedClaim>(
  checked: readonly Checked[],
  cited: readonly number[],
): Checked | undefined {
  const isCited = ({ evidence }: CheckedClaim) => evidence.every(({ marker }) => cited.includes(marker));
  const rank = (each: CheckedClaim) =>
    ({ supported: 4, contradicted: 2, 'not found': 0 })[each.verdict.verdict] + Number(isCited(each));
  return checked.toSorted((a, b) => rank(b) - rank(a) || b.verdict.probability - a.verdict.probability)[0];
}

/**
 * Of the claims that no other citation of the sentence bears out, the one that its passage bears out least; where the others bear out all, the one that it
 * bears out best.
 */
function verdictOfCitation(
  { marker }: Citation,
  ofSentence: readonly CheckedClaim[],
): Citation['verdict'] | undefined {
  const isAlone = ({ evidence }: CheckedClaim) => evidence.length === 1 && evidence[0]!.marker === marker;
  const own = ofSentence.filter(isAlone).toSorted((a, b) => a.verdict.probability - b.verdict.probability);
  const left = own.filter(
    ({ claim }) =>
      !ofSentence.some(
        (each) =>
          each.claim === claim &&
          !isAlone(each) &&
          each.verdict.verdict === 'supported' &&
          each.evidence.length === 1,
      ),
  );
  const decisive = left[0] ?? own.at(-1);
  // Two passages may bear a sentence out together that neither does alone.
  const together = ofSentence.find(
    ({ evidence, verdict }) =>
      evidence.length > 1 &&
      verdict.verdict === 'supported' &&
      spansOf(verdict, evidence).some((span) => span.marker === marker),
  );
  if (together && decisive?.verdict.verdict !== 'supported')
    return { label: 'supported', score: together.verdict.probability };
  return decisive && { label: decisive.verdict.verdict, score: decisive.verdict.probability };
}
