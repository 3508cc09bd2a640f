import { createRoute, z } from '@hono/zod-openapi';
import { ApiError } from '../http/api-error.ts';
import { needs } from '../http/authenticate.ts';
import type { ServedModel } from '../models/served-model.ts';
import { errorResponses } from '../schemas/error.ts';
import { deletedModelSchema, modelListSchema, modelSchema } from '../schemas/models.ts';
import { newRoutes, type ServerContext } from '../server-context.ts';

const list = createRoute({
  method: 'get',
  path: '/models',
  tags: ['Models'],
  summary: 'Lists what can be asked',
  middleware: [needs('read')] as const,
  responses: {
    200: { description: 'All models.', content: { 'application/json': { schema: modelListSchema } } },
    ...errorResponses,
  },
});

const retrieve = createRoute({
  method: 'get',
  path: '/models/{model}',
  tags: ['Models'],
  summary: 'Tells of one model',
  request: { params: z.object({ model: z.string().openapi({ param: { name: 'model', in: 'path' } }) }) },
  responses: {
    200: { description: 'The model.', content: { 'application/json': { schema: modelSchema } } },
    ...errorResponses,
  },
});

const remove = createRoute({
  method: 'delete',
  path: '/models/{model}',
  tags: ['Models'],
  summary: 'Deletes a fine-tuned model',
  request: { params: z.object({ model: z.string().openapi({ param: { name: 'model', in: 'path' } }) }) },
  responses: {
    200: {
      description: 'It is gone, with its weights.',
      content: { 'application/json': { schema: deletedModelSchema } },
    },
    ...errorResponses,
  },
});

/** GET /models, GET and DELETE /models/{model} */
export function modelRoutes(context: ServerContext) {
  const routes = newRoutes();
  routes.openapi(list, (c) =>
    c.json(
      modelListSchema.parse({ object: 'list', data: context.models.list(c.get('caller')).map(shown) }),
      200,
    ),
  );
  routes.openAPIRegistry.registerPath(retrieve);
  // Registered by hand: a name may have slashes in it.
  routes.get('/models/:model{.+}', needs('read'), (c) => {
    const name = c.req.param('model');
    const found = context.models.find(name, c.get('caller'));
    if (!found) throw noModel(name);
    return c.json(modelSchema.parse(shown(found)), 200);
  });
  routes.openAPIRegistry.registerPath(remove);
  routes.delete('/models/:model{.+}', needs('train'), async (c) => {
    const name = c.req.param('model');
    const caller = c.get('caller');
    if (!(await context.tunedModels.remove(name, caller))) {
      if (!context.models.find(name, caller)) throw noModel(name);
      throw new ApiError(403, `${name} is no fine-tuned model, and only those can be deleted.`, {
        code: 'insufficient_permissions',
        param: 'model',
      });
    }
    return c.json(deletedModelSchema.parse({ id: name, object: 'model', deleted: true }), 200);
  });
  return routes;
}

const noModel = (name: string) =>
  new ApiError(404, `The model ${name} does not exist here.`, { code: 'model_not_found', param: 'model' });

const shown = ({ id, created, ownedBy }: ServedModel) => ({
  id,
  object: 'model' as const,
  created,
  owned_by: ownedBy,
  shutdown_date: null,
});
