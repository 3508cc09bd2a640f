import { chat, inTurn, type SeededEntry, type Seeder, untouched } from '../seeded.ts';

/** Lines that OpenAI's fine-tuning API refuses, and unusual ones that it takes (https://platform.openai.com/docs/guides/supervised-fine-tuning). */
export const seedSchema: Seeder = ({ draw }) => {
  const turns = (question: string, answer: string) => [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ];
  type Make = (question: string, answer: string) => object | string;
  const defects: [string, Make][] = [
    ['cut off', (q, a) => JSON.stringify(chat(q, a)).slice(0, -9)],
    ['a comma too many', (q, a) => JSON.stringify(chat(q, a)).replace('}],', '},],').replace('}]}', '},]}')],
    ['single quotes', () => "{'messages': []}"],
    ['a list', (q, a) => JSON.stringify([q, a])],
    ['no role', (q, a) => ({ messages: [{ content: q }, { role: 'assistant', content: a }] })],
    [
      'an unknown role',
      (q, a) => ({
        messages: [
          { role: 'customer', content: q },
          { role: 'assistant', content: a },
        ],
      }),
    ],
    [
      'content of a number',
      (q) => ({
        messages: [
          { role: 'user', content: q },
          { role: 'assistant', content: 12 },
        ],
      }),
    ],
    [
      'weight 2',
      (q, a) => ({
        messages: [
          { role: 'user', content: q },
          { role: 'assistant', content: a, weight: 2 },
        ],
      }),
    ],
    [
      'a misspelt member',
      (q, a) => ({
        messages: [
          { role: 'user', content: q },
          { role: 'assistant', content: a, wieght: 0 },
        ],
      }),
    ],
    ['the user last', (q, a) => ({ messages: [...turns(q, a), { role: 'user', content: 'Thanks!' }] })],
    ['one message', (_q, a) => ({ messages: [{ role: 'assistant', content: a }] })],
    [
      'nothing learnt',
      (q, a) => ({
        messages: [
          { role: 'user', content: q },
          { role: 'assistant', content: a, weight: 0 },
        ],
      }),
    ],
    [
      'an empty question',
      (_q, a) => ({
        messages: [
          { role: 'user', content: '' },
          { role: 'assistant', content: a },
        ],
      }),
    ],
    ['messages of a text', (q, a) => ({ messages: `${q} ${a}` })],
    [
      'an unknown part',
      (q, a) => ({
        messages: [
          { role: 'user', content: [{ type: 'text' }] },
          { role: 'assistant', content: `${a}${q}` },
        ],
      }),
    ],
    ['a member beside messages', (q, a) => ({ ...chat(q, a), prompt: q })],
  ];
  const lookAlikes: [string, Make][] = [
    [
      'parts of text',
      (q, a) => ({
        messages: [
          { role: 'user', content: [{ type: 'text', text: q }] },
          { role: 'assistant', content: a },
        ],
      }),
    ],
    [
      'null members',
      (q, a) => ({
        messages: [
          { role: 'user', content: q, name: null },
          { role: 'assistant', content: a, weight: null },
        ],
      }),
    ],
    [
      'weight 0 before a reply',
      (q, a) => ({
        messages: [
          { role: 'user', content: q },
          { role: 'assistant', content: 'Yes?', weight: 0 },
          ...turns(q, a),
        ],
      }),
    ],
    ['a separator in a string', (q, a) => chat(`${q}\u2028`, a)],
    ['metadata of its own', (q, a) => chat(q, a, { metadata: { id: 'x', note: 'mine' } })],
    ['white space around', (q, a) => `  ${JSON.stringify(chat(q, a))}  `],
    ['escapes', (q, a) => chat(`${q} \\n "quoted" {"a": 1}`, a)],
  ];
  const make = (kinds: [string, Make][], count: number, is: SeededEntry['is']): SeededEntry[] => {
    const real = draw(count);
    return inTurn(kinds, count).map(([kind, of], at) => ({
      line: of(real[at]!.question, real[at]!.answer),
      is,
      kind,
    }));
  };
  return [
    {
      entries: [
        ...untouched(draw(200)),
        ...make(defects, 80, 'defect'),
        ...make(lookAlikes, 56, 'look-alike'),
      ],
    },
  ];
};

/** Orders of turns that chat templates refuse or that no server asks in, and those that are asked. */
export const seedRoles: Seeder = ({ draw }) => {
  const say = (role: string, content: string) => ({ role, content });
  type Make = (q: string, a: string) => object[];
  const defects: [string, Make][] = [
    ['the assistant first', (q, a) => [say('assistant', 'Hello!'), say('user', q), say('assistant', a)]],
    ['only system before', (_q, a) => [say('system', 'Be kind.'), say('assistant', a)]],
    ['two users', (q, a) => [say('user', 'Hi'), say('user', q), say('assistant', a)]],
    ['two replies', (q, a) => [say('user', q), say('assistant', 'Well.'), say('assistant', a)]],
    ['system in the middle', (q, a) => [say('user', q), say('system', 'Be brief.'), say('assistant', a)]],
    [
      'system last but one',
      (q, a) => [
        say('user', 'Hi'),
        say('assistant', 'Hi'),
        say('system', 'Now.'),
        say('user', q),
        say('assistant', a),
      ],
    ],
    ['a tool', (q, a) => [say('user', q), say('tool', '{"x": 1}'), say('assistant', a)]],
    [
      'a function',
      (q, a) => [say('user', q), { role: 'function', name: 'f', content: '1' }, say('assistant', a)],
    ],
  ];
  const lookAlikes: [string, Make][] = [
    ['system first', (q, a) => [say('system', 'Be kind.'), say('user', q), say('assistant', a)]],
    ['developer first', (q, a) => [say('developer', 'Be kind.'), say('user', q), say('assistant', a)]],
    ['three rounds', (q, a) => [1, 2, 3].flatMap(() => [say('user', q), say('assistant', a)])],
    [
      'system twice at the beginning',
      (q, a) => [say('system', 'Be kind.'), say('system', 'Be brief.'), say('user', q), say('assistant', a)],
    ],
    [
      'roles as words',
      (_q, a) => [say('user', 'Is the system or the assistant the user?'), say('assistant', a)],
    ],
  ];
  const make = (kinds: [string, Make][], count: number, is: SeededEntry['is']): SeededEntry[] => {
    const real = draw(count);
    return inTurn(kinds, count).map(([kind, of], at) => ({
      line: { messages: of(real[at]!.question, real[at]!.answer) },
      is,
      kind,
    }));
  };
  return [
    {
      entries: [
        ...untouched(draw(200)),
        ...make(defects, 64, 'defect'),
        ...make(lookAlikes, 60, 'look-alike'),
      ],
    },
  ];
};
