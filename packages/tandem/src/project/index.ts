// Tandem in a folder: what the command line is made of.
export { type Config, type ConfigInput, defineConfig } from './config.ts';
export { type Check, doctor } from './doctor.ts';
export { enforceProjectNetwork } from './enforce-network.ts';
export { initProject } from './init-project.ts';
export {
  ingestPaths,
  type OpenProjectOptions,
  openProject,
  type Project,
  watchPaths,
} from './open-project.ts';
export type { GivenSources } from './sources.ts';
