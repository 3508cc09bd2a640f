import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  callForms,
  headText,
  hermesForm,
  isWhole,
  llama3Form,
  matchHead,
  mistralArgsForm,
  mistralForm,
} from './call-form.ts';
import { readReply } from './read-reply.ts';
import { callReader, type ReplyEvent } from './reply-events.ts';

const tools = ['get_weather', 'get', 'add'];
const paris = { toolName: 'get_weather', input: '{"city": "Paris"}', whole: true };
const read = (text: string, form = hermesForm) => readReply(text, form, tools, { ended: true });

describe('a reply with calls', () => {
  it.each([
    [
      'as Qwen2.5 writes it',
      '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>',
    ],
    ['on one line', '<tool_call>{"name":"get_weather","arguments":{"city": "Paris"}}</tool_call>'],
    ['without its end', '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}'],
    ['without tags', '{"name": "get_weather", "arguments": {"city": "Paris"}}'],
    [
      'in a code block, over several lines',
      '```json\n{\n  "name": "get_weather",\n  "arguments": {"city": "Paris"}\n}\n```',
    ],
    ['in a code block of no language', '```\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n```'],
    ['between other tags', '<tools>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tools>'],
  ])('in the form of Hermes: %s', (_, text) => {
    expect(read(text).calls).toEqual([paris]);
    const behind = read(`I will look.\n\n${text}`);
    expect(behind.calls).toEqual([paris]);
    expect(behind.textEnd).toBe('I will look.\n\n'.length);
  });

  it('in the forms of Llama and Mistral', () => {
    const llama = '{"name": "get_weather", "parameters": {"city": "Paris"}}';
    expect(read(llama, llama3Form).calls).toEqual([paris]);
    const list =
      '[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Paris"}}, {"name": "add", "arguments": {"a": 1}, "id": "abcdefghi"}]';
    expect(read(list, mistralForm).calls).toEqual([
      paris,
      { toolName: 'add', input: '{"a": 1}', whole: true },
    ]);
    const named = 'Well.[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}[TOOL_CALLS]add[ARGS]{"a": 1}';
    expect(read(named, mistralArgsForm)).toMatchObject({
      textEnd: 5,
      calls: [paris, { toolName: 'add', input: '{"a": 1}', whole: true }],
    });
  });

  it('has several, in one form', () => {
    const one = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>';
    expect(read(`${one}\n${one}`).calls).toEqual([paris, paris]);
    const bare = '{"name": "get_weather", "arguments": {"city": "Paris"}}';
    expect(read(`${bare}\n${bare}`).calls).toEqual([paris, paris]);
  });

  it('has arguments with the marks of a call in them', () => {
    const input = JSON.stringify({ city: '</tool_call>"}}\n<tool_call>{"name": "add", "arguments": {' });
    const text = `<tool_call>\n{"name": "get_weather", "arguments": ${input}}\n</tool_call>`;
    expect(read(text).calls).toEqual([{ toolName: 'get_weather', input, whole: true }]);
  });
});

describe('what is no call stays text', () => {
  it.each([
    ['a tool that there is not', '<tool_call>\n{"name": "get_wether", "arguments": {}}\n</tool_call>'],
    ['arguments that are no JSON', '<tool_call>\n{"name": "add", "arguments": {a: 1}}\n</tool_call>'],
    ['arguments that are no object', '<tool_call>\n{"name": "add", "arguments": "1, 2"}\n</tool_call>'],
    ['no arguments', '<tool_call>\n{"name": "add"}\n</tool_call>'],
    ['a mark alone', 'It is called <tool_call> there.'],
    ['the beginning of a mark', 'a < b, and <tool'],
    ['an object of another kind', '{"name": "Alice", "age": 3}'],
    ['an object in the middle of a line', 'Such as {"name": "add", "arguments": {}} here.'],
    ['a code block of another kind', '```json\n{"city": "Paris"}\n```'],
    ['nothing', ''],
  ])('%s', (_, text) => {
    expect(read(text)).toEqual({ textEnd: text.length, calls: [] });
    // As it comes, arguments are given before it is seen that they end as no JSON; a grammar sees to it that they do not.
    if (!text.includes('{a: 1}'))
      expect(eventsOf(text, [...text])).toEqual(text === '' ? [] : [{ type: 'text', delta: text }]);
  });

  it('and a call behind it is one', () => {
    const text =
      '<tool_call>\n{"name": "nothing", "arguments": {}}\n</tool_call>\n<tool_call>{"name": "add", "arguments": {}}</tool_call>';
    expect(read(text).calls).toEqual([{ toolName: 'add', input: '{}', whole: true }]);
  });
});

/** What a reader gives of a reply that comes in pieces, with what belongs together joined. */
function eventsOf(text: string, parts: string[], form = hermesForm): ReplyEvent[] {
  const reader = callReader(form, tools);
  const events: ReplyEvent[] = [];
  let so = '';
  for (const part of parts) {
    so += part;
    events.push(...reader.push(so, so.length));
  }
  events.push(...reader.end(text));
  return events.reduce<ReplyEvent[]>((joined, event) => {
    const last = joined.at(-1);
    if ('delta' in event && last && 'delta' in last && last.type === event.type) last.delta += event.delta;
    else joined.push({ ...event });
    return joined;
  }, []);
}

