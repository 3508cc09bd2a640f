/** A short form and what it stands for. Several entries may share one short form. */
export interface GlossaryEntry {
  abbreviation: string;
  longForm: string;
}
