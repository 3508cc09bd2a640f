import type { LanguageModelV4FunctionTool, LanguageModelV4ToolChoice } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { hermesForm, llama3Form } from './call-form.ts';
import { toolUse } from './tool-use.ts';

const tool = (name: string): LanguageModelV4FunctionTool => ({
  type: 'function',
  name,
  inputSchema: { type: 'object', properties: {} },
});
const tools = [tool('a'), tool('b')];
const hermes = { form: hermesForm, native: true, several: true, system: true };
const use = (
  toolChoice?: LanguageModelV4ToolChoice,
  { given = tools, several = true, knows = hermes } = {},
) => toolUse({ tools: given, ...(toolChoice && { toolChoice }) }, { knows: () => knows, several });

describe('toolChoice', () => {
  it('auto leaves the reply free until a call begins', () => {
    const { shown, calling } = use();
    expect(shown).toEqual(tools);
    expect(calling).toMatchObject({ grammar: undefined, several: true });
    expect(use({ type: 'auto' }, { several: false }).calling?.several).toBe(false);
    expect(
      use({ type: 'auto' }, { knows: { ...hermes, form: llama3Form, several: false } }).calling?.several,
    ).toBe(false);
  });

  it('required binds it from the first token', () => {
    expect(use({ type: 'required' }).calling?.grammar).toMatch(/^root ::= first-call/);
  });

  it('a tool binds it to that one, called once; all are shown', () => {
    const { shown, calling } = use({ type: 'tool', toolName: 'b' });
    expect(shown).toEqual(tools);
    expect(calling?.several).toBe(false);
    expect(calling?.grammar).toContain('\\"b\\"');
    expect(calling?.grammar).not.toContain('\\"a\\"');
  });

  it('none shows no tool', () => {
    expect(use({ type: 'none' })).toEqual({ shown: [], warnings: [] });
    expect(use({ type: 'auto' }, { given: [] })).toEqual({ shown: [], warnings: [] });
  });

  it('that no tool answers to is an error', () => {
    expect(() => use({ type: 'tool', toolName: 'c' })).toThrow(
      /names the tool c, .*among the tools \(a, b\)/,
    );
    expect(() => use({ type: 'required' }, { given: [] })).toThrow(/there are no tools/);
  });
});

it('tools of a provider are not there, and that is said', () => {
  const own = { type: 'provider', id: 'openai.web_search', name: 'web_search', args: {} } as const;
  const { shown, warnings } = toolUse({ tools: [own, ...tools] }, { knows: () => hermes, several: true });
  expect(shown).toEqual(tools);
  expect(warnings).toEqual([expect.objectContaining({ feature: 'tool openai.web_search' })]);
});
