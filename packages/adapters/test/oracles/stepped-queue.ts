/** A queue to be integrated by brute force. Times in ms, rates in requests per second. */
export interface SteppedQueueInput {
  readonly stepMs: number;
  readonly rates: readonly number[];
  readonly replicaRate: number;
  readonly lateAfterMs: number;
  readonly spans: readonly { readonly readyAtMs: number; readonly endedAtMs: number | null }[];
  readonly untilMs: number;
}

/**
 * Walks from 0 to `untilMs` in steps of `1 / stepsPerMs` ms. In each step a drop arrives and is served after all earlier
 * drops; a drop that does not fit into the step stays in line. No formula of the code under test is used.
 */
export function steppedQueue(input: SteppedQueueInput, stepsPerMs: number) {
  const stepMs = 1 / stepsPerMs;
  const line: { readonly bornMs: number; amount: number }[] = [];
  let head = 0;
  let arrived = 0;
  let served = 0;
  let late = 0;
  let waitedMs = 0;
  let readyReplicaMs = 0;
  for (let step = 0; step < input.untilMs * stepsPerMs; step++) {
    const middleMs = (step + 0.5) * stepMs;
    const drop = ((input.rates[Math.floor(middleMs / input.stepMs)] ?? 0) / 1_000) * stepMs;
    if (drop > 0) line.push({ bornMs: middleMs, amount: drop });
    arrived += drop;
    let ready = 0;
    for (const { readyAtMs, endedAtMs } of input.spans) {
      if (readyAtMs <= middleMs && middleMs < (endedAtMs ?? Infinity)) ready++;
    }
    readyReplicaMs += ready * stepMs;
    let room = ((ready * input.replicaRate) / 1_000) * stepMs;
    while (room > 0 && head < line.length) {
      const first = line[head]!;
      const part = Math.min(room, first.amount);
      const waitMs = middleMs - first.bornMs;
      served += part;
      waitedMs += part * waitMs;
      if (waitMs > input.lateAfterMs) late += part;
      first.amount -= part;
      room -= part;
      if (first.amount <= 0) head++;
    }
  }
  let waiting = 0;
  for (const { bornMs, amount } of line.slice(head)) {
    waiting += amount;
    waitedMs += amount * (input.untilMs - bornMs);
    if (input.untilMs - bornMs > input.lateAfterMs) late += amount;
  }
  return { arrived, served, waiting, late, waitedMs, readyReplicaMs };
}
