import type { LanguageModelV4FunctionTool, LanguageModelV4Prompt } from '@ai-sdk/provider';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callForms } from './call-form.ts';
import { readReply } from './read-reply.ts';
import { templateTools } from './template-tools.ts';
import { fixtureTemplate, type TemplateName } from './templates.fixture.ts';
import { callText, spacedJson, toolPrompt } from './tool-prompt.ts';

const weather: LanguageModelV4FunctionTool = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather of a city.',
  inputSchema: {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
  },
};
const call = (toolCallId: string, input: unknown, toolName = weather.name) =>
  ({ type: 'tool-call', toolCallId, toolName, input }) as const;
const result = (toolCallId: string, value: string) =>
  ({
    type: 'tool-result',
    toolCallId,
    toolName: weather.name,
    output: { type: 'text', value },
  }) as const;
const user = (text: string) => ({ role: 'user' as const, content: [{ type: 'text' as const, text }] });
const conversation: LanguageModelV4Prompt = [
  { role: 'system', content: 'Be brief.' },
  user('Oslo and Rome?'),
  {
    role: 'assistant',
    content: [
      { type: 'text', text: 'Let me look.' },
      call('x', { city: 'Oslo' }),
      call('y', { city: 'Rome' }),
    ],
  },
  { role: 'tool', content: [result('x', '3 degrees'), result('y', '20 degrees')] },
  user('And now?'),
];

function rendered(name: TemplateName, prompt: LanguageModelV4Prompt, tools = [weather]): string {
  const { template, decode } = fixtureTemplate(name);
  const given = toolPrompt(prompt, tools, () => templateTools(template));
  const text = template.render(given.messages, given.tools);
  expect(decode(template.encodePrompt(given.messages, given.tools))).toBe(text);
  return text;
}

describe('a conversation with tools', () => {
  it('is left to a template that knows them', () => {
    expect(rendered('hermes', conversation)).toBe(`<|start|>system
Be brief.# Tools
{"type": "function", "function": {"name": "get_weather", "description": "The weather of a city.", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}<|end|>
<|start|>user
Oslo and Rome?<|end|>
<|start|>assistant
Let me look.
<tool_call>
{"name": "get_weather", "arguments": {"city": "Oslo"}}
</tool_call>
<tool_call>
{"name": "get_weather", "arguments": {"city": "Rome"}}
</tool_call><|end|>
<|start|>user
<tool_response>
3 degrees
</tool_response><|end|>
<|start|>user
<tool_response>
20 degrees
</tool_response><|end|>
<|start|>user
And now?<|end|>
<|start|>assistant
`);
  });

  it('has one call in a message where the template has no more, each with its result behind it', () => {
    expect(rendered('llama3', conversation)).toMatch(
      /"Oslo"\}\}<\|eot\|><\|start\|>ipython<\|\/start\|>\n\n"3 degrees"<\|eot\|><\|start\|>assistant<\|\/start\|>\n\n\{"name": "get_weather", "parameters": \{"city": "Rome"\}\}<\|eot\|><\|start\|>ipython<\|\/start\|>\n\n"20 degrees"/,
    );
  });

  it('has ids of nine letters and digits, by place', () => {
    const text = rendered('mistral', conversation);
    expect(text).toContain('{"name": "get_weather", "arguments": {"city": "Rome"}, "id": "call00001"}]</s>');
    expect(text).toContain('[TOOL_RESULTS]{"content": 20 degrees, "call_id": "call00001"}');
  });

  it('is text where the template knows no tools', () => {
    expect(rendered('none', conversation)).toBe(`<|start|>system
Be brief.

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"type": "function", "function": {"name": "get_weather", "description": "The weather of a city.", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|end|>
<|start|>user
Oslo and Rome?<|end|>
<|start|>assistant
Let me look.
<tool_call>
{"name": "get_weather", "arguments": {"city": "Oslo"}}
</tool_call>
<tool_call>
{"name": "get_weather", "arguments": {"city": "Rome"}}
</tool_call><|end|>
<|start|>user
<tool_response>
3 degrees
</tool_response>
<tool_response>
20 degrees
</tool_response>

And now?<|end|>
<|start|>assistant
`);
    expect(rendered('no system', conversation.slice(1))).toMatch(
      /^<\|start\|>user\n# Tools\n[\s\S]*<\/tool_call>\n\nOslo and Rome\?<\|end\|>/,
    );
  });

  it('shows its calls also where the model may make no more', () => {
    expect(rendered('hermes', conversation, [])).toMatch(/^<\|start\|>system\nBe brief\.<\|end\|>\n/);
    expect(rendered('hermes', conversation, [])).toContain('<tool_call>');
    expect(rendered('none', conversation, [])).toContain('<tool_response>');
    expect(rendered('none', conversation, [])).not.toContain('# Tools');
  });

  it('does not ask the template for tools where there are none', () => {
    const prompt: LanguageModelV4Prompt = [{ role: 'system', content: 'Be brief.' }, user('Hi')];
    const never = () => {
      throw new Error('asked');
    };
    expect(toolPrompt(prompt, [], never)).toEqual({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
    });
  });

  it('says what a tool said, whatever it said it in', () => {
    const outputs = [
      { type: 'json', value: { a: [1, 'b'] } },
      { type: 'error-text', value: 'It failed.' },
      { type: 'error-json', value: null },
      { type: 'execution-denied', reason: 'Not today.' },
      { type: 'execution-denied' },
      {
        type: 'content',
        value: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ],
      },
    ] as const;
    const { messages } = toolPrompt(
      [
        {
          role: 'tool',
          content: outputs.map((output, index) => ({
            type: 'tool-result',
            toolCallId: String(index),
            toolName: 't',
            output: output as never,
          })),
        },
      ],
      [],
      () => templateTools(fixtureTemplate('hermes').template),
    );
    expect(messages.map(({ content }) => content)).toEqual([
      '{"a": [1, "b"]}',
      'It failed.',
      'null',
      'Not today.',
      'The call was not allowed.',
      'one\ntwo',
    ]);
    const image = { type: 'file', mediaType: 'image/png', data: { type: 'data', data: '' } };
    expect(() =>
      toolPrompt(
        [
          {
            role: 'tool',
            content: [
              {
                type: 'tool-result',
                toolCallId: 'x',
                toolName: 't',
                output: { type: 'content', value: [image as never] },
              },
            ],
          },
        ],
        [],
        () => templateTools(fixtureTemplate('hermes').template),
      ),
    ).toThrow(/reads text only, and the prompt has a file in a tool result/);
  });
});

