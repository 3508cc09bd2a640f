import { type Around, type DatasetFormat, type Fields, Unfit } from './format.ts';

/** What the two columns are called, in the languages that spreadsheets come in; lower case. `columns` says it where a file has another name. */
const questionNames =
  'question questions query prompt q frage fragen pregunta pergunta domanda vraag pytanie otázka fråga spørgsmål spørsmål kysymys kérdés soru întrebare въпрос вопрос запитання питання ερώτηση سؤال السؤال שאלה प्रश्न सवाल 問題 问题 質問 질문 คำถาม câu_hỏi pertanyaan'.split(
    ' ',
  );
const answerNames =
  'expected answer answers a completion response reply output ideal antwort antworten respuesta réponse resposta risposta antwoord odpowiedź odpověď svar vastaus válasz cevap yanıt răspuns отговор ответ відповідь απάντηση جواب الجواب תשובה उत्तर जवाब 答案 回答 答え 답변 답 คำตอบ câu_trả_lời jawaban'.split(
    ' ',
  );

/** Columns of a spreadsheet that say where an answer stands. */
const sourceNames = ['document', 'documentid', 'document_id'];

/** Questions with their answers: CSV with a head, or objects. Tandem's own files of questions and cases are of this form. */
export const questionAnswer: DatasetFormat = {
  name: 'question-answer',
  title: 'a question with its answer',
  recognises: (entry, { columns }) => nameOf(entry, columns.question, questionNames) !== undefined,
  toQuestions(entry, around) {
    const question = nameOf(entry, around.columns.question, questionNames);
    if (question === undefined) throw new Unfit(missing('question', entry, around));
    // A question without an answer may still say what to search for, or where its answer stands: the schema knows.
    const answer = nameOf(entry, around.columns.answer, answerNames);
    const { [question]: asked, [answer ?? '']: answered, ...others } = entry;
    return [
      {
        line: {
          ...withSource(others),
          question: asked,
          ...(answer !== undefined && { expected: answered }),
        },
      },
    ];
  },
};

function nameOf(entry: Fields, given: string | undefined, known: readonly string[]): string | undefined {
  if (given !== undefined)
    return Object.keys(entry).find((name) => name === given || name === given.toLowerCase());
  const names = new Map(Object.keys(entry).map((name) => [name.normalize('NFC').toLowerCase(), name]));
  return known.flatMap((name) => names.get(name) ?? [])[0];
}

function missing(what: keyof Around['columns'], entry: Fields, { columns }: Around): string {
  const names = Object.keys(entry)
    .map((name) => `\`${name}\``)
    .join(', ');
  return columns[what] === undefined
    ? `none of ${names || 'its members'} is known as the ${what}; say which in \`columns\``
    : `it has no \`${columns[what]}\`, which \`columns\` names as the ${what}`;
}

/** In a table the place of an answer has columns of its own. */
function withSource(entry: Fields): Record<string, unknown> {
  const named = sourceNames.find((name) => typeof entry[name] === 'string');
  if (entry.source !== undefined || named === undefined) return { ...entry };
  const { [named]: documentId, section, start, end, ...others } = entry;
  const number = (value: unknown) =>
    typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return {
    ...others,
    source: {
      documentId,
      ...(section !== undefined && { section }),
      ...(start !== undefined && { start: number(start) }),
      ...(end !== undefined && { end: number(end) }),
    },
  };
}
