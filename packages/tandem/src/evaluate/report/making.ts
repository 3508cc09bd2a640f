import { counted } from '../../core/counted.ts';
import type { ComparisonResult, Provenance } from '../comparison-result.ts';
import { describeDependentCases } from '../describe-dependent-cases.ts';
import { formatValue } from '../format.ts';
import type { MarkedArm } from './arms.ts';
import { type Content, type Html, html } from './html.ts';

/** How the comparison was made: whatever its reader needs to trust it, to doubt it, or to repeat it. */
export function makingSection(result: ComparisonResult, arms: readonly MarkedArm[]): Html {
  const { provenance, subject, options } = result;
  const { grammar, retrieval, training, leakage, machine } = provenance;
  return html`
<div class="grid2">
${card('What was compared', [
  ['Model', subject.model],
  ['Model hash', mono(subject.modelHash)],
  ['Embedder', subject.embedder],
  ['Embedder hash', mono(subject.embedderHash)],
  ...arms.map((arm): Row => [`${arm.label}${arm.reference ? ' (yardstick)' : ''}`, arm.description]),
])}
${card('What they share', [
  [
    'Grammar',
    grammar &&
      `${grammar.used ? "Every arm's reply was held to the output schema by a grammar." : 'No arm was held to a grammar.'}${grammar.note ? ` ${grammar.note}` : ''}`,
  ],
  ['Index', retrieval?.index],
  ['Embedder of the index', retrieval?.embedder],
  ['Passages in the prompt (k)', retrieval?.k],
  ['Documents', retrieval?.documents?.toLocaleString('en')],
  ['Chunks', retrieval?.chunks?.toLocaleString('en')],
  ['Retrieval', retrieval?.note],
  ['Cases', `${counted(result.cases.length, 'case')}, ${counted(result.slices[0]!.groups, 'group')}`],
  ['Not independent', describeDependentCases(result) || undefined],
  ['Order', 'Arms took turns on every case, in an order drawn anew for each.'],
  [
    'Latency',
    options.latencyCases > 0
      ? `A pass of its own over ${counted(options.latencyCases, 'case')}: one answer at a time, arms taking turns, each warmed up first.`
      : 'Not measured.',
  ],
])}
${
  training &&
  card('Training', [
    ['Adapter', mono(training.adapterId)],
    ['Examples', mixOf(training.mix)],
    ...Object.entries(training.hyperparameters).map(([name, value]): Row => [name, plain(value)]),
    ...Object.entries(training.metrics ?? {}).map(
      ([name, value]): Row => [name, value.toLocaleString('en', { maximumSignificantDigits: 6 })],
    ),
    ...Object.entries(training.lineage).map(([name, value]): Row => [name, mono(value)]),
  ])
}
${
  leakage &&
  card('Was the test known?', [
    [
      'Checked',
      `${counted(leakage.checkedExamples, 'training example')} against ${counted(leakage.checkedCases, 'case')}: same group, same question, same answer.`,
    ],
    ['Found', leakage.findings === 0 ? 'Nothing.' : counted(leakage.findings, 'finding')],
    ...leakage.reviewed.map((review): Row => [`Reviewed: ${review.what}`, review.reason]),
  ])
}
${card('Statistics', [
  [
    'Intervals',
    `${Math.round(options.level * 100)} %, of shares by the cluster-robust variance over groups with a case at either bound; BCa bootstrap of the other means (${options.resamples.toLocaleString('en')} resamples of whole groups, widened for few groups); percentile bootstrap of medians and percentiles. Where all groups agree, from how many agreed.`,
  ],
  [
    'Tests',
    'Two-sided sign-flip test of the paired differences, whole groups swapped; exact where the values allow it.',
  ],
  [
    'Adjusted',
    'By Holm: the primary metric over all pairs; the primary metric over all kinds and pairs; all other metrics over all pairs; yardsticks apart.',
  ],
  [
    'Primary metric',
    `${result.metrics.find((m) => m.id === result.primary.metric)!.name}. ${result.primary.why}`,
  ],
])}
${card('Where and when', [
  ['Started', result.startedAt],
  ['Finished', result.finishedAt],
  ['Command', mono(provenance.command)],
  [
    'Commit',
    mono(provenance.commit && `${provenance.commit}${provenance.dirty ? ' with uncommitted changes' : ''}`),
  ],
  ['System', machine?.system],
  [
    'Processor',
    machine &&
      `${machine.cpu}, ${counted(machine.cores, 'core')}, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB`,
  ],
  ['Node', machine?.node],
  [
    'Seeds',
    Object.entries({ comparison: options.seed, ...provenance.seeds })
      .map(([name, seed]) => `${name} ${seed}`)
      .join(', '),
  ],
  ['Comparison', mono(result.id)],
  ...(provenance.notes ?? []).map((note): Row => [note.label, note.text]),
])}
</div>
${provenance.prompts && provenance.prompts.length > 0 && promptTable(provenance.prompts)}
${
  provenance.devLooks &&
  html`<h3>Looks at these cases</h3>
<p>${
    provenance.devLooks.length === 1
      ? 'This is the first time that these cases were looked at.'
      : `These cases were looked at ${provenance.devLooks.length} times: the more often, the less they are held out.`
  }</p>
<ul>${provenance.devLooks.map((look) => html`<li><span class="mono">${look.at}</span> ${look.purpose}</li>`)}</ul>`
}`;
}

type Row = [label: string, value: Content];

function card(title: string, rows: Row[]): Html {
  const known = rows.filter(([, value]) => value !== undefined && value !== false && value !== '');
  if (known.length === 0) return html``;
  return html`<section class="card"><h3>${title}</h3><dl>${known.map(
    ([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`,
  )}</dl></section>`;
}

function promptTable(prompts: NonNullable<Provenance['prompts']>): Html {
  return html`<h3>Prompts tried</h3>
<p>Chosen on validation cases, with the same number of variants for each arm unless the table says otherwise.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table: prompts tried"><table>
<thead><tr><th scope="col">Arm</th><th scope="col" class="words">Variant</th><th scope="col" class="words">Metric</th><th scope="col">Score</th><th scope="col">Cases</th><th scope="col" class="words">Prompt</th></tr></thead>
<tbody>${prompts.flatMap(({ arm, chosen, variants }) =>
    variants.map(
      (
        variant,
      ) => html`<tr><th scope="row">${arm}</th><td class="words">${variant.id}${variant.id === chosen && html` <span class="tag">chosen</span>`}</td>
<td class="words">${variant.metric}</td><td>${formatValue(variant.score, 'score')}</td><td>${variant.cases}</td>
<td class="words">${variant.text && html`<details><summary>show</summary><pre>${variant.text}</pre></details>`}</td></tr>`,
    ),
  )}</tbody></table></div>`;
}

function mixOf(mix: Record<string, number>): string {
  const total = Object.values(mix).reduce((sum, count) => sum + count, 0);
  return `${total.toLocaleString('en')}: ${Object.entries(mix)
    .map(([kind, count]) => `${kind} ${count.toLocaleString('en')}`)
    .join(', ')}`;
}

function mono(text: string | undefined | false): Content {
  return text ? html`<span class="mono">${text}</span>` : undefined;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
