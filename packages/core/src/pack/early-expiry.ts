import type { Fleet } from './fleet.ts';
import type { NodeScorer } from './node-scorer.ts';

/**
 * A scorer that gives ties to the node that expires first: of the nodes a job fits, that is the one with the least life left
 * after its end. Whole points still come first, and what the scorer itself breaks ties by comes last. A job of unknown run
 * time is scored as before.
 */
export function earlyExpiryFirst(scorer: NodeScorer, { expiresAtMs }: Fleet): NodeScorer {
  const latestFirst = [...new Set(expiresAtMs)].sort((x, y) => y - x);
  const rankOf = new Map(latestFirst.map((at, rank) => [at, rank]));
  const rank = Float64Array.from(expiresAtMs, (at) => rankOf.get(at)!);
  return {
    ...scorer,
    tellsTwinsApart: true,
    score: (node, demand) => {
      const score = scorer.score(node, demand);
      if (demand.neededUntilMs === -Infinity) return score;
      const points = Math.floor(score);
      return points + (rank[node]! + (score - points)) / latestFirst.length;
    },
  };
}
