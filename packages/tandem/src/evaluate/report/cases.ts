import { withoutMarkers } from '../../answer/citations.ts';
import type { AnswerRecord, CaseRecord, ComparisonResult } from '../comparison-result.ts';
import { formatValue } from '../format.ts';
import type { MarkedArm } from './arms.ts';
import { type Content, type Html, html } from './html.ts';
import { diffWords } from './word-diff.ts';

/** Every case with all arms' answers side by side, the worst first, folded; a filter bar that shows itself only where scripts run. */
export function casesSection(result: ComparisonResult, arms: readonly MarkedArm[]): Html {
  return html`<form class="filters" id="filters" hidden>
${
  result.kinds.length > 1 &&
  html`<label>Kind<select name="kind"><option value="">all</option>${result.kinds.map((kind) => html`<option>${kind}</option>`)}</select></label>`
}
<label>Arm<select name="arm"><option value="">any</option>${arms.map((arm) => html`<option value="${arm.name}">${arm.label}</option>`)}</select></label>
<label>Outcome<select name="outcome"><option value="">all</option>${Object.entries(outcomeNames).map(
    ([id, name]) => html`<option value="${id}">${name}</option>`,
  )}</select></label>
<label>Words<input name="words" type="search" placeholder="in question or answers"></label>
<button type="button" id="unfold">Unfold all shown</button>
<span id="shown" role="status" class="muted"></span>
</form>
<p class="muted">The cases that arms did worst on come first. Under a wrong answer, <del>words of the expected one that it lacks</del> are struck through and <ins>words that it adds</ins> underlined.</p>
${worstFirst(result).map((record, index) => caseItem(result, record, index, arms))}`;
}

/** By the mean of the primary metric over the arms that can be chosen; cases without a value last, equal ones as they were. */
export function worstFirst({ cases, arms, metrics, primary }: ComparisonResult): CaseRecord[] {
  const names = arms.filter(({ reference }) => !reference).map(({ name }) => name);
  const sign = metrics.find(({ id }) => id === primary.metric)?.direction === 'lower' ? -1 : 1;
  const rank = (record: CaseRecord) => {
    const values = names.flatMap((name) => record.arms[name]?.values[primary.metric] ?? []);
    if (values.length === 0) return Number.POSITIVE_INFINITY;
    return (sign * values.reduce((sum, value) => sum + value, 0)) / values.length;
  };
  const ranks = new Map(cases.map((record) => [record, rank(record)]));
  return [...cases].sort((a, b) => {
    const [left, right] = [ranks.get(a)!, ranks.get(b)!];
    return left === right ? 0 : left - right;
  });
}

const outcomeNames = {
  right: 'right',
  wrong: 'wrong',
  abstained: 'abstained',
  cited: 'cites the right passage',
  missed: 'right passage not retrieved',
  failed: 'failed',
};
type Outcome = keyof typeof outcomeNames;

function caseItem(
  result: ComparisonResult,
  record: CaseRecord,
  index: number,
  arms: readonly MarkedArm[],
): Html {
  const outcomes = Object.fromEntries(arms.map((arm) => [arm.name, outcomesOf(record, arm)]));
  const shared = passagesOf(result, record, index, arms);
  return html`<details class="case" id="case-${index + 1}" data-kind="${record.case.kind ?? ''}" data-outcomes="${JSON.stringify(outcomes)}">
<summary><span class="q">${record.case.question}${record.case.kind && html`<small>${record.case.kind}</small>`}</span>
<span class="marks">${arms.map((arm) => mark(arm, outcomes[arm.name]!))}</span></summary>
<div class="inside">
<section><h3>Expected</h3>${expected(record.case.expected)}
<small>case ${record.case.id} · group ${record.group}${record.case.source && ` · answer stands in ${record.case.source.documentId}, ${record.case.source.start}–${record.case.source.end}`}</small></section>
<div class="answers">${arms.map((arm) => answerCard(record, arm, shared, outcomes[arm.name]!))}</div>
${shared.length > 0 && passageList(shared, arms)}
</div></details>`;
}

