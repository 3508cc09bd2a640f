import { type Command, Option } from 'commander';
import { type ExportForm, type ExportOptions, exportAdapter, exportForms } from '../tune/export-adapter.ts';
import { withProject } from './command-context.ts';

export function addExport(program: Command, signal: AbortSignal): void {
  program
    .command('export')
    .argument('<adapter>', 'the id that `tandem tune` printed')
    .description('Write an adapter for others: as PEFT or GGUF LoRA, or merged into the whole model.')
    .requiredOption('--to <dir>', 'a folder that is not there yet, or empty')
    .addOption(
      new Option('--as <form>', 'what is written').choices(exportForms).default('peft' satisfies ExportForm),
    )
    .addOption(
      new Option(
        '--type <type>',
        "of merged-gguf: what its matrices are written as; kept: in halves where the adapter changes them, else as the base has them (default); base: all as the base's, which in four bits loses what was learnt",
      ).choices(['kept', 'base', 'F32', 'F16', 'Q8_0']),
    )
    .option('--files <dir>', "of merged-safetensors: the base's Hugging Face folder")
    .action(async (id: string, options: ExportOptions, command: Command) => {
      await withProject(command, signal, async ({ project, print, onProgress }) => {
        const { to, as, type, files } = options;
        const exported = await exportAdapter(project, id, {
          to,
          ...(as && { as }),
          ...(type && { type }),
          ...(files !== undefined && { files }),
          signal,
          onProgress,
        });
        onProgress.end();
        print(exported, ({ directory, files: written }) =>
          [
            `${id} is in ${directory}, as ${exported.as}:`,
            ...written.map(({ name, bytes }) => `  ${name} (${(bytes / 1e6).toFixed(1)} MB)`),
          ].join('\n'),
        );
      });
    });
}
