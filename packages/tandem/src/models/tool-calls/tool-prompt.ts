import type {
  JSONValue,
  LanguageModelV4FunctionTool,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
} from '@ai-sdk/provider';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { headText, hermesForm } from './call-form.ts';
import type { TemplateMessage, TemplateTool, TemplateToolCall } from './template-message.ts';
import type { TemplateTools } from './template-tools.ts';

/** What a chat template is given for a call. */
export interface ToolPrompt {
  messages: TemplateMessage[];
  tools?: TemplateTool[];
}

/**
 * A prompt of the AI SDK as messages of a chat template: its own way of showing tools, calls and results, where it has one. Where it has
 * none, tools stand at the end of the system message in the words of Qwen2.5's template, a call is text of the assistant
 * (`<tool_call>…</tool_call>`), and results are text of the user (`<tool_response>…</tool_response>`). Call ids are numbered anew
 * (`call00000`: Mistral's templates want nine letters and digits), so that they change no prompt. Throws InvalidInputError for content that is not text.
 */
export function toolPrompt(
  prompt: LanguageModelV4Prompt,
  tools: readonly LanguageModelV4FunctionTool[],
  knows: () => TemplateTools,
): ToolPrompt {
  const messages = toTemplateMessages(prompt);
  const shown = tools.map(toTemplateTool);
  if (shown.length === 0 && messages.every((message) => !isOfTools(message))) return { messages };
  const { native, several, system } = knows();
  if (!native) return { messages: withoutTools(messages, shown, system) };
  return {
    messages: several ? messages : oneCallEach(messages),
    ...(shown.length > 0 && { tools: shown }),
  };
}

function isOfTools(message: TemplateMessage): boolean {
  return message.role === 'tool' || 'tool_calls' in message;
}

function toTemplateTool({ name, description, inputSchema }: LanguageModelV4FunctionTool): TemplateTool {
  const { $schema: _, ...parameters } = inputSchema;
  return { type: 'function', function: { name, description: description ?? '', parameters } };
}

function toTemplateMessages(prompt: LanguageModelV4Prompt): TemplateMessage[] {
  const messages: TemplateMessage[] = [];
  const ids = new Map<string, string>();
  const newId = (id: string) => {
    const given = `call${String(ids.size).padStart(5, '0')}`;
    ids.set(id, given);
    return given;
  };
  const addResult = (part: {
    toolCallId: string;
    toolName: string;
    output: LanguageModelV4ToolResultOutput;
  }) => {
    const tool_call_id = ids.get(part.toolCallId) ?? newId(part.toolCallId);
    messages.push({ role: 'tool', content: resultText(part.output), tool_call_id, name: part.toolName });
  };
  for (const message of prompt) {
    if (message.role === 'system') {
      messages.push({ role: 'system', content: message.content });
    } else if (message.role === 'tool') {
      for (const part of message.content) if (part.type === 'tool-result') addResult(part);
    } else {
      const texts: string[] = [];
      const calls: TemplateToolCall[] = [];
      const results: Parameters<typeof addResult>[0][] = [];
      for (const part of message.content) {
        if (part.type === 'text') texts.push(part.text);
        else if (part.type === 'tool-call') {
          calls.push({
            id: newId(part.toolCallId),
            type: 'function',
            function: { name: part.toolName, arguments: part.input as JSONValue },
          });
        } else if (part.type === 'tool-result') results.push(part);
        else if (part.type !== 'reasoning') throw unsupportedContent(part.type);
      }
      const content = texts.join('');
      messages.push(
        calls.length > 0
          ? { role: 'assistant', content, tool_calls: calls }
          : { role: message.role, content },
      );
      results.forEach(addResult);
    }
  }
  return messages;
}

