import type {
  JSONSchema7,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider';
import { jsonGrammar } from '../../models/json-grammar.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import { ApiError } from '../http/api-error.ts';
import type { ChatRequest } from '../schemas/chat.ts';
import { toPrompt } from './to-prompt.ts';

/**
 * A request as a call of an AI SDK model. Temperature is 0 unless asked otherwise: answers can be had again.
 * @throws ApiError 400 for what this model cannot keep to
 */
export function callOptionsOf(
  request: ChatRequest,
  {
    model,
    options = {},
    signal,
  }: { model: LanguageModelV4; options?: SharedV4ProviderOptions; signal: AbortSignal },
): LanguageModelV4CallOptions {
  const isLocal = localToolsOf(model) !== undefined;
  if (request.top_logprobs != null && !request.logprobs)
    throw new ApiError(400, '"top_logprobs" needs "logprobs": true.', { param: 'top_logprobs' });
  if (request.logprobs && !isLocal)
    throw new ApiError(400, `"logprobs" is not supported by the model ${request.model}.`, {
      param: 'logprobs',
    });
  if (request.max_tokens != null && request.max_completion_tokens != null)
    throw new ApiError(400, 'Give "max_completion_tokens" or "max_tokens", not both.', {
      param: 'max_tokens',
    });
  const stop = typeof request.stop === 'string' ? [request.stop] : (request.stop ?? undefined);
  const { tandem = {}, ...others } = options;
  const given = {
    maxOutputTokens: request.max_completion_tokens ?? request.max_tokens,
    temperature: request.temperature,
    topP: request.top_p,
    presencePenalty: request.presence_penalty,
    frequencyPenalty: request.frequency_penalty,
    seed: request.seed,
    stopSequences: stop,
    ...toolsOf(request),
    responseFormat: responseFormatOf(request, isLocal),
    providerOptions: {
      ...others,
      tandem: {
        ...tandem,
        ...(request.logprobs && { topLogprobs: request.top_logprobs ?? 0 }),
        ...(isLocal && request.parallel_tool_calls === false && { parallelToolCalls: false }),
      },
    },
  };
  return {
    prompt: toPrompt(request.messages),
    abortSignal: signal,
    ...(Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
    ) as Partial<LanguageModelV4CallOptions>),
  };
}

function toolsOf({ tools, tool_choice }: ChatRequest): Partial<LanguageModelV4CallOptions> {
  if (!tools) {
    if (tool_choice !== undefined && tool_choice !== 'none')
      throw new ApiError(400, '"tool_choice" needs "tools".', { param: 'tool_choice' });
    return {};
  }
  const named = typeof tool_choice === 'object' ? tool_choice.function.name : undefined;
  if (named !== undefined && !tools.some((tool) => tool.function.name === named))
    throw new ApiError(400, `"tool_choice" names "${named}", which is none of the tools.`, {
      param: 'tool_choice',
    });
  return {
    tools: tools.map(
      ({ function: { name, description, parameters } }): LanguageModelV4FunctionTool => ({
        type: 'function',
        name,
        ...(description !== undefined && { description }),
        inputSchema: (parameters ?? { type: 'object', properties: {} }) as JSONSchema7,
      }),
    ),
    toolChoice:
      named !== undefined
        ? { type: 'tool', toolName: named }
        : { type: (tool_choice as 'none' | 'auto' | 'required' | undefined) ?? 'auto' },
  };
}

function responseFormatOf(
  { response_format: format }: ChatRequest,
  isLocal: boolean,
): LanguageModelV4CallOptions['responseFormat'] {
  if (format === undefined || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json' };
  const { name, description, schema, strict } = format.json_schema;
  // The grammar holds the reply to the schema; what it cannot hold it to is not promised.
  if (isLocal && strict && schema) {
    const { ignored } = jsonGrammar(schema as JSONSchema7);
    if (ignored.length > 0)
      throw new ApiError(
        400,
        `The schema of "response_format" cannot be kept to strictly: this server does not enforce ${ignored.join(', ')}. Leave it out, or set "strict" to false.`,
        { param: 'response_format' },
      );
  }
  return {
    type: 'json',
    name,
    ...(description !== undefined && { description }),
    ...(schema && { schema: schema as JSONSchema7 }),
  };
}
