import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { callGrammar, toolRules } from './call-grammar.ts';
import { callReader, type ReplyReader } from './reply-events.ts';
import type { TemplateTools } from './template-tools.ts';

/** How the tools of one call of the model are used. */
export interface ToolUse {
  /** Those that the prompt shows; none with `toolChoice: none`. */
  shown: LanguageModelV4FunctionTool[];
  warnings: SharedV4Warning[];
  /** Undefined where the model may call none. */
  calling?: Calling;
}

export interface Calling {
  /** Texts that may be control tokens of the model and are part of a call. */
  markers: readonly string[];
  /** The reply may have more than one call. */
  several: boolean;
  /** GBNF of the whole reply, where it is bound from its first token: a call must be made, or the reply has a form of its own. */
  grammar: string | undefined;
  /** GBNF of what follows once a call has begun, of which the reply has `written`. */
  grammarAfter(written: string, begun: NonNullable<ReplyReader['begun']>): string | undefined;
  reader(): ReplyReader;
}

/**
 * What `tools` and `toolChoice` ask for. `several`: whether one reply may have several calls (a named tool is called once). `instead`: what
 * the reply must be where it calls nothing. Throws InvalidInputError for a choice that no tool answers to.
 */
export function toolUse(
  { tools = [], toolChoice = { type: 'auto' } }: Pick<LanguageModelV4CallOptions, 'tools' | 'toolChoice'>,
  {
    knows,
    several,
    instead,
  }: {
    knows: () => TemplateTools;
    several: boolean;
    instead?: { root: string; rules: ReadonlyMap<string, string> } | undefined;
  },
): ToolUse {
  const functions = tools.filter((tool) => tool.type === 'function');
  const warnings = tools
    .filter((tool) => tool.type !== 'function')
    .map(
      ({ id }): SharedV4Warning => ({
        type: 'unsupported',
        feature: `tool ${id}`,
        details: 'a local model has no tools of its provider',
      }),
    );
  if (toolChoice.type === 'none') return { shown: [], warnings };
  const callable =
    toolChoice.type === 'tool' ? functions.filter(({ name }) => name === toolChoice.toolName) : functions;
  if (callable.length === 0) {
    if (toolChoice.type === 'auto') return { shown: [], warnings };
    throw new InvalidInputError({
      domain: 'models',
      where: 'toolChoice',
      message:
        toolChoice.type === 'tool'
          ? `toolChoice names the tool ${toolChoice.toolName}, which is not among the tools (${functions.map(({ name }) => name).join(', ') || 'none'}).`
          : 'toolChoice wants a tool to be called, and there are no tools.',
      hint: 'Give the tool in tools, or leave toolChoice out.',
    });
  }
  const { tools: rules, ignored } = toolRules(callable);
  for (const { toolName, what } of ignored) {
    warnings.push({
      type: 'unsupported',
      feature: `${what} of the tool ${toolName}`,
      details: 'not enforced',
    });
  }
  const known = knows();
  const severalCalls = several && known.several && toolChoice.type !== 'tool';
  const [frame] = known.form.frames;
  return {
    shown: functions,
    warnings,
    calling: {
      markers: known.form.markers,
      several: severalCalls,
      grammar:
        toolChoice.type !== 'auto' || instead !== undefined
          ? callGrammar(rules, frame, {
              several: severalCalls,
              instead: toolChoice.type === 'auto' ? instead : undefined,
            })
          : undefined,
      grammarAfter: (written, { frame }) => callGrammar(rules, frame, { written, several: severalCalls }),
      reader: () =>
        callReader(
          known.form,
          callable.map(({ name }) => name),
        ),
    },
  };
}
