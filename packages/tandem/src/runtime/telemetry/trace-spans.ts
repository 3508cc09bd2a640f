import { withoutThing } from '../../answer/live/live-uri.ts';
import type { Trace } from '../../core/types/answer.ts';

/** A span as OpenTelemetry has it, before it has ids. Times are milliseconds since 1970. */
export interface SpanDescription {
  name: string;
  /** `client`: it asked something that may run elsewhere. */
  kind: 'internal' | 'client';
  start: number;
  end: number;
  attributes: Record<string, string | number | boolean | string[]>;
  /** In order, inside of it. */
  children: SpanDescription[];
}

/**
 * An answer's trace as spans, by OpenTelemetry's semantic conventions for generative AI (attributes `gen_ai.*`, version 1.37): one for the answer, one inside it for each step, and
 * inside that of `generate` one for the model's call. What conventions have no name for is under `tandem.*`.
 * @param contents whether question, prompt, passages and answer go with it: off by default, as the conventions ask
 */
export function spansOf(trace: Trace, { contents = false }: { contents?: boolean } = {}): SpanDescription {
  const { answer, steps = [] } = trace;
  // A trace is written as its answer ends.
  const end = Date.parse(trace.at);
  const start = end - steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  let at = start;
  const children = steps.map(({ name, milliseconds }): SpanDescription => {
    const from = at;
    at += milliseconds;
    return {
      name: `tandem.${name}`,
      kind: 'internal',
      start: from,
      end: at,
      attributes: stepAttributes(name, trace, contents),
      children: name === 'generate' && trace.prompt !== '' ? [callOf(trace, from, at, contents)] : [],
    };
  });
  return {
    name: `invoke_agent ${trace.arm}`,
    kind: 'internal',
    start,
    end,
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.provider.name': 'tandem',
      'gen_ai.agent.name': trace.arm,
      'gen_ai.request.model': modelOf(trace),
      'gen_ai.usage.input_tokens': answer.usage.promptTokens,
      'gen_ai.usage.output_tokens': answer.usage.completionTokens,
      'tandem.trace.id': trace.id,
      'tandem.abstained': answer.abstained,
      ...(answer.outcome && { 'tandem.outcome': answer.outcome }),
      ...(answer.sufficiency && { 'tandem.sufficiency': answer.sufficiency.probability }),
      ...(trace.adapterId !== undefined && { 'tandem.adapter.id': trace.adapterId }),
      ...(answer.problems && { 'tandem.problems': answer.problems }),
      ...(contents && {
        'gen_ai.input.messages': JSON.stringify([textMessage('user', trace.question)]),
        'gen_ai.output.messages': JSON.stringify([textMessage('assistant', answer.text)]),
      }),
    },
    children,
  };
}

function stepAttributes(
  name: string,
  { passages, searchQuery, answer }: Trace,
  contents: boolean,
): SpanDescription['attributes'] {
  switch (name) {
    case 'retrieve':
      return {
        'tandem.passages': passages.map(({ id }) => (contents ? id : withoutThing(id))),
        ...(contents && searchQuery !== undefined && { 'tandem.search_query': searchQuery }),
        ...(contents && { 'tandem.passages.text': passages.map(({ text }) => text) }),
      };
    case 'cite':
      return {
        // What a live fact was asked of may be a person's name.
        'tandem.citations': answer.citations.map(
          ({ uri, start, end }) => `${contents ? uri : withoutThing(uri)}:${start}-${end}`,
        ),
      };
    case 'verify':
      return {
        'tandem.claims': answer.claims?.length ?? 0,
        'tandem.claims.supported':
          answer.claims?.filter(({ verdict }) => verdict === 'supported').length ?? 0,
        ...(answer.revision && { 'tandem.revision': answer.revision.action }),
      };
    default:
      return {};
  }
}

function callOf(trace: Trace, start: number, end: number, contents: boolean): SpanDescription {
  const { answer } = trace;
  return {
    name: `chat ${modelOf(trace)}`,
    kind: 'client',
    start,
    end,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': trace.model.split(':')[0]!,
      'gen_ai.request.model': modelOf(trace),
      'gen_ai.output.type': answer.output ? 'json' : 'text',
      'gen_ai.usage.input_tokens': answer.usage.promptTokens,
      'gen_ai.usage.output_tokens': answer.usage.completionTokens,
      ...(answer.finishReason && { 'gen_ai.response.finish_reasons': [answer.finishReason] }),
      ...(contents && {
        'tandem.prompt': trace.prompt,
        'gen_ai.output.messages': JSON.stringify([textMessage('assistant', trace.rawOutput)]),
      }),
    },
    children: [],
  };
}

const modelOf = ({ model }: Trace) => model.slice(model.indexOf(':') + 1);

const textMessage = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });
