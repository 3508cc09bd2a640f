import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { localToolsOf } from '../../models/local-tools.ts';
import type { Models } from '../../models/providers.ts';
import { ApiError } from '../http/api-error.ts';
import type { Job, JobCheckpoint } from '../jobs/job.ts';
import { jobFolder } from '../jobs/job-folder.ts';
import type { JobTable } from '../jobs/job-table.ts';
import { type Caller, holdsAll } from '../keys/caller.ts';
import { fingerprintOf, type ModelQueues } from './base-models.ts';
import type { ModelSource, ServedChat } from './served-model.ts';

/** What tuned models are served with. */
export interface TunedModelParts {
  /** The server's. */
  folder: string;
  models: Pick<Models, 'chatNamed'>;
  queues: ModelQueues;
  table: JobTable;
  /** Unix seconds. */
  now(): number;
}

/**
 * What fine-tuning jobs made: `ft:BASE:TENANT:SUFFIX:ID` is there as soon as its job has succeeded, and runs on its base's weights, with which
 * it takes turns. `…:ckpt-step-N`, the model at the end of an epoch, is found by its name and not listed.
 */
export class TunedModels implements ModelSource {
  readonly #parts: TunedModelParts;

  constructor(parts: TunedModelParts) {
    this.#parts = parts;
  }

  list(caller: Caller): ServedChat[] {
    return this.#parts.table
      .withModels(caller.tenant)
      .filter(({ request }) => holdsAll(caller, request.access))
      .map((job) => this.#served(job));
  }

  find(name: string, caller: Caller): ServedChat | undefined {
    if (!name.startsWith('ft:')) return undefined;
    const found = this.#parts.table.ofModel(caller.tenant, name);
    if (!found || !holdsAll(caller, found.job.request.access)) return undefined;
    return this.#served(found.job, found.checkpoint);
  }

  /**
   * Removes a model's weights, with those of its job's checkpoints and all else that was learnt from the files; of a checkpoint's model only
   * these. False where the caller sees no such tuned model.
   */
  async remove(name: string, caller: Caller): Promise<boolean> {
    const { table, folder, now } = this.#parts;
    if (!this.find(name, caller)) return false;
    const { job, checkpoint } = table.ofModel(caller.tenant, name)!;
    const { path } = jobFolder(folder, job.id);
    if (checkpoint) {
      table.dropCheckpoint(checkpoint.id);
      await rm(join(path, dirname(checkpoint.file!)), { recursive: true, force: true });
    } else {
      // First: what is left in the folder after a crash is removed at the next start.
      table.update(job.id, { modelDeletedAt: now() });
      await rm(path, { recursive: true, force: true });
    }
    return true;
  }

  #served(job: Job, checkpoint?: JobCheckpoint): ServedChat {
    const { folder, models, queues } = this.#parts;
    const { request, weights } = job;
    const { reference, base } = request.start;
    const id = checkpoint?.model ?? job.tunedModel!;
    const path = join(jobFolder(folder, job.id).path, checkpoint?.file ?? weights!.file);
    return {
      kind: 'chat',
      id,
      created: checkpoint?.createdAt ?? job.finishedAt ?? job.createdAt,
      ownedBy: job.tenant,
      queue: queues.of(reference),
      async open() {
        const model = await models.chatNamed(reference);
        const tools = localToolsOf(model);
        const fits =
          weights === null ||
          (tools?.baseHash === weights.baseHash && tools.templateHash === weights.templateHash);
        if (fits) return model;
        throw new ApiError(
          409,
          `${id} was trained on other weights, or under another chat template, than ${base} now has. Train it again, or serve the file that it was trained on.`,
          { code: 'base_model_changed', param: 'model' },
        );
      },
      optionsFor: () => ({ tandem: { adapter: { path } } }),
      fingerprint: fingerprintOf(id, reference),
      ...(!checkpoint && { training: { reference, base, job: job.id } }),
      access: request.access,
    };
  }
}
