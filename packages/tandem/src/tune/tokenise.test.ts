import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canonicalJson, sha256 } from '../core/hash.ts';
import { type Example, exampleSchema } from '../core/types/example.ts';
import { learningOf } from '../dataset/conversation.ts';
import { readPlacedJsonl } from '../dataset/jsonl.ts';
import { createChatTemplate } from '../models/chat-template.ts';
import { type Tokeniser, tokenise } from './tokenise.ts';

/** A template over single characters, so that what is learnt can be read. */
function tokeniser(template: string): Tokeniser & { textOf(tokens: readonly number[]): string } {
  const specials = ['<s>', '<end>', '<turn>'];
  const codes = new Map(specials.map((text, at) => [text, 0x110000 + at]));
  const { encodeChat } = createChatTemplate(template, {
    specialTokens: codes,
    bosToken: 0x110000,
    bosText: '<s>',
    eosText: '<end>',
    prependBos: false,
    isEndOfGeneration: (token) => token === 0x110001,
    encodeText: (text) => [...text].map((character) => character.codePointAt(0)!),
  });
  return {
    encodeChat,
    contextLength: 500,
    textOf: (tokens) =>
      tokens
        .map((token) => (token >= 0x110000 ? specials[token - 0x110000] : String.fromCodePoint(token)))
        .join(''),
  };
}

const turns =
  "{% for message in messages %}{{ '<turn>' + message['role'] + '\n' + message['content'] + '<end>' }}{% endfor %}{% if add_generation_prompt %}{{ '<turn>assistant\n' }}{% endif %}";
/** As Qwen 3 does it: what is said last begins with its thoughts, and no longer once another turn follows. */
const thinking =
  "{% for message in messages %}{{ '<turn>' + message['role'] + '\n' + ('(thought)' if loop.last and message['role'] == 'assistant' else '') + message['content'] + '<end>' }}{% endfor %}{% if add_generation_prompt %}{{ '<turn>assistant\n' }}{% endif %}";

/** What is learnt of each sequence. */
function learntOf(messages: unknown[], template = turns): string[][] {
  const tools = tokeniser(template);
  const example = exampleSchema.parse({ messages });
  return tokenise([example], tools, 500, ['a.jsonl:1']).map(({ tokens, labelSpans }) =>
    labelSpans.map(([start, end]) => tools.textOf(tokens.slice(start, end))),
  );
}

const conversation = (first: object = {}, second: object = {}) => [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'May I keep hens?' },
  { role: 'assistant', content: 'Up to four.', ...first },
  { role: 'user', content: 'And a cock?' },
  { role: 'assistant', content: 'No cock.', ...second },
];

describe('what is learnt of a conversation', () => {
  test('every reply, each with the token that ends its turn', () => {
    expect(learntOf(conversation())).toEqual([['Up to four.<end>', 'No cock.<end>']]);
    expect(learntOf(conversation({ weight: 1 }, { weight: 1 }))).toEqual(learntOf(conversation()));
    expect(learntOf(conversation({ weight: null }))).toEqual(learntOf(conversation()));
  });

  test('not one of the weight 0, which is read before a later one', () => {
    expect(learntOf(conversation({ weight: 0 }))).toEqual([['No cock.<end>']]);
    const tools = tokeniser(turns);
    const [later] = tokenise([exampleSchema.parse({ messages: conversation({ weight: 0 }) })], tools, 500, [
      '',
    ]);
    expect(tools.textOf(later!.tokens)).toContain('Up to four.<end><turn>user');
    // Nothing is learnt behind the first reply, so it ends there.
    const [earlier] = tokenise(
      [exampleSchema.parse({ messages: conversation({}, { weight: 0 }) })],
      tools,
      500,
      [''],
    );
    expect(tools.textOf(earlier!.tokens)).toMatch(/Up to four\.<end>$/);
    expect(earlier!.labelSpans).toHaveLength(1);
  });

  test('a reply that the template writes otherwise in the middle is learnt as it is asked for', () => {
    expect(learntOf(conversation(), thinking)).toEqual([
      ['(thought)Up to four.<end>'],
      ['(thought)No cock.<end>'],
    ]);
    expect(learntOf(conversation({ weight: 0 }), thinking)).toEqual([['(thought)No cock.<end>']]);
  });

  test("a developer's message is a system message; parts of text are one text", () => {
    const messages = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'May I' }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'No dogs.' },
          { type: 'text', text: 'No bicycles.' },
        ],
      },
    ];
    expect(learntOf(messages)).toEqual([['No dogs.\nNo bicycles.<end>']]);
    const tools = tokeniser(turns);
    const [only] = tokenise([exampleSchema.parse({ messages })], tools, 500, ['']);
    expect(tools.textOf(only!.tokens)).toContain('<turn>system\nBe brief.<end><turn>user\nMay I<end>');
  });

  test('what only other models can read is refused by its name and line', () => {
    const refused = (change: (messages: Record<string, unknown>[]) => unknown, others: object = {}) => {
      const messages = conversation() as Record<string, unknown>[];
      change(messages);
      const example = exampleSchema.parse({ messages, ...others });
      return () => tokenise([example], tokeniser(turns), 500, ['a.jsonl:7']);
    };
    const call = [{ id: 'c', type: 'function', function: { name: 'weather', arguments: '{}' } }];
    const none = () => {};
    expect(refused(none, { tools: [{ type: 'function' }] })).toThrow(/^a\.jsonl:7 has `tools`/);
    expect(refused(none, { functions: [{ name: 'f' }] })).toThrow('`functions`');
    expect(refused(none, { parallel_tool_calls: false })).toThrow('`parallel_tool_calls`');
    expect(refused((messages) => (messages[1]!.name = 'Ada'))).toThrow('`messages.1.name`');
    expect(refused((messages) => (messages[2]!.tool_calls = call))).toThrow('`messages.2.tool_calls`');
    expect(refused((messages) => (messages[2]!.function_call = { name: 'f' }))).toThrow(
      '`messages.2.function_call`',
    );
    expect(
      refused((messages) => messages.splice(3, 0, { role: 'tool', content: '5', tool_call_id: 'c' })),
    ).toThrow('the role "tool" (`messages.3.role`)');
    expect(
      refused((messages) => {
        messages[1]!.content = [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'data:,' } },
        ];
      }),
    ).toThrow('a part of the type image_url (`messages.1.content.1`)');
    // Nothing is said by what is empty.
    expect(refused((messages) => (messages[2]!.tool_calls = null), { tools: [] })).not.toThrow();
  });

  test('what does not fit is named by the line that it stands on', () => {
    const long = exampleSchema.parse({ messages: conversation({ content: 'x'.repeat(500) }) });
    const short = exampleSchema.parse({ messages: conversation() });
    expect(() => tokenise([short, long], tokeniser(turns), 500, ['a.jsonl:1', 'a.jsonl:9'])).toThrow(
      /^a\.jsonl:9 has \d+ tokens, and at most 500 fit/,
    );
  });
});