function resultText(output: LanguageModelV4ToolResultOutput): string {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return output.value;
    case 'json':
    case 'error-json':
      return spacedJson(output.value);
    case 'execution-denied':
      return output.reason ?? 'The call was not allowed.';
    case 'content':
      return output.value
        .map((part) => {
          if (part.type === 'text') return part.text;
          if (part.type === 'file' && part.data.type === 'text') return part.data.text;
          throw unsupportedContent(`a ${part.type} in a tool result`);
        })
        .join('\n');
  }
}

function unsupportedContent(what: string): InvalidInputError {
  return new InvalidInputError({
    domain: 'models',
    message: `A local chat model reads text only, and the prompt has ${what}.`,
    hint: 'Send the content as text, or use a provider that takes it.',
  });
}

/** A message with several calls as one for each, with its result behind it. */
function oneCallEach(messages: readonly TemplateMessage[]): TemplateMessage[] {
  const result: TemplateMessage[] = [];
  for (let at = 0; at < messages.length; at++) {
    const message = messages[at]!;
    if (!('tool_calls' in message) || message.tool_calls.length < 2) {
      result.push(message);
      continue;
    }
    const results: Extract<TemplateMessage, { role: 'tool' }>[] = [];
    for (let next = messages[at + 1]; next?.role === 'tool'; next = messages[at + 1]) {
      results.push(next);
      at += 1;
    }
    for (const [index, call] of message.tool_calls.entries()) {
      result.push({ ...message, content: index === 0 ? message.content : '', tool_calls: [call] });
      result.push(...results.filter(({ tool_call_id }) => tool_call_id === call.id));
    }
  }
  return result;
}

/** The words in which Qwen2.5's template introduces tools (Qwen/Qwen2.5-0.5B-Instruct, `tokenizer_config.json`). */
function toolsText(tools: readonly TemplateTool[]): string {
  return [
    '# Tools\n\nYou may call one or more functions to assist with the user query.\n',
    'You are provided with function signatures within <tools></tools> XML tags:\n<tools>',
    ...tools.map(spacedJson),
    '</tools>\n',
    'For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:',
    '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>',
  ].join('\n');
}

/** Tools, calls and results as text of messages that every template knows. */
function withoutTools(
  messages: readonly TemplateMessage[],
  tools: readonly TemplateTool[],
  system: boolean,
): TemplateMessage[] {
  const result: { role: 'system' | 'user' | 'assistant'; content: string }[] = [];
  const add = (role: 'system' | 'user' | 'assistant', content: string, separator: string) => {
    const last = result.at(-1);
    // A template may want user and assistant in turn.
    if (last?.role === role && role === 'user') last.content += separator + content;
    else result.push({ role, content });
  };
  let afterResult = false;
  for (const message of messages) {
    if ('tool_calls' in message) {
      const calls = message.tool_calls.map(({ function: { name, arguments: input } }) =>
        callText(name, input),
      );
      add('assistant', [...(message.content === '' ? [] : [message.content]), ...calls].join('\n'), '\n');
    } else if (message.role === 'tool') {
      add('user', `<tool_response>\n${message.content}\n</tool_response>`, '\n');
    } else if (afterResult && message.role === 'user') {
      add('user', message.content, '\n\n');
    } else {
      result.push({ role: message.role, content: message.content });
    }
    afterResult = message.role === 'tool';
  }
  if (tools.length === 0) return result;
  const text = toolsText(tools);
  const [first] = result;
  const into = first?.role === (system ? 'system' : 'user') ? first : undefined;
  if (into === undefined) result.unshift({ role: system ? 'system' : 'user', content: text });
  else into.content = system ? `${into.content}\n\n${text}` : `${text}\n\n${into.content}`;
  return result;
}

/** A call in the generic form, on lines of its own. */
export function callText(toolName: string, input: JSONValue): string {
  return `${headText(hermesForm.frames[0].head(toolName, true))}${spacedJson(input)}}\n</tool_call>`;
}

/** JSON as Python writes it, and so chat templates: a space after `:` and `,`. */
export function spacedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}: ${spacedJson(member)}`).join(', ')}}`;
}
