import { OpenAPIHono } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { escapeRegExp } from '../core/escape-reg-exp.ts';
import { ApiError, apiErrorOf } from './http/api-error.ts';
import { authenticate } from './http/authenticate.ts';
import { docsPage } from './http/docs-page.ts';
import type { Environment } from './http/environment.ts';
import { guardOrigin } from './http/guard-origin.ts';
import { limitBody } from './http/limit-body.ts';
import { makeId } from './http/make-id.ts';
import { chatCompletionRoutes } from './routes/chat-completions.ts';
import { embeddingRoutes } from './routes/embeddings.ts';
import { fileRoutes } from './routes/files.ts';
import { fineTuningRoutes } from './routes/fine-tuning.ts';
import { modelRoutes } from './routes/models.ts';
import { uploadRoutes } from './routes/uploads.ts';
import { vectorStoreFileRoutes } from './routes/vector-store-files.ts';
import { vectorStoreRoutes } from './routes/vector-stores.ts';
import type { ServerContext } from './server-context.ts';

/** How the server may be reached, and how much it takes. */
export interface AppOptions {
  /** Names under which it is reached; empty: any. */
  hosts: readonly string[];
  /** Web pages that may use it. */
  origins: readonly string[];
  /** Of a request without files, in bytes. */
  mostBodyBytes: number;
}

/** All routes over one context, as a function from requests to responses. */
export function createApp(context: ServerContext, { hosts, origins, mostBodyBytes }: AppOptions) {
  const app = new OpenAPIHono<Environment>();
  app.use(async (c, next) => {
    c.set('requestId', makeId('req', '_'));
    await next();
    c.header('x-request-id', c.get('requestId'));
  });
  app.use(guardOrigin({ hosts, origins }));
  app.get('/health', (c) => c.json({ status: 'ok' }));
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Tandem',
      version: '1',
      description: "OpenAI's API over models and documents of your own.",
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' });
  app.get('/docs', (c) => c.html(docsPage));
  app.use('/v1/*', authenticate(context.keys));
  app.use('/v1/*', limitBody(mostBodyBytes));
  for (const routes of [
    modelRoutes,
    chatCompletionRoutes,
    embeddingRoutes,
    fileRoutes,
    uploadRoutes,
    vectorStoreRoutes,
    vectorStoreFileRoutes,
    fineTuningRoutes,
  ])
    app.route('/v1', routes(context));

  app.notFound((c) => {
    const allowed = methodsAt(app, c.req.path);
    const error =
      allowed.length > 0
        ? new ApiError(
            405,
            `${c.req.path} is not there for ${c.req.method}, only for ${allowed.join(', ')}.`,
            {
              headers: { allow: allowed.join(', ') },
            },
          )
        : new ApiError(
            404,
            `There is no ${c.req.method} ${c.req.path} here. GET /openapi.json lists what there is.`,
            {
              code: 'unknown_url',
            },
          );
    return answer(error);
  });
  app.onError((error) => {
    const told =
      error instanceof HTTPException
        ? new ApiError(400, "The request's body is not what its content type says: no JSON, for one.")
        : apiErrorOf(error);
    if (told.status >= 500) context.log(told.cause ?? error);
    return answer(told);
  });
  return app;
}

/** An error as a response. */
function answer(error: ApiError): Response {
  const { retryAfter, headers = {} } = error.options;
  return Response.json(error.body, {
    status: error.status,
    headers: { ...headers, ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) },
  });
}

/** By which methods a path can be asked. */
function methodsAt(app: OpenAPIHono<Environment>, path: string): string[] {
  const methods = app.routes
    .filter(({ method, path: pattern }) => method !== 'ALL' && patternOf(pattern).test(path))
    .map(({ method }) => method);
  return [...new Set(methods)].toSorted();
}

/** `/v1/files/:file_id` as an expression; `:model{.+}` takes slashes, too. */
function patternOf(pattern: string): RegExp {
  const parts = pattern.split('/').map((part) => {
    if (!part.startsWith(':')) return escapeRegExp(part);
    return part.endsWith('{.+}') ? '.+' : '[^/]+';
  });
  return new RegExp(`^${parts.join('/')}$`);
}
