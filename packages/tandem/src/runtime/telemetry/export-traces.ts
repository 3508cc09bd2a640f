import type * as OpenTelemetry from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { importDriver } from '../../core/errors/missing-driver-error.ts';
import { ProviderError } from '../../core/errors/provider-error.ts';
import type { Parts } from '../../parts/parts.ts';
import { type SpanDescription, spansOf } from './trace-spans.ts';

/** Which traces, and where to. */
export interface ExportTracesOptions {
  /** Where an OTLP receiver listens for HTTP: `http://127.0.0.1:4318/v1/traces`. */
  url?: string;
  /** Sent to it, such as a key. */
  headers?: Record<string, string>;
  /** An OpenTelemetry exporter of your own, instead of `url`. It is not shut down. */
  exporter?: SpanExporter;
  /** Traces from then on; ISO 8601. Default: all. */
  since?: string;
  /** Question, prompt, passages and answer go with them. Default: times, counts and names alone. */
  contents?: boolean;
  signal?: AbortSignal;
}

/** Spans are sent in groups of traces, so that a thousand answers are not a thousand requests. */
const together = 50;

/**
 * Sends traces to an OpenTelemetry collector, as spans of the conventions for generative AI. Sent again they are new traces to it: give `since`.
 * @throws ProviderError where the collector does not take them
 * @throws MissingDriverError where OpenTelemetry's packages are not installed
 *
 * @example
 * await exportTraces(tandem, { url: 'http://127.0.0.1:4318/v1/traces', since: '2026-12-01' });
 */
export async function exportTraces(
  parts: Pick<Parts, 'name' | 'catalog' | 'whileOpen'>,
  options: ExportTracesOptions,
): Promise<{ traces: number; spans: number }> {
  return parts.whileOpen(async (signal) => {
    const api = await load('@opentelemetry/api', () => import('@opentelemetry/api'));
    const sdk = await load('@opentelemetry/sdk-trace', () => import('@opentelemetry/sdk-trace'));
    const { defaultResource, resourceFromAttributes } = await load(
      '@opentelemetry/resources',
      () => import('@opentelemetry/resources'),
    );
    const exporter = options.exporter ?? (await openExporter(options));
    const failed: { error?: unknown } = {};
    const told: SpanExporter = {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          if (result.code !== 0) failed.error ??= result.error ?? new Error('it was not taken');
          done(result);
        }),
      shutdown: async () => {},
    };
    const provider = new sdk.TracerProvider({
      resource: defaultResource().merge(resourceFromAttributes({ 'service.name': parts.name })),
      spanProcessors: [
        new sdk.BatchSpanProcessor({ exporter: told, maxQueueSize: 1_000_000, maxExportBatchSize: 512 }),
      ],
    });
    const tracer = provider.getTracer('tandem');
    const counts = { traces: 0, spans: 0 };
    const flush = async () => {
      // It rejects with all errors in a list; the first is known already.
      await provider.forceFlush().catch((error: unknown) => (failed.error ??= error));
      if (failed.error !== undefined) throw notTaken(options, failed.error);
    };
    try {
      for await (const trace of parts.catalog.traces.all()) {
        signal.throwIfAborted();
        if (options.since !== undefined && trace.at < options.since) continue;
        counts.spans += record(api, tracer, spansOf(trace, options));
        counts.traces += 1;
        if (counts.traces % together === 0) await flush();
      }
      await flush();
    } finally {
      if (!options.exporter) await exporter.shutdown();
    }
    return counts;
  }, options.signal);
}

const load = <Module>(packageName: string, imported: () => Promise<Module>) =>
  importDriver(imported, { packageName, what: 'Exporting traces', domain: 'runtime' });

async function openExporter({ url, headers }: ExportTracesOptions): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await load(
    '@opentelemetry/exporter-trace-otlp-proto',
    () => import('@opentelemetry/exporter-trace-otlp-proto'),
  );
  return new OTLPTraceExporter({
    ...(url !== undefined && { url }),
    ...(headers && { headers }),
    timeoutMillis: 10_000,
  });
}

/** The span with those inside of it. @returns how many they are */
function record(
  api: typeof OpenTelemetry,
  tracer: Tracer,
  span: SpanDescription,
  parent = api.ROOT_CONTEXT,
): number {
  const made = tracer.startSpan(
    span.name,
    {
      kind: span.kind === 'client' ? api.SpanKind.CLIENT : api.SpanKind.INTERNAL,
      startTime: span.start,
      attributes: span.attributes,
    },
    parent,
  );
  const inside = api.trace.setSpan(parent, made);
  const count = span.children.reduce((sum, child) => sum + record(api, tracer, child, inside), 1);
  made.end(span.end);
  return count;
}

function notTaken({ url = 'the exporter' }: ExportTracesOptions, cause: unknown): ProviderError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ProviderError({
    provider: url,
    domain: 'runtime',
    message: `The collector at ${url} did not take the traces: ${reason.replace(/\.$/, '')}.`,
    hint: 'Is it up, and is this its address for OTLP over HTTP (port 4318, path /v1/traces by default)?',
    cause,
  });
}