function outcomesOf(record: CaseRecord, arm: MarkedArm): Outcome[] {
  const own = record.arms[arm.name]!;
  const { values } = own;
  return [
    ...(values.right === undefined ? [] : [values.right === 1 ? ('right' as const) : ('wrong' as const)]),
    ...(own.answer?.abstained ? ['abstained' as const] : []),
    ...(values.cited === 1 ? ['cited' as const] : []),
    ...(values.hit === 0 ? ['missed' as const] : []),
    ...(own.failure ? ['failed' as const] : []),
  ];
}

function mark(arm: MarkedArm, outcomes: readonly Outcome[]): Html {
  const state = outcomes.includes('failed')
    ? { look: 'tick0', sign: '!', word: 'failed' }
    : outcomes.includes('right')
      ? { look: 'tick1', sign: '✓', word: 'right' }
      : outcomes.includes('wrong')
        ? { look: 'tick0', sign: '✗', word: outcomes.includes('abstained') ? 'abstained' : 'wrong' }
        : { look: 'tick0', sign: '·', word: 'not scored' };
  return html`<span class="${state.look}" title="${`${arm.label}: ${state.word}`}"><b aria-label="${state.word}">${state.sign}</b> ${arm.label}</span>`;
}

function expected(value: CaseRecord['case']['expected']): Html {
  if (typeof value === 'string') return html`<p class="said">${value}</p>`;
  return html`<dl>${flattened(value).map(([path, text]) => html`<dt>${path}</dt><dd>${text}</dd>`)}</dl>`;
}

function answerCard(
  record: CaseRecord,
  arm: MarkedArm,
  shared: readonly SharedPassage[],
  outcomes: readonly Outcome[],
): Html {
  const { answer, failure, values } = record.arms[arm.name]!;
  const heading = html`<h4><span>${arm.label}</span><span class="${outcomes.includes('right') ? 'rightly' : 'wrong'}">${outcomes
    .filter((outcome) => outcome !== 'cited' && outcome !== 'missed')
    .map((outcome) => outcomeNames[outcome])
    .join(', ')}</span></h4>`;
  if (!answer) {
    return html`<article class="answer ${arm.mark}">${heading}<p class="said">${failure?.message ?? 'No answer.'}</p>${failure?.hint && html`<small>${failure.hint}</small>`}</article>`;
  }
  const fields = answer.output ? flattened(answer.output).filter(([, text]) => text !== answer.text) : [];
  const facts: [string, Content][] = [
    ...fields,
    ...(answer.output === undefined && 'valid-json' in values
      ? [['reply', html`<span class="wrong">not valid JSON</span>`] as [string, Content]]
      : []),
    ['search query', answer.searchQuery],
    ['confidence', answer.confidence?.toFixed(2)],
    ['token F1', values['token-f1']?.toFixed(2)],
    [
      'citations right',
      values['citation-precision'] === undefined
        ? undefined
        : formatValue(values['citation-precision'], 'share'),
    ],
    [
      'tokens',
      `${answer.usage.promptTokens.toLocaleString('en')} in, ${answer.usage.completionTokens.toLocaleString('en')} out`,
    ],
    ['trace', html`<span class="mono">${answer.traceId}</span>`],
  ];
  return html`<article class="answer ${arm.mark}">${heading}
<p class="said">${withMarkers(answer, shared)}</p>
${outcomes.includes('wrong') && !answer.abstained && againstExpected(record, answer)}
<dl>${facts
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>
${
  answer.raw !== answer.text &&
  html`<details><summary>What the model wrote</summary><pre>${answer.raw}</pre></details>`
}</article>`;
}

/** The expected text with what is missing and what was added; nothing where they have no word in common to hold on to. */
function againstExpected({ case: { expected: wanted } }: CaseRecord, answer: AnswerRecord): Html | undefined {
  const text = typeof wanted === 'string' ? wanted : textFieldOf(wanted, answer);
  const parts = text === undefined ? undefined : diffWords(withoutMarkers(text), withoutMarkers(answer.text));
  if (!parts?.some(({ kind }) => kind === 'both')) return undefined;
  return html`<details open><summary>Against the expected answer</summary><p class="said">${parts.map(
    ({ kind, text: part }) =>
      kind === 'both'
        ? part
        : kind === 'missing'
          ? html`<del><span class="unseen">(missing: </span>${part}<span class="unseen">)</span></del>`
          : html`<ins><span class="unseen">(added: </span>${part}<span class="unseen">)</span></ins>`,
  )}</p></details>`;
}

