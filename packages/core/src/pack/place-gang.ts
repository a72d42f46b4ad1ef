import type { Job } from '../fleet/index.ts';
import { takeGang, type Taken } from './gang.ts';
import { domainMiss } from './gang-reason.ts';
import type { Packing } from './packing.ts';
import type { Held } from './running.ts';
import type { UnplacedReason } from './types.ts';

/** Where each member is, by id; or why none is placed. */
export type Together =
  { readonly takenBy: ReadonlyMap<string, Taken> } | { readonly reasonOf: (job: Job) => UnplacedReason };

/** Takes a place for all jobs, or leaves the packing as it was and says why. @param running - what is held already. */
export function placeTogether(
  packing: Packing,
  jobs: readonly Job[],
  gang: string,
  running: () => readonly Held[],
): Together {
  const outcome = takeGang(packing, jobs);
  if ('taken' in outcome) return { takenBy: new Map(outcome.taken.map((taken) => [taken.job.id, taken])) };
  const miss = 'noDomain' in outcome ? domainMiss(packing, outcome.noDomain, gang, running()) : outcome;
  if ('ofAll' in miss) return { reasonOf: () => miss.ofAll };
  const { blockedBy, reason } = miss;
  const others = { kind: 'gang-incomplete', gang, blockedBy: blockedBy.id } as const;
  return { reasonOf: ({ id }) => (id === blockedBy.id ? reason : others) };
}
