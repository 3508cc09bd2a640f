import { createRoute, z } from '@hono/zod-openapi';
import { ApiError } from '../http/api-error.ts';
import { needs } from '../http/authenticate.ts';
import { createJob } from '../jobs/create-job.ts';
import type { Job } from '../jobs/job.ts';
import type { Paged } from '../jobs/job-table.ts';
import { shownCheckpoint, shownEvent, shownJob } from '../jobs/shown-job.ts';
import type { Caller } from '../keys/caller.ts';
import { errorResponses } from '../schemas/error.ts';
import {
  jobCheckpointListSchema,
  jobEventListSchema,
  jobListSchema,
  jobPageSchema,
  jobRequestSchema,
  jobSchema,
  pageSchema,
} from '../schemas/fine-tuning.ts';
import { newRoutes, type ServerContext } from '../server-context.ts';

const path = '/fine_tuning/jobs' as const;
const shared = { tags: ['Fine-tuning'] };
const ofJob = z.object({ fine_tuning_job_id: z.string() });
const answers = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  200: { description, content: { 'application/json': { schema } } },
  ...errorResponses,
});

const create = createRoute({
  ...shared,
  method: 'post',
  path,
  summary: 'Trains a model on an uploaded file',
  middleware: [needs('train')] as const,
  request: { body: { required: true, content: { 'application/json': { schema: jobRequestSchema } } } },
  responses: answers('The job, which waits for its turn.', jobSchema),
});

const list = createRoute({
  ...shared,
  method: 'get',
  path,
  summary: 'Lists jobs, the newest first',
  middleware: [needs('read')] as const,
  request: { query: jobPageSchema },
  responses: answers('A page of jobs.', jobListSchema),
});

const retrieve = createRoute({
  ...shared,
  method: 'get',
  path: `${path}/{fine_tuning_job_id}`,
  summary: 'Tells of one job',
  middleware: [needs('read')] as const,
  request: { params: ofJob },
  responses: answers('The job.', jobSchema),
});

const events = createRoute({
  ...shared,
  method: 'get',
  path: `${path}/{fine_tuning_job_id}/events`,
  summary: 'What happened to a job, the newest first',
  middleware: [needs('read')] as const,
  request: { params: ofJob, query: pageSchema(20) },
  responses: answers('A page of events.', jobEventListSchema),
});

const checkpoints = createRoute({
  ...shared,
  method: 'get',
  path: `${path}/{fine_tuning_job_id}/checkpoints`,
  summary: 'The models at the ends of a job’s epochs, the newest first',
  middleware: [needs('read')] as const,
  request: { params: ofJob, query: pageSchema(10) },
  responses: answers('A page of checkpoints.', jobCheckpointListSchema),
});

const changeRoute = <Change extends 'cancel' | 'pause' | 'resume'>(change: Change, summary: string) =>
  createRoute({
    ...shared,
    method: 'post',
    path: `${path}/{fine_tuning_job_id}/${change}`,
    summary,
    middleware: [needs('train')] as const,
    request: { params: ofJob },
    responses: answers('The job.', jobSchema),
  });
const cancel = changeRoute('cancel', 'Ends a job for good');
const pause = changeRoute('pause', 'Stops a job after its checkpoint');
const resume = changeRoute('resume', 'Lets a paused job go on from its checkpoint');

/** /fine_tuning/jobs */
export function fineTuningRoutes({ folder, models, fineTuning }: ServerContext) {
  const { table, runner, files } = fineTuning;
  const routes = newRoutes();
  const jobOf = (caller: Caller, id: string): Job => {
    const job = table.seenBy(caller, id);
    if (!job)
      throw new ApiError(404, `There is no fine-tuning job ${id}.`, {
        code: 'fine_tune_not_found',
        param: 'fine_tuning_job_id',
      });
    return job;
  };
  const shown = (job: Job) => jobSchema.parse(shownJob(job));

  routes.openapi(create, async (c) => {
    const job = await createJob(c.req.valid('json'), c.get('caller'), { folder, models, files, table });
    runner.wake();
    return c.json(shown(job), 200);
  });
  routes.openapi(list, (c) => {
    const { after, limit = 20, metadata } = c.req.valid('query');
    const page = table.list(c.get('caller'), { after, limit }, metadata === 'null' ? null : metadata);
    const { items, hasMore } = known(page, after);
    return c.json(jobListSchema.parse({ object: 'list', data: items.map(shownJob), has_more: hasMore }), 200);
  });
  routes.openapi(retrieve, (c) =>
    c.json(shown(jobOf(c.get('caller'), c.req.valid('param').fine_tuning_job_id)), 200),
  );
  routes.openapi(events, (c) => {
    const job = jobOf(c.get('caller'), c.req.valid('param').fine_tuning_job_id);
    const { after, limit = 20 } = c.req.valid('query');
    const { items, hasMore } = known(table.events(job.id, { after, limit }), after);
    return c.json(
      jobEventListSchema.parse({ object: 'list', data: items.map(shownEvent), has_more: hasMore }),
      200,
    );
  });
  routes.openapi(checkpoints, (c) => {
    const job = jobOf(c.get('caller'), c.req.valid('param').fine_tuning_job_id);
    const { after, limit = 10 } = c.req.valid('query');
    const { items, hasMore } = known(table.checkpoints(job.id, { after, limit }), after);
    return c.json(
      jobCheckpointListSchema.parse({
        object: 'list',
        data: items.map(shownCheckpoint),
        first_id: items[0]?.id ?? null,
        last_id: items.at(-1)?.id ?? null,
        has_more: hasMore,
      }),
      200,
    );
  });
  routes.openapi(cancel, (c) =>
    c.json(shown(runner.cancel(jobOf(c.get('caller'), c.req.valid('param').fine_tuning_job_id))), 200),
  );
  routes.openapi(pause, (c) =>
    c.json(shown(runner.pause(jobOf(c.get('caller'), c.req.valid('param').fine_tuning_job_id))), 200),
  );
  routes.openapi(resume, (c) =>
    c.json(shown(runner.resume(jobOf(c.get('caller'), c.req.valid('param').fine_tuning_job_id))), 200),
  );
  return routes;
}

/** @throws ApiError 404 where the page was to begin behind something that is not there */
function known<Item>(page: Paged<Item> | undefined, after: string | undefined): Paged<Item> {
  if (page) return page;
  throw new ApiError(404, `"after" is ${after}, which is not in this list.`, { param: 'after' });
}
