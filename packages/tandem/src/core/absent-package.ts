/** The npm package that an import or a require did not find; undefined where it was a file, or something else failed. */
export function absentPackageOf(error: unknown): string | undefined {
  if (
    !(error instanceof Error) ||
    !/^(?:ERR_)?MODULE_NOT_FOUND$/.test((error as NodeJS.ErrnoException).code ?? '')
  )
    return undefined;
  const [, name] = /^Cannot find (?:package|module) '((?:@[^/']+\/)?[^@./'][^/']*)/.exec(error.message) ?? [];
  return name?.includes(':') ? undefined : name;
}