describe('the form of an example', () => {
  const read = async (messages: unknown, others: object = {}) => {
    const file = join(await mkdtemp(join(tmpdir(), 'tandem-chat-')), 'train.jsonl');
    const good = JSON.stringify({ messages: conversation() });
    await writeFile(file, `${good}\n\n${JSON.stringify({ messages, ...others })}\n`);
    return readPlacedJsonl(file, exampleSchema);
  };

  test.each([' \n ', '', '\u00a0\u3000', '\u200b', '\ufeff\u2060', [{ type: 'text', text: ' ' }], []])(
    'a blank reply (%j) is refused by its line',
    async (content) => {
      await expect(read(conversation({ content }))).rejects.toThrow(
        /train\.jsonl:3 does not fit: `messages\.2\.content`: the assistant's message is blank/,
      );
    },
  );

  test.each([
    ['a reply without content', conversation({ content: null }), /`messages\.2\.content`/],
    ['a reply of the weight 0 that is blank', conversation({ content: ' ', weight: 0 }), /is blank/],
    ['a weight between', conversation({ weight: 0.5 }), /`messages\.2\.weight`/],
    ['a weight in quotes', conversation({ weight: '0' }), /`messages\.2\.weight`/],
    ['a weight of nothing but zeros', conversation({ weight: 0 }, { weight: 0 }), /no reply is learnt/],
    ['a misspelt member', conversation({ wieght: 0 }), /`messages\.2`: .*wieght/],
    ['a conversation that ends with the user', conversation().slice(0, 4), /the last message must be/],
    [
      "a user's weight",
      [{ role: 'user', content: 'x', weight: 0 }, ...conversation().slice(2)],
      /`messages\.0\.weight`: only the assistant/,
    ],
    ['a blank question', [{ role: 'user', content: ' ' }, ...conversation().slice(2)], /is blank/],
    ['another role', [{ role: 'bot', content: 'x' }, ...conversation().slice(2)], /`messages\.0\.role`/],
  ])('%s is refused by its line', async (_, messages, message) => {
    await expect(read(messages)).rejects.toThrow(message);
    await expect(read(messages)).rejects.toThrow('train.jsonl:3 does not fit');
  });

  test('an unknown member of the line is refused by name', async () => {
    await expect(read(conversation(), { wieghts: [0] })).rejects.toThrow(/the line: .*wieghts/);
  });

  test('tools and their calls are kept as they are, for the provider', async () => {
    const messages = [
      { role: 'user', content: 'Is it raining?', name: 'Ada' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'c', type: 'function', function: { name: 'weather', arguments: '{"at":"home"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c', content: 'rain' },
      { role: 'assistant', content: 'Yes.', weight: 1 },
    ];
    const others = {
      tools: [{ type: 'function', function: { name: 'weather' } }],
      parallel_tool_calls: false,
    };
    const [, line] = await read(messages, others);
    expect(line!.value).toEqual({ messages, ...others });
    expect(line!.where).toMatch(/train\.jsonl:3$/);
  });

  test('an example of one reply has the hash that it always had, and says nothing of learning more', () => {
    const example: Example = exampleSchema.parse({
      messages: [
        { role: 'user', content: 'Hello?' },
        { role: 'assistant', content: 'Hello.' },
      ],
    });
    expect(sha256(`${canonicalJson(example)}\n`)).toBe(
      sha256('{"messages":[{"content":"Hello?","role":"user"},{"content":"Hello.","role":"assistant"}]}\n'),
    );
    expect(learningOf([example])).toEqual({});
    expect(learningOf([exampleSchema.parse({ messages: conversation() })])).toEqual({
      learns: 'every reply',
    });
  });
});
