import { bestReply } from './best-reply.ts';
import { setTerms } from './congestion.ts';
import { createGame, install } from './game.ts';
import type { Game } from './game.ts';
import type { ProblemTable } from './problem-table.ts';
import { dropOrphans } from './keep-order.ts';
import { inOrder } from './shuffle.ts';

/** Jobs in the order of their windows, each in the best place that is left; those without one have none. */
export function planGreedily(table: ProblemTable): Game {
  const game = createGame(table);
  setTerms(table, game.congestion, { isHard: true });
  const order = inOrder(table.jobCount).sort((a, b) => table.first[a]! - table.first[b]! || a - b);
  for (const job of order) {
    if (bestReply(table, game.congestion, game.reply, job, Infinity, -1) < Infinity) install(game, job);
  }
  dropOrphans(game);
  return game;
}

/** As {@link planGreedily}, but the best place is the earliest, and nobody runs more than one replica. */
export function planFirstFit(table: ProblemTable): Game {
  const one = Float64Array.of(1);
  return planGreedily({
    ...table,
    signal: table.signal.map((_, cell) => 1 + (cell % table.slotCount)),
    bill: new Float64Array(table.cellCount),
    energy: new Float64Array(table.jobCount).fill(1),
    moves: undefined,
    curve: table.curve.map(() => one),
  });
}
