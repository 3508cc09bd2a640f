import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { compareGivenArms } from './compare-given-arms.fixture.ts';
import type { ComparisonResult } from './comparison-result.ts';
import { createMetrics, defaultPrimary } from './metrics/index.ts';
import { escapeHtml, html } from './report/html.ts';
import { renderReport } from './report.ts';
import { summarise } from './summary.ts';
import { syntheticComparison, syntheticOptions } from './synthetic-comparison.fixture.ts';

const chances = {
  base: { '*': 0.05 },
  rag: { '*': 0.45 },
  tuned: { '*': 0.2 },
  hybrid: { '*': 0.85 },
  'rag+glossary': { '*': 0.5 },
};
const references = ['rag+glossary'];
const hostile = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&lt;</style></summary>\u0000\ud800 {{x}} \${y}`;

const documentOf = (report: string) => parseHTML(report).document;

describe('the report', () => {
  let result: ComparisonResult;
  const rendered = async () => {
    result ??= await syntheticComparison({ chances, references, groups: 12, resamples: 300 });
    return renderReport(result);
  };

  it('starts with the model it was measured on', async () => {
    const document = documentOf(await rendered());
    const text = document.querySelector('header')!.textContent.trim();
    expect(document.body.textContent).not.toMatch(/undefined|NaN|\[object/);
    expect(text.startsWith('Measured on Dice-135M (synthetic) (135 M parameters).')).toBe(true);
    expect(document.querySelector('h1')!.textContent).toBe('Use hybrid');
  });

  it('asks for nothing from outside, and allows its own style and script only', async () => {
    const report = await rendered();
    const document = documentOf(report);
    expect(
      document.querySelectorAll('link, img, iframe, object, embed, [src], [style], [onclick]'),
    ).toHaveLength(0);
    const policy = document
      .querySelector('meta[http-equiv="Content-Security-Policy"]')!
      .getAttribute('content')!;
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+';/);
    expect(document.querySelectorAll('script')).toHaveLength(1);
    for (const link of document.querySelectorAll('a')) {
      const target = link.getAttribute('href')!;
      expect(target.startsWith('#')).toBe(true);
      expect(document.getElementById(target.slice(1)), target).not.toBeNull();
    }
    expect(report).not.toMatch(/@import|url\(/);
  });

  it('has the table with intervals and n, once for all cases and once a kind', async () => {
    const document = documentOf(await rendered());
    const tables = [...document.querySelectorAll('#table .pin table')];
    expect(tables).toHaveLength(4);
    const row = [...tables[0]!.querySelectorAll('tbody tr')].find((tr) =>
      tr.textContent.includes('Right answers'),
    )!;
    expect(row.querySelectorAll('td')).toHaveLength(5);
    for (const cell of row.querySelectorAll('td')) expect(cell.textContent).toMatch(/^\d+ %\d+ to \d+$/);
    expect(document.querySelector('#table')!.textContent).toContain('36 cases, 12 groups');
    expect(tables[0]!.textContent).toMatch(/· n \d+/);
  });

  it('draws every arm in every plot, with the numbers in words for who cannot see it', async () => {
    const document = documentOf(await rendered());
    const plots = [...document.querySelectorAll('svg')];
    expect(plots.length).toBeGreaterThan(15);
    for (const plot of plots) expect(plot.getAttribute('aria-label')!.length).toBeGreaterThan(20);
    expect(plots[0]!.querySelectorAll('.mark')).toHaveLength(5);
    for (const shape of document.querySelectorAll('svg line, svg circle, svg rect')) {
      for (const name of ['x1', 'x2', 'cx', 'x']) {
        const at = shape.getAttribute(name);
        if (at !== null) expect(Number(at)).toBeGreaterThanOrEqual(-1);
        if (at !== null) expect(Number(at)).toBeLessThanOrEqual(341);
      }
    }
  });

  it('holds the stated confidence against what was right', async () => {
    const document = documentOf(await rendered());
    const plot = [...document.querySelectorAll('.plot')].find((figure) =>
      figure.textContent.includes('confidence true'),
    )!;
    expect(plot.querySelectorAll('polyline')).toHaveLength(5);
    const drawn = [...plot.querySelectorAll('.arm3 circle title')].map((title) =>
      Number(/n (\d+)/.exec(title.textContent)![1]),
    );
    expect(drawn.reduce((sum, n) => sum + n, 0)).toBe(36);
    expect(plot.textContent).toMatch(/hybrid: off by 0\.\d\d/);
  });

  it('shows all answers to every case, and its passages', async () => {
    const document = documentOf(await rendered());
    const cases = [...document.querySelectorAll('.case')];
    expect(cases).toHaveLength(36);
    const byId = new Map(result.cases.map((record) => [record.case.id, record]));
    cases.forEach((item) => {
      const [, id] = /case (\S+) · group/.exec(item.textContent)!;
      const record = byId.get(id!)!;
      expect(item.querySelectorAll('.answer')).toHaveLength(5);
      expect(item.textContent).toContain(record.case.question);
      expect(item.querySelector('.answer.arm3 .said')!.textContent).toBe(record.arms.hybrid!.answer!.text);
      const outcomes = JSON.parse(item.getAttribute('data-outcomes')!);
      expect(outcomes.hybrid.includes('right')).toBe(record.arms.hybrid!.values.right === 1);
    });
    expect(document.querySelectorAll('.passages li.holds').length).toBeGreaterThan(5);
  });

  it('has the worst cases first, yardsticks not counted', async () => {
    const document = documentOf(await rendered());
    const right = [...document.querySelectorAll('.case')].map((item) => {
      const outcomes: Record<string, string[]> = JSON.parse(item.getAttribute('data-outcomes')!);
      return Object.keys(outcomes).filter(
        (arm) => !references.includes(arm) && outcomes[arm]!.includes('right'),
      ).length;
    });
    expect(right).toEqual([...right].sort((a, b) => a - b));
    expect(right[0]).toBeLessThan(right.at(-1)!);
  });

  it('marks under a wrong answer the words in which it differs, by lines and in words, not by colour alone', async () => {
    const report = await rendered();
    const document = documentOf(report);
    const marked = [...document.querySelectorAll('.answer')].filter((card) => card.querySelector('del, ins'));
    expect(marked.length).toBeGreaterThan(5);
    for (const card of marked) expect(card.querySelector('.wrong')!.textContent).toContain('wrong');
    const text = marked[0]!.querySelector('del, ins')!.parentElement!.textContent;
    expect(text).toContain('(missing: ');
    expect(text).toContain('(added: ');
    expect(report).toMatch(/del \{ text-decoration: line-through/);
    expect(report).toMatch(/ins \{ text-decoration: underline/);
  });

  it('shows hostile text as text, wherever it comes from', async () => {
    const options = syntheticOptions({ chances, references, groups: 3, resamples: 200 });
    const cases = options.cases.map((testCase) => ({
      ...testCase,
      id: `${testCase.id}${hostile}`,
      question: hostile,
      kind: `${testCase.kind}${hostile}`,
      expected: { intent: hostile, [hostile]: hostile, entities: { condition: hostile }, response: hostile },
    }));
    const arms = options.arms.map((arm) => ({
      ...arm,
      label: `${arm.label}${hostile}`,
      description: hostile,
      answer: async (...args: Parameters<typeof arm.answer>) => {
        const answer = await arm.answer(...args);
        return {
          ...answer,
          text: `${hostile} [1] [7]`,
          raw: hostile,
          searchQuery: hostile,
          traceId: hostile,
          output: { [hostile]: hostile },
          passages: answer.passages.map((passage) => ({
            ...passage,
            text: hostile,
            title: hostile,
            uri: `javascript:alert(1)//${hostile}`,
          })),
        };
      },
    }));
    const nasty = await compareGivenArms({
      ...options,
      project: hostile,
      cases,
      arms,
      subject: { model: hostile, embedder: hostile },
      provenance: {
        command: hostile,
        notes: [{ label: hostile, text: hostile }],
        prompts: [
          {
            arm: hostile,
            chosen: hostile,
            variants: [{ id: hostile, score: 0, metric: hostile, cases: 1, text: hostile }],
          },
        ],
        devLooks: [{ at: hostile, purpose: hostile }],
        training: {
          adapterId: hostile,
          mix: { [hostile]: 1 },
          hyperparameters: { [hostile]: hostile },
          lineage: { [hostile]: hostile },
        },
      },
    });
    nasty.failures.push({ arm: hostile, caseId: hostile, message: hostile, code: hostile });
    const report = renderReport(nasty);
    const document = documentOf(report);
    expect(document.querySelectorAll('script')).toHaveLength(1);
    expect(document.querySelectorAll('img, [onerror], [src]')).toHaveLength(0);
    expect(document.querySelectorAll('style')).toHaveLength(1);
    for (const link of document.querySelectorAll('a')) expect(link.getAttribute('href')).toMatch(/^#/);
    expect(report).not.toContain('<script>alert');
    expect(report).not.toContain('\u0000');
    expect(report.isWellFormed()).toBe(true);
    expect(document.querySelectorAll('.case')).toHaveLength(9);
    // Read back, the text is what it was but for what HTML cannot hold.
    expect(document.querySelector('.answer .said')!.textContent).toContain(
      `"><script>alert(1)</script><img src=x`,
    );
  });
});

