import type { Feedback } from '../../core/types/feedback.ts';
import type { FeedbackCatalog } from '../catalog.ts';
import type { Database } from './database.ts';

interface FeedbackRow {
  trace_id: string;
  rating: string;
  better: string | null;
  at: string;
}

export function feedbackCatalog(database: Database): FeedbackCatalog {
  return {
    async put({ traceId, rating, better, at }) {
      database.run(
        `INSERT INTO feedback VALUES (?, ?, ?, ?)
         ON CONFLICT (trace_id) DO UPDATE SET rating = excluded.rating, better = excluded.better, at = excluded.at`,
        traceId,
        rating,
        better ?? null,
        at,
      );
    },

    async get(traceId) {
      const row = database.get<FeedbackRow>('SELECT * FROM feedback WHERE trace_id = ?', traceId);
      return row && toFeedback(row);
    },

    async list() {
      return database.all<FeedbackRow>('SELECT * FROM feedback ORDER BY rowid').map(toFeedback);
    },

    async remove(traceId) {
      return database.run('DELETE FROM feedback WHERE trace_id = ?', traceId) > 0;
    },
  };
}

const toFeedback = ({ trace_id, rating, better, at }: FeedbackRow): Feedback => ({
  traceId: trace_id,
  rating: rating as Feedback['rating'],
  ...(better !== null && { better }),
  at,
});
