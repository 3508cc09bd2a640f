import type { LanguageModelV4Prompt, LanguageModelV4ToolCallPart } from '@ai-sdk/provider';
import { ApiError } from '../http/api-error.ts';
import type { ChatRequest } from '../schemas/chat.ts';

type Message = ChatRequest['messages'][number];

/**
 * OpenAI's messages as the AI SDK has them.
 * @throws ApiError 400 for a tool's result that no call before it asked for, and for arguments that are no JSON
 */
export function toPrompt(messages: readonly Message[]): LanguageModelV4Prompt {
  const toolNames = new Map<string, string>();
  return messages.map((message, at): LanguageModelV4Prompt[number] => {
    switch (message.role) {
      case 'user':
        return { role: 'user', content: [{ type: 'text', text: textOf(message.content) }] };
      case 'assistant': {
        const said = textOf(message.content ?? message.refusal ?? '');
        const calls = (message.tool_calls ?? []).map((call): LanguageModelV4ToolCallPart => {
          toolNames.set(call.id, call.function.name);
          return {
            type: 'tool-call',
            toolCallId: call.id,
            toolName: call.function.name,
            input: argumentsOf(call.function.arguments, at),
          };
        });
        return {
          role: 'assistant',
          content: [...(said === '' ? [] : [{ type: 'text' as const, text: said }]), ...calls],
        };
      }
      case 'tool': {
        const toolName = toolNames.get(message.tool_call_id);
        if (toolName === undefined)
          throw new ApiError(
            400,
            `messages[${at}] answers the tool call "${message.tool_call_id}", which no assistant message before it made.`,
            { param: `messages[${at}].tool_call_id` },
          );
        return {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: message.tool_call_id,
              toolName,
              output: { type: 'text', value: textOf(message.content) },
            },
          ],
        };
      }
      default:
        // system and developer
        return { role: 'system', content: textOf(message.content) };
    }
  });
}

type Content = string | readonly ({ type: 'text'; text: string } | { type: 'refusal'; refusal: string })[];

const textOf = (content: Content): string =>
  typeof content === 'string'
    ? content
    : content.map((part) => (part.type === 'text' ? part.text : part.refusal)).join('');

function argumentsOf(written: string, at: number): unknown {
  try {
    return JSON.parse(written === '' ? '{}' : written);
  } catch {
    throw new ApiError(400, `The arguments of a tool call in messages[${at}] are no JSON.`, {
      param: `messages[${at}].tool_calls`,
    });
  }
}
