import type { TopologyLevel } from '../fleet/index.ts';
import { domainsOf } from './domains.ts';
import type { Fleet } from './fleet.ts';
import type { NodeScorer } from './node-scorer.ts';

/** Scores are far below 2^30, and a power of two keeps their order to the last bit. */
const LAST = 2 ** -60;

/**
 * A scorer that puts nodes of empty domains last, in the order of their scores. A node that names no domain has none to keep
 * empty. When a domain becomes used or empty, the scores of all its nodes change.
 */
export function emptyDomainsLast(scorer: NodeScorer, fleet: Fleet, level: TopologyLevel): NodeScorer {
  const { nodeCount, jobCount } = fleet.state;
  const domains = domainsOf(
    fleet,
    level,
    Int32Array.from({ length: nodeCount }, (_, node) => node),
  );
  const domainOf = new Int32Array(nodeCount).fill(-1);
  const usedNodes = new Int32Array(domains.length);
  const isUsed = Uint8Array.from(jobCount, (count) => (count > 0 ? 1 : 0));
  domains.forEach(({ nodes }, domain) => {
    for (const node of nodes) {
      domainOf[node] = domain;
      usedNodes[domain]! += isUsed[node]!;
    }
  });
  return {
    ...scorer,
    tellsTwinsApart: true,
    score: (node, demand) => {
      const score = scorer.score(node, demand);
      const domain = domainOf[node]!;
      return domain >= 0 && usedNodes[domain] === 0 ? score * LAST : score + 1;
    },
    changed: (node, mark) => {
      scorer.changed(node, mark);
      const domain = domainOf[node]!;
      const now = jobCount[node]! > 0 ? 1 : 0;
      if (domain < 0 || now === isUsed[node]) return;
      usedNodes[domain]! += now - isUsed[node]!;
      isUsed[node] = now;
      if (usedNodes[domain] !== now) return;
      for (const other of domains[domain]!.nodes) if (other !== node) mark(other);
    },
  };
}