const piece = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.constantFrom(
    'Let me look.\n',
    '<tool_call>',
    '<tool_',
    '\n{"name": "get_weather", "arguments": {"city": "Par\\"is"}}\n</tool_call>',
    '{"name": "add", "arguments": {"a": [1, {}]}}',
    '```json\n',
    '{"name": "ad',
    ' \n ',
    '}',
  ),
);

describe('a reply that comes in pieces', () => {
  it('is read as the whole is, and no character is lost or given twice', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.integer({ min: 1, max: 7 }), (pieces, size) => {
        const text = pieces.join('');
        const whole = eventsOf(text, [text]);
        expect(eventsOf(text, text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [])).toEqual(whole);
        const called = whole.some(({ type }) => type === 'call');
        const written = whole.map((event) => (event.type === 'text' ? event.delta : '')).join('');
        if (called) expect(text.trimStart().startsWith(written.trim())).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('gives arguments as they come, and text without the space before a call', () => {
    const text = 'Look.\n\n<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>';
    const reader = callReader(hermesForm, tools);
    const given = [...text].map((_, at) => reader.push(text.slice(0, at + 1), at + 1));
    expect(given.flat().filter(({ type }) => type === 'call-input')).toHaveLength('{"a": 1}'.length);
    expect(eventsOf(text, [...text])).toEqual([
      { type: 'text', delta: 'Look.' },
      { type: 'call-begin', index: 0, toolName: 'add' },
      { type: 'call-input', index: 0, delta: '{"a": 1}' },
      { type: 'call', index: 0, toolName: 'add', input: '{"a": 1}' },
    ]);
    expect(reader.calls).toBe(1);
    expect(reader.unfinished(text)).toBe('');
  });

  it('and breaks off within a call has that as unfinished', () => {
    const text = 'Look.\n<tool_call>\n{"name": "add", "arguments": {"a": 1';
    const reader = callReader(hermesForm, tools);
    reader.push(text, text.length);
    expect(reader.end(text)).toEqual([]);
    expect(reader.calls).toBe(0);
    expect(reader.unfinished(text)).toBe('<tool_call>\n{"name": "add", "arguments": {"a": 1');
  });

  it('ends where a call is an earlier one again, and gives that once', () => {
    const add = (a: number) => `<tool_call>\n{"name": "add", "arguments": {"a": ${a}}}\n</tool_call>`;
    const text = [add(1), add(12), add(1), add(3)].join('\n');
    const given = (parts: string[]) =>
      eventsOf(text, parts).flatMap((event) => (event.type === 'call' ? [event.input] : []));
    expect(given([text])).toEqual(['{"a": 1}', '{"a": 12}']);
    expect(given([...text])).toEqual(['{"a": 1}', '{"a": 12}']);
    expect(eventsOf(text, [...text]).filter(({ type }) => type === 'call-begin')).toHaveLength(2);
    const reader = callReader(hermesForm, tools);
    reader.push(text.slice(0, add(1).length * 2 + 2), 1000);
    expect(reader.repeats).toBe(false);
    reader.push(text, text.length);
    expect(reader.repeats).toBe(true);
    expect(reader.unfinished(text)).toBe('');
  });

  it('shows nothing that a stop sequence may still take back', () => {
    const reader = callReader(hermesForm, tools);
    expect(reader.push('One. EN', 4)).toEqual([{ type: 'text', delta: 'One.' }]);
    expect(reader.push('One. EN route', 13)).toEqual([{ type: 'text', delta: ' EN route' }]);
  });
});

describe('a head', () => {
  const frames = callForms.flatMap(({ frames }) => frames);

  it('that is written to any point has exactly the rest left', () => {
    fc.assert(
      fc.property(fc.constantFrom(...frames), fc.boolean(), fc.nat(), (frame, first, cut) => {
        const head = frame.head('get_weather', first);
        const text = headText(head);
        const written = text.slice(0, cut % (text.length + 1));
        const match = matchHead(head, written, 0)!;
        const squeeze = (value: string) => value.replace(/\s/g, '');
        expect(squeeze(written) + squeeze(headText(match.left))).toBe(squeeze(text));
        expect(isWhole(match)).toBe(squeeze(written) === squeeze(text));
      }),
    );
  });

  it('that is left has its space where none is written yet', () => {
    const head = hermesForm.frames[0].head('add', true);
    expect(headText(matchHead(head, '<tool_call>', 0)!.left)).toBe('\n{"name": "add", "arguments": ');
    expect(headText(matchHead(head, '<tool_call>\n', 0)!.left)).toBe('{"name": "add", "arguments": ');
    expect(headText(matchHead(head, '<tool_call>{"name":"add","arguments":', 0)!.left)).toBe(' ');
    expect(matchHead(head, '<tool_call>{"nom', 0)).toBeUndefined();
  });
});
