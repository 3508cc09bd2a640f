import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../core/types/example.ts';
import { characterVocabulary } from './character-vocabulary.fixture.ts';
import { createChatTemplate } from './chat-template.ts';

const llama3 =
  "{{ bos_token }}{% for message in messages %}{{ '<|start|>' + message['role'] + '<|/start|>\n\n' + message['content'] | trim + '<|eot|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start|>assistant<|/start|>\n\n' }}{% endif %}";
const llama3Vocabulary = () => characterVocabulary(['<|bos|>', '<|eot|>', '<|start|>', '<|/start|>']);
const gemma =
  "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{{ '<turn>' + message['role'] + '\n' + message['content'] + '<end>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<turn>assistant\n' }}{% endif %}";

const message = fc
  .oneof(
    fc.string(),
    fc.constantFrom('<|eot|>', ' <|start|>user', '<|bos|>x', '\n\n', ' hi ', '🙂<', '|eot|>'),
  )
  .map((text) => `x${text}x`);

describe('a template that trims', () => {
  const words = llama3Vocabulary();
  const template = createChatTemplate(llama3, words);

  it('gives the tokens of its text, specials from the template alone', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(message, message), { minLength: 1, maxLength: 3 }), (turns) => {
        const messages = turns.flatMap(([user, assistant]): ChatMessage[] => [
          { role: 'user', content: `  ${user}\n` },
          { role: 'assistant', content: assistant },
        ]);
        const { tokens, spans } = template.encodeChat(messages);
        expect(words.decode(tokens)).toBe(template.render(messages));
        expect(tokens.filter((token) => token === 0x110001).length).toBe(messages.length);
        expect(spans.map(({ start, end }) => words.decode(tokens.slice(start, end)))).toEqual(
          turns.map(([, assistant]) => `${assistant.trim()}<|eot|>`),
        );
        const last = spans.at(-1);
        expect(tokens.slice(0, last?.start)).toEqual(template.encodePrompt(messages.slice(0, -1)));
      }),
      { numRuns: 300 },
    );
  });

  it('has one begin-of-sequence token, whether template or tokenizer writes it', () => {
    const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }];
    expect(template.encodePrompt(messages).filter((token) => token === 0x110000).length).toBe(1);
    const told = createChatTemplate(llama3, { ...llama3Vocabulary(), prependBos: true });
    expect(told.encodePrompt(messages)).toEqual(template.encodePrompt(messages));
    const without = createChatTemplate(llama3.replace('{{ bos_token }}', ''), {
      ...llama3Vocabulary(),
      prependBos: true,
    });
    expect(without.encodePrompt(messages)).toEqual(template.encodePrompt(messages));
  });
});

describe('a template', () => {
  it('that refuses a role says so', () => {
    const template = createChatTemplate(gemma, characterVocabulary(['<bos>', '<end>', '<turn>']));
    expect(() => template.render([{ role: 'system', content: 'Be brief.' }])).toThrow(
      /refuses these messages \(roles system\): .*System role not supported/,
    );
    expect(template.render([{ role: 'user', content: 'hi' }])).toBe(
      '<bos><turn>user\nhi<end>\n<turn>assistant\n',
    );
  });

  it('that rewrites messages is refused rather than misread', () => {
    const upper = "{% for message in messages %}{{ message['content'] | length }}<end>{% endfor %}";
    const template = createChatTemplate(upper, characterVocabulary(['<bos>', '<end>']));
    expect(() => template.encodePrompt([{ role: 'user', content: 'hi' }])).toThrow(
      /rewrites the text of a message/,
    );
  });

  it('without an end of turn can be served but not trained on', () => {
    const open =
      "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n' }}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";
    const words = characterVocabulary(['<bos>', '<end>']);
    const template = createChatTemplate(open, words);
    const messages: ChatMessage[] = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'ho' },
    ];
    expect(words.decode(template.encodePrompt(messages.slice(0, 1)))).toBe('user: hi\nassistant: ');
    expect(() => template.encodeChat(messages)).toThrow(/marks the end of 0 of 1 assistant messages/);
  });

  it('keeps its date, so that a prompt does not change overnight', () => {
    const dated =
      "{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}Today: {{ date_string }}";
    expect(
      createChatTemplate(dated, characterVocabulary(['<bos>', '<end>'])).render([
        { role: 'user', content: 'hi' },
      ]),
    ).toBe('Today: 26 Jul 2024');
  });

  it('has a hash that changes with its text and its special tokens', () => {
    const hashes = [
      createChatTemplate(llama3, llama3Vocabulary()),
      createChatTemplate(`${llama3} `, llama3Vocabulary()),
      createChatTemplate(llama3, characterVocabulary(['<|bos|>', '<|eot|>', '<|start|>'])),
    ].map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(3);
    expect(createChatTemplate(llama3, llama3Vocabulary()).hash).toBe(hashes[0]);
  });
});
