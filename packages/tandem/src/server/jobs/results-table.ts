type Metrics = readonly Record<string, number | string>[];

/** CSV with a row for each step; of steps that were done again after an interruption the later figures. */
export function resultsTable(metrics: Metrics): string {
  const rows = new Map<number, { train_loss?: number; valid_loss?: number }>();
  for (const { step, train_loss, valid_loss } of metrics)
    rows.set(Number(step), {
      ...rows.get(Number(step)),
      ...(train_loss !== undefined && { train_loss: Number(train_loss) }),
      ...(valid_loss !== undefined && { valid_loss: Number(valid_loss) }),
    });
  const lines = [...rows]
    .toSorted(([a], [b]) => a - b)
    .map(([step, { train_loss = '', valid_loss = '' }]) => `${step},${train_loss},${valid_loss}\n`);
  return `step,train_loss,valid_loss\n${lines.join('')}`;
}

/** What was measured at a step, as a checkpoint shows it. The whole validation file is read each time. */
export function metricsAt(metrics: Metrics, step: number): Record<string, number> {
  const own = metrics.filter((each) => Number(each.step) === step);
  const last = (name: string) => own.findLast((each) => each[name] !== undefined)?.[name];
  const [train, valid] = [last('train_loss'), last('valid_loss')];
  return {
    ...(train !== undefined && { train_loss: Number(train) }),
    ...(valid !== undefined && { valid_loss: Number(valid), full_valid_loss: Number(valid) }),
  };
}
