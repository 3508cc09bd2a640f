import { enforceNetworkPolicy, networkPolicy } from '../models/network-policy.ts';
import { addressesOfFact } from '../sources/addresses.ts';
import { storeAddresses } from '../store/open-store.ts';
import type { Project } from './open-project.ts';

/**
 * Holds the whole process to the project's `network` until it is disposed: with `local` every connection to a host that the config does not
 * name is refused with a NetworkBlockedError. For a program that does nothing else, such as the command line.
 *
 * @param addresses that may be read from as well, such as those of web sources.
 *
 * @example
 * await using project = await openProject({ directory: 'handbook-project' });
 * using network = enforceProjectNetwork(project);
 */
export function enforceProjectNetwork(
  { config }: Pick<Project, 'config'>,
  addresses: readonly string[] = [],
): Disposable {
  return enforceNetworkPolicy(
    networkPolicy(config, [
      ...addresses,
      ...storeAddresses(config.store),
      ...config.answer.live.flatMap((fact) => addressesOfFact(fact)),
    ]),
  );
}
