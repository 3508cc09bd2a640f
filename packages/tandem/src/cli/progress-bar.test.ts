import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ProgressBar, progressBar } from './progress-bar.ts';

let output: { text: string; at: number }[];
let bar: ProgressBar;

function start(isTTY: boolean): void {
  bar = progressBar('tandem ingest', {
    isTTY,
    columns: 60,
    write: (text: string | Uint8Array) => output.push({ text: String(text), at: Date.now() }) > 0,
  } as NodeJS.WriteStream);
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  output = [];
});
afterEach(() => {
  bar.end();
  vi.useRealTimers();
});

const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);
const lines = () => output.map(({ text }) => text);

describe('where there is no terminal', () => {
  beforeEach(() => start(false));

  test('quick work says nothing', () => {
    for (let done = 0; done <= 100; done++) {
      bar({ stage: 'embedding', done, total: 100, unit: 'chunks' });
      pass(0.015);
    }
    bar({ stage: 'updating the index', done: 0, unit: 'steps' });
    bar.end();
    pass(60);
    expect(output).toEqual([]);
  });

  test('no five seconds pass without a line, whether events come or not', () => {
    pass(6);
    for (let done = 0; done <= 300; done++) {
      bar({ stage: 'ingesting', done, total: 300, unit: 'documents', detail: `page ${done}` });
      pass(0.1);
    }
    bar({ stage: 'updating the index', done: 0, unit: 'steps' });
    pass(21);
    const times = [0, ...output.map(({ at }) => at), Date.now()];
    const gaps = times.slice(1).map((at, index) => at - times[index]!);
    expect(Math.max(...gaps)).toBeLessThan(5000);
    // And no flood either.
    expect(output.length).toBeLessThan(25);
    expect(lines().every((line) => /^[^\r\n]+\n$/.test(line))).toBe(true);
    expect(lines()[0]).toBe('tandem ingest: 3 s so far\n');
    expect(lines()).toContain('ingesting: 300 of 300 documents (page 300), 30 s so far\n');
    expect(
      lines().some((line) => /^ingesting: \d+ of 300 documents \(page \d+\), about \d+ s left\n$/.test(line)),
    ).toBe(true);
    expect(lines().at(-1)).toMatch(/^updating the index: \d+ s so far\n$/);
  });

  test('work within other work is shown while it lasts', () => {
    pass(3);
    bar({ stage: 'answering', done: 0, total: 1, unit: 'questions' });
    bar({ stage: 'loading local:large', done: 0, total: 1, unit: 'models' });
    pass(10);
    bar({ stage: 'loading local:large', done: 1, total: 1, unit: 'models' });
    output = [];
    pass(10);
    expect(lines().length).toBeGreaterThan(1);
    expect(lines().filter((line) => !/^answering: \d+ s so far\n$/.test(line))).toEqual([]);
  });

  test('rests after its end until there is an event again, and is quiet again at first', () => {
    pass(5);
    bar.end();
    output = [];
    pass(3600);
    expect(output).toEqual([]);
    bar({ stage: 'listing sources', done: 0, unit: 'documents' });
    pass(1);
    expect(output).toEqual([]);
    pass(4);
    expect(lines()).toEqual(['listing sources: 3 s so far\n']);
  });
});

describe('on a terminal', () => {
  beforeEach(() => start(true));
  const clear = '\r\u001b[K';

  test('one line is written over, fits, and is gone after short work', () => {
    pass(0.9);
    bar({ stage: 'ingesting', done: 1, total: 4, unit: 'documents' });
    expect(output).toEqual([]);
    pass(0.2);
    bar({ stage: 'ingesting', done: 2, total: 4, unit: 'documents', detail: 'x'.repeat(200) });
    const last = lines().at(-1)!;
    expect(last).toMatch(/█{10}·{10} ingesting: 2 of 4 documents \(x+$/);
    expect(last.slice(clear.length)).toHaveLength(59);
    bar.end();
    expect(lines().at(-1)).toBe(clear);
  });

  test('what took long stays above what comes next, and above what is printed between', () => {
    pass(1);
    bar({ stage: 'fetching', done: 0, total: 2e6, unit: 'bytes' });
    pass(3);
    bar({ stage: 'fetching', done: 2e6, total: 2e6, unit: 'bytes' });
    expect(lines().at(-1)).toBe(`${clear}${'█'.repeat(20)} fetching: 2.0 of 2.0 MB, 3 s so far`);
    bar({ stage: 'loading', done: 0, total: 1, unit: 'models' });
    expect(lines().slice(-2)).toEqual(['\n', `${clear}${'·'.repeat(20)} loading`]);
    pass(2);
    bar.breakLine();
    expect(lines().slice(-2)).toEqual([`${clear}${'·'.repeat(20)} loading: 2 s so far`, '\n']);
    pass(1);
    expect(lines().at(-1)).toBe(`${clear}${'·'.repeat(20)} loading: 3 s so far`);
  });
});
