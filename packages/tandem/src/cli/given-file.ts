import { Option } from 'commander';
import { type FormatName, formatNames, type GivenFile } from '../core/types/dataset-file.ts';

/** `--format`, of a command that takes a file of questions or examples. */
export const formatOption = () =>
  new Option('--format <format>', 'how that file is to be read (default: by its content)').choices(
    formatNames,
  );

/** The file that a flag names, with the format that another one says. */
export function givenFile(file: string, format: FormatName | undefined): GivenFile {
  return { file, ...(format && { format }) };
}
