import type { JSONSchema7, JSONValue } from '@ai-sdk/provider';
import type { ChatMessage } from '../../core/types/example.ts';

/** A message as chat templates know it (Hugging Face, `apply_chat_template`): also with tool calls, or with what a tool said. */
export type TemplateMessage =
  | ChatMessage
  | { role: 'assistant'; content: string; tool_calls: TemplateToolCall[] }
  | { role: 'tool'; content: string; tool_call_id: string; name: string };

/** `arguments` is the object itself: templates write it as JSON. */
export interface TemplateToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: JSONValue };
}

/** A tool as chat templates are given it. */
export interface TemplateTool {
  type: 'function';
  function: { name: string; description: string; parameters: JSONSchema7 };
}
