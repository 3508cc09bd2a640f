import { describe, expect, it } from 'vitest';
import { hermesForm, llama3Form, mistralForm } from './call-form.ts';
import { callGrammar, toolRules } from './call-grammar.ts';

const { tools } = toolRules([
  {
    name: 'add',
    inputSchema: {
      type: 'object',
      properties: { a: { $ref: '#/$defs/n' } },
      required: ['a'],
      $defs: { n: { type: 'integer' } },
    } as never,
  },
  { name: 'add_all', inputSchema: { type: 'object', properties: {} } },
]);
const rule = (grammar: string | undefined, name: string) =>
  new RegExp(`^${name} ::= (.*)$`, 'm').exec(grammar ?? '')?.[1];

describe('a grammar of calls', () => {
  it('begins with the form of the model, and has each tool with its own arguments', () => {
    const grammar = callGrammar(tools, hermesForm.frames[0]);
    expect(rule(grammar, 'root')).toBe('first-call ("\\n" next-call)*');
    const [first, second] = rule(grammar, 'first-call')!.split(' | ');
    expect(first).toBe(
      '"<tool_call>" "\\n"? "{" "\\"name\\"" ":" " "? "\\"add\\"" "," " "? "\\"arguments\\"" ":" " "? tool-0-r3 gap "}" gap "</tool_call>"',
    );
    expect(second).toContain('"\\"add_all\\"" "," " "? "\\"arguments\\"" ":" " "? tool-1-r0');
    expect(rule(grammar, 'tool-0-ref0')).toBe('integer');
  });

  it('goes on where the reply is, with the tools that may still be meant', () => {
    const [frame, bare] = hermesForm.frames;
    const after = (written: string, used = frame) => callGrammar(tools, used, { written });
    expect(rule(after('<tool_call>'), 'first-call')).toMatch(/^"\\n"\? "\{"/);
    expect(rule(after('<tool_call>\n{"na'), 'first-call')).toMatch(/^"me\\"" ":"/);
    expect(rule(after('{"name": "add', bare), 'first-call')?.split(' | ')).toHaveLength(2);
    expect(rule(after('{"name": "add"', bare), 'first-call')).toBe(
      '"," " "? "\\"arguments\\"" ":" " "? tool-0-r3 gap "}"',
    );
    expect(after('{"name": "add", "parameters"', bare)).toBeUndefined();
    expect(after('{"name": "sub"', bare)).toBeUndefined();
  });

  it('goes on over several lines where it was begun so', () => {
    const grammar = callGrammar(tools, hermesForm.frames[2]!, { written: '```json\n{\n  "name": "add"' });
    expect(rule(grammar, 'first-call')).toBe(
      'gap "," gap "\\"arguments\\"" gap ":" gap tool-0-r3 gap "}" gap "```"',
    );
    expect(rule(grammar, 'gap')).toBe('[ \\t\\n]{0,20}');
  });

  it('has one call where there may be one only', () => {
    expect(rule(callGrammar(tools, hermesForm.frames[0], { several: false }), 'root')).toBe('first-call');
    expect(rule(callGrammar(tools, llama3Form.frames[0]), 'root')).toBe('first-call');
    expect(rule(callGrammar(tools, mistralForm.frames[0], { several: false }), 'root')).toBe(
      'first-call "]"',
    );
    expect(rule(callGrammar(tools, mistralForm.frames[0]), 'root')).toBe('first-call (", " next-call)* "]"');
  });

  it('may leave another form of reply', () => {
    const instead = { root: 'r0', rules: new Map([['r0', '"{}"']]) };
    const grammar = callGrammar(tools, hermesForm.frames[0], { several: false, instead });
    expect(rule(grammar, 'root')).toBe('r0 | first-call');
    expect(rule(grammar, 'r0')).toBe('"{}"');
  });
});

it('of a schema that no grammar can express, an object is what is asked for, and that is said', () => {
  const { tools, ignored } = toolRules([
    { name: 'a', inputSchema: { allOf: [{ type: 'object' }] } },
    { name: 'b', inputSchema: { type: 'object', properties: { x: { type: 'string', pattern: '^a' } } } },
    { name: 'c', inputSchema: {} },
  ]);
  expect(tools.map(({ root }) => root)).toEqual(['object', 'tool-1-r3', 'object']);
  expect(ignored).toEqual([
    { toolName: 'a', what: expect.stringMatching(/^schema \(.*uses allOf at #/) as string },
    { toolName: 'b', what: 'keyword pattern' },
  ]);
});