describe('a project with plain answers', () => {
  it('is compared and reported without schema, kinds, groups, sources or passages', async () => {
    const { arms, ...options } = syntheticOptions({
      chances: { base: { '*': 0.1 }, rag: { '*': 0.9 } },
      groups: 16,
    });
    const settings = { notInSources: 'I do not know.', styleRules: [] };
    const result = await compareGivenArms({
      ...options,
      cases: options.cases.map(({ id, question, expected }) => ({
        id,
        question,
        expected: (expected as { response: string }).response,
      })),
      arms: arms.map((arm, i) => ({
        ...arm,
        answer: async (testCase, signal) => {
          const { output: _, ...answer } = await arm.answer(
            { ...options.cases.find((c) => c.id === testCase.id)! },
            signal,
          );
          return { ...answer, passages: [], citations: [], danglingMarkers: i === 1 ? [1] : [] };
        },
      })),
      metrics: createMetrics(settings),
      primary: defaultPrimary(settings),
    });
    expect(result.primary.metric).toBe('right');
    expect(result.verdict.choice).toBe('rag');
    expect(result.verdict.headline).toMatch(
      /Right answers: rag \d+ %, base \d+ %, a difference of \d+ points/,
    );
    expect(result.slices).toHaveLength(1);
    expect(result.slices[0]!.groups).toBe(48);
    const document = documentOf(renderReport(result));
    expect(document.querySelector('[name=kind]')).toBeNull();
    expect(document.querySelectorAll('.case')).toHaveLength(48);
    expect(document.querySelectorAll('.answer .wrong[title="names no passage"]').length).toBeGreaterThan(0);
    expect(document.body.textContent).not.toMatch(/undefined|NaN|\[object/);
    expect(summarise(result, { width: 100 })).not.toMatch(/undefined|NaN/);
  });
});

describe('html', () => {
  it('escapes all but what it made itself', () => {
    expect(
      html`<p title="${'"'}">${'<b>'}${html`<i>${'&'}</i>`}${[1, 'x']}${undefined}${false}</p>`.text,
    ).toBe('<p title="&quot;">&lt;b&gt;<i>&amp;</i>1x</p>');
    expect(escapeHtml('a\u0007b\n\tc\u0085')).toBe('a\ufffdb\n\tc\ufffd');
  });
});

describe('the table for a terminal', () => {
  it('starts with the model, says the verdict, and keeps to the width', async () => {
    const result = await syntheticComparison({ chances, references, groups: 12, resamples: 300 });
    for (const width of [72, 100, 200]) {
      const lines = summarise(result, { width }).split('\n');
      expect(lines[0]).toMatch(/^Measured on Dice-135M/);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    }
    const text = summarise(result, { width: 200 });
    expect(text).toContain('Use hybrid: it does better than every other arm');
    expect(text).toMatch(/Right answers {2,}\d+ % \(\d+–\d+\)/);
    expect(text).toMatch(/\n {2}jargon {2,}/);
    expect(text).toContain('[rag+glossary]');
    expect(text).toContain('36 cases, 12 groups');
  });
});
