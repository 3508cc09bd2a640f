import type { JSONSchema7 } from '@ai-sdk/provider';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { gbnfString, grammarText, jsonPrimitives, jsonRules } from '../json-grammar.ts';
import { type CallFrame, type HeadPart, matchHead } from './call-form.ts';

/** A tool as rules: `root` stands for its arguments. */
export interface ToolRules {
  toolName: string;
  root: string;
  rules: ReadonlyMap<string, string>;
}

/**
 * The rules of each tool's arguments, as `jsonGrammar` has them. `ignored` says by tool what is not enforced: keywords, or, of a schema that
 * no grammar can express, everything but that the arguments are a JSON object.
 */
export function toolRules(tools: readonly { name: string; inputSchema: JSONSchema7 }[]): {
  tools: ToolRules[];
  ignored: { toolName: string; what: string }[];
} {
  const ignored: { toolName: string; what: string }[] = [];
  const compiled = tools.map(({ name, inputSchema }, index): ToolRules => {
    try {
      // Arguments are an object, also where a schema does not say so.
      const schema: JSONSchema7 = isObject(inputSchema) ? inputSchema : { ...inputSchema, type: 'object' };
      const made = jsonRules(schema, { prefix: `tool-${index}-` });
      for (const keyword of made.ignored) ignored.push({ toolName: name, what: `keyword ${keyword}` });
      return { toolName: name, ...made };
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      ignored.push({ toolName: name, what: `schema (${error.message.replace(/\.$/, '')})` });
      return { toolName: name, root: 'object', rules: new Map() };
    }
  });
  return { tools: compiled, ignored };
}

function isObject(schema: JSONSchema7): boolean {
  return ['type', '$ref', 'anyOf', 'oneOf', 'enum', 'const'].some((keyword) => keyword in schema);
}

/**
 * A GBNF grammar of calls to these tools, in one frame: one, or with `several` any number, each with arguments that fit its tool's schema.
 * `written` is what the reply already has of the first call; the grammar is of what follows. `instead` may be written in place of calls.
 * Nothing where `written` begins a call to none of the tools.
 */
export function callGrammar(
  tools: readonly ToolRules[],
  frame: CallFrame,
  {
    written = '',
    several = true,
    instead,
  }: {
    written?: string;
    several?: boolean;
    instead?: { root: string; rules: ReadonlyMap<string, string> } | undefined;
  } = {},
): string | undefined {
  // Who begins a call over several lines goes on so.
  const severalLines = /\n\s*"/.test(written);
  const partRule = (part: HeadPart): string => {
    if (typeof part === 'string') return gbnfString(part);
    if (severalLines) return 'gap';
    return part.space === '' ? '' : `${gbnfString(part.space)}?`;
  };
  const rest = (tool: ToolRules, left: readonly HeadPart[]) =>
    [...left.map(partRule), tool.root, frame.tail.grammar].filter((rule) => rule !== '').join(' ');
  const firsts: string[] = [];
  for (const tool of tools) {
    const match = matchHead(frame.head(tool.toolName, true), written, 0);
    if (match !== undefined && match.end === written.length) firsts.push(rest(tool, match.left));
  }
  if (firsts.length === 0) return undefined;
  const rules: [string, string][] = [
    ...Object.entries(jsonPrimitives),
    ['gap', severalLines ? '[ \\t\\n]{0,20}' : '[ \\n]?'],
    ['first-call', firsts.join(' | ')],
    ...tools.flatMap((tool) => [...tool.rules]),
    ...(instead?.rules ?? []),
  ];
  let calls = 'first-call';
  if (several && frame.between !== undefined) {
    rules.push(['next-call', tools.map((tool) => rest(tool, frame.head(tool.toolName, false))).join(' | ')]);
    calls += ` (${frame.between} next-call)*`;
  }
  if (frame.end) calls += ` ${frame.end.grammar}`;
  return grammarText(instead === undefined ? calls : `${instead.root} | ${calls}`, rules);
}