const names: TemplateName[] = ['hermes', 'llama3', 'mistral', 'mistral-args'];
const input = fc
  .dictionary(
    fc.string({ unit: 'binary' }),
    fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('</tool_call>', '<|end|>', '[TOOL_CALLS]', '"}}', '\n```', '<|eot|>'),
    ),
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, never>);

describe.each(names)('arguments, in the form of %s,', (name) => {
  const { template, decode } = fixtureTemplate(name);
  const knows = templateTools(template);
  const special = /<\|(?:bos|end|start|eot|\/start)\|>|<\/?s>|\[\/?(?:INST|TOOL_CALLS|TOOL_RESULTS|ARGS)\]/g;

  it('come back as they were rendered, and hold no special token', () => {
    fc.assert(
      fc.property(fc.array(input, { minLength: 1, maxLength: knows.several ? 3 : 1 }), (inputs) => {
        const given = toolPrompt(
          [
            user('Hi'),
            { role: 'assistant', content: inputs.map((value, index) => call(String(index), value)) },
          ],
          [weather],
          () => knows,
        );
        const before = template.render(given.messages.slice(0, 1), given.tools);
        const text = template.render(given.messages, given.tools);
        let common = 0;
        while (common < before.length && before[common] === text[common]) common += 1;
        const read = readReply(text.slice(common), knows.form, ['other', weather.name], { ended: true });
        expect(read.calls.map((found) => JSON.parse(found.input))).toEqual(inputs);
        expect(text.slice(common, common + read.textEnd).trim()).toBe('');

        const tokens = template.encodePrompt(given.messages, given.tools);
        expect(decode(tokens)).toBe(text);
        const plain = toolPrompt(
          [user('Hi'), { role: 'assistant', content: inputs.map((_, index) => call(String(index), {})) }],
          [weather],
          () => knows,
        );
        const specials = template.render(plain.messages, plain.tools).match(special) ?? [];
        expect(tokens.filter((token) => token >= 0x110000)).toHaveLength(specials.length);
      }),
      { numRuns: 100 },
    );
  });
});

it('a call in the generic form is one in the form of Hermes', () => {
  fc.assert(
    fc.property(input, (value) => {
      const text = `Well.\n${callText('get_weather', value)}`;
      const read = readReply(text, callForms[0]!, ['get_weather'], { ended: true });
      expect(read.calls).toEqual([{ toolName: 'get_weather', input: spacedJson(value), whole: true }]);
      expect(JSON.parse(spacedJson(value))).toEqual(value);
    }),
  );
});