/** Of a structured reply: the expected field in whose place the answer has what people read. */
function textFieldOf(expected: Record<string, unknown>, answer: AnswerRecord): string | undefined {
  const path = flattened(answer.output ?? {}).find(([, text]) => text === answer.text)?.[0];
  return flattened(expected).find(([own]) => own === path)?.[1];
}

/** `[n]` becomes a link to the passage it names; one that names none is marked as wrong. */
function withMarkers(answer: AnswerRecord, shared: readonly SharedPassage[]): Content[] {
  const dangling = new Set(answer.danglingMarkers);
  return answer.text.split(/(\[\s*\d+(?:\s*,\s*\d+)*\s*\])/u).map((part, i) => {
    if (i % 2 === 0) return part;
    return part.split(/(\d+)/u).map((piece, j) => {
      if (j % 2 === 0) return piece;
      const number = Number(piece);
      const key =
        answer.passages.find((passage) => passage.rank === number)?.id ?? answer.passages[number - 1]?.id;
      const target = shared.find((passage) => passage.key === key);
      if (dangling.has(number) || !target)
        return html`<span class="wrong" title="names no passage">${piece}</span>`;
      return html`<a href="#${target.anchor}" title="${target.title}">${piece}</a>`;
    });
  });
}

interface SharedPassage {
  key: string;
  anchor: string;
  title: string;
  uri: string;
  span: string;
  text: string;
  holdsSource: boolean;
  seen: { arm: string; rank: number }[];
}

/** The passages that any arm saw for this case, each once, with who saw it at which rank. */
function passagesOf(
  result: ComparisonResult,
  record: CaseRecord,
  index: number,
  arms: readonly MarkedArm[],
): SharedPassage[] {
  const found = new Map<string, SharedPassage>();
  for (const arm of arms) {
    for (const { id, rank, holdsSource } of record.arms[arm.name]!.answer?.passages ?? []) {
      const stored = result.passages[id];
      if (!stored) continue;
      const known = found.get(id) ?? {
        key: id,
        anchor: `case-${index + 1}-passage-${found.size + 1}`,
        title: stored.title,
        uri: stored.uri,
        span: `${stored.documentId}, ${stored.start}–${stored.end}`,
        text: stored.text,
        holdsSource: holdsSource ?? false,
        seen: [],
      };
      known.seen.push({ arm: arm.label, rank });
      found.set(id, known);
    }
  }
  return [...found.values()];
}

function passageList(shared: readonly SharedPassage[], arms: readonly MarkedArm[]): Html {
  const all = arms.filter((arm) => arm.retrieves).length;
  return html`<details><summary>Passages (${shared.length})</summary><ul class="passages">${shared.map(
    (
      passage,
    ) => html`<li id="${passage.anchor}" class="${passage.holdsSource ? 'holds' : ''}"><strong>${passage.title}</strong> <small>${passage.span} · ${source(passage.uri)}</small><br>
${passage.holdsSource && html`<span class="tag rightly">holds the answer</span> `}${passage.seen.map(({ arm, rank }) => html`<span class="tag">${all > 1 && `${arm} `}[${rank}]</span> `)}
<div class="said">${passage.text}</div></li>`,
  )}</ul></details>`;
}

/** Only web addresses become links: a document's uri may be anything. */
function source(uri: string): Content {
  return /^https?:\/\//u.test(uri) ? html`<a href="${uri}" rel="noreferrer">${uri}</a>` : uri;
}

function flattened(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, member]) => flattened(member, path ? `${path}.${key}` : key));
  }
  return [[path, typeof value === 'string' ? value : (JSON.stringify(value) ?? '')]];
}
