import { type ArmName, armNames } from '../../core/types/answer.ts';
import type { Project } from '../../project/open-project.ts';
import type { Caller } from '../keys/caller.ts';
import { fingerprintOf, type ModelQueues } from './base-models.ts';
import type { ModelSource, ServedChat } from './served-model.ts';

/** The arms that a project can be asked by: base knows nothing of it, and a head gives no text. */
const asked = armNames.filter((arm) => arm !== 'base' && arm !== 'head');

/** A project, and whether it has an adapter: without one only its arms that need none are listed. Asked by name, the others say what is missing. */
export interface ServedProject {
  project: Project;
  isTuned: boolean;
}

/**
 * Each project as a model: `tandem/NAME` answers as the project does by default, `tandem/NAME:rag`, `:tuned` and `:hybrid` by that arm. What it
 * cites comes as annotations.
 */
export function projectModels(
  projects: readonly ServedProject[],
  { queues, created }: { queues: ModelQueues; created: number },
): ModelSource {
  const served = projects.flatMap(({ project, isTuned }) =>
    [undefined, ...asked].map((arm) => ({
      project,
      isListed: isTuned || arm === undefined || arm === 'rag',
      model: servedProject(project, arm, { queues, created }),
    })),
  );
  const seenBy = (caller: Caller) =>
    served.filter(({ project }) => caller.projects?.includes(project.name) ?? true);
  return {
    list: (caller) =>
      seenBy(caller)
        .filter(({ isListed }) => isListed)
        .map(({ model }) => model),
    find: (name, caller) => seenBy(caller).find(({ model }) => model.id === name)?.model,
  };
}

function servedProject(
  project: Project,
  arm: ArmName | undefined,
  { queues, created }: { queues: ModelQueues; created: number },
): ServedChat {
  const id = `tandem/${project.name}${arm === undefined ? '' : `:${arm}`}`;
  return {
    kind: 'chat',
    id,
    created,
    ownedBy: 'tandem',
    queue: queues.of(project.models.names.chat),
    open: async () => project.languageModel(arm),
    optionsFor: ({ access }): Record<string, { access: string[] }> =>
      access === undefined ? {} : { tandem: { access: [...access] } },
    fingerprint: fingerprintOf(id, project.models.names.chat),
  };
}
