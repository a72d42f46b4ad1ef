import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createPacker,
  explainUnplaced,
  type GpuNode,
  type Job,
  type NearestBarrier,
  type NodeBarrier,
  type PackOptions,
  type ResourceMiss,
  type UnplacedReason,
} from '../src/index.ts';
import { fleet, jobs, NOW_MS, ruledFleet, ruledJobs } from './arbitraries.ts';
import { admits, canBeCut, hasRoom, isWelcome, ledgerNode, move, type LedgerNode } from './oracles/pack-ledger.ts';

const nowMs = NOW_MS;
const options: fc.Arbitrary<PackOptions> = fc.constantFrom(
  {},
  { scorer: 'priced' },
  { scorer: 'fgd' },
  { scorer: 'best-fit' },
  { scorer: 'first-fit' },
);

const few = { hasGangs: false, maxLength: 25 };
const problem = fc.oneof(fc.tuple(fleet(), jobs(few)), fc.tuple(ruledFleet(), ruledJobs(few)));

describe('reasons', () => {
  it('are true: the job fits nowhere, and with what is missing it does', () => {
    const seen = new Map<string, number>();
    let barredCount = 0;
    fc.assert(
      fc.property(problem, options, ([nodes, list], choice) => {
        const packer = createPacker({ nodes, nowMs }, choice);
        const ledger = nodes.map(ledgerNode);
        for (const job of list) {
          const result = packer.place(job);
          if ('placement' in result) {
            move(
              ledger.find(({ id }) => id === result.placement.nodeId)!,
              job,
              result.placement,
              -1,
            );
            continue;
          }
          const { reason } = result.unplaced;
          seen.set(reason.kind, (seen.get(reason.kind) ?? 0) + 1);
          expect(ledger.filter((node) => admits(node, job, nowMs))).toEqual([]);
          expectTrue(reason, job, nodes, ledger);
          if ('barred' in reason) {
            barredCount++;
            expectNearestBarred(reason.barred, job, ledger);
            expect(reason.barred.misses).toEqual([]);
          }
          expect(explainUnplaced(reason)).toMatch(/^[A-Z'][^\n]*\.$/);
        }
      }),
      { numRuns: 700, seed: 1 },
    );

    const kinds = [
      'cordoned',
      'exceeds-every-node',
      'no-nodes',
      'no-room',
      'no-such-model',
      'no-such-profile',
      'node-expires',
      'not-admitted',
    ];
    expect([...seen.keys()].sort()).toEqual(kinds);
    expect(barredCount).toBeGreaterThan(25);
    // Seconds on a busy machine.
  }, 30_000);
});

function expectTrue(reason: UnplacedReason, job: Job, nodes: readonly GpuNode[], ledger: readonly LedgerNode[]): void {
  const empty = nodes.map(ledgerNode);
  const able = empty.filter((node) => hasRoom(node, job));
  const neededUntilMs = nowMs + (job.runtimeMs ?? -Infinity);
  const welcome = able.filter((node) => isWelcome(node, job));
  const lasting = welcome.filter(({ expiresAtMs = Infinity }) => expiresAtMs >= neededUntilMs);
  const of = (list: readonly LedgerNode[], id: string) => list.find((node) => node.id === id)!;
  switch (reason.kind) {
    case 'no-nodes':
      expect(nodes).toEqual([]);
      break;
    case 'no-such-model':
      expect(nodes.flatMap(({ gpus }) => gpus).filter(({ model }) => reason.wanted.includes(model))).toEqual([]);
      expect(reason.wanted).toEqual(job.gpuModels);
      break;
    case 'no-such-profile': {
      const instances = empty.flatMap(({ gpus }) => gpus).flatMap((gpu) => gpu.instances);
      expect(instances.filter(({ profile }) => profile === reason.wanted)).toEqual([]);
      expect(reason.wanted).toBe(job.migProfile);
      break;
    }
    case 'exceeds-every-node':
      expect(able).toEqual([]);
      expect(hasRoom(withAdded(of(empty, reason.limit.nodeId), reason.limit.misses, job), job)).toBe(true);
      expect('barriers' in reason.limit).toBe(empty.every((node) => !isWelcome(node, job)));
      if ('barriers' in reason.limit) {
        expect(isWelcome(withLifted(of(empty, reason.limit.nodeId), reason.limit.barriers, job), job)).toBe(true);
      } else expect(isWelcome(of(empty, reason.limit.nodeId), job)).toBe(true);
      break;
    case 'node-expires':
      expect(welcome.length).toBeGreaterThan(0);
      expect(reason.neededUntilMs).toBe(neededUntilMs);
      expect(Math.max(...welcome.map(({ expiresAtMs = Infinity }) => expiresAtMs))).toBe(reason.latestExpiresAtMs);
      expect(reason.latestExpiresAtMs).toBeLessThan(neededUntilMs);
      break;
    case 'not-admitted': {
      expect(able.length).toBeGreaterThan(0);
      expect(welcome).toEqual([]);
      expectNearestBarred(reason.nearest, job, ledger);
      // A node with room, if there is one.
      const hasRoomSomewhere = able.some(({ id }) => hasRoom(of(ledger, id), job));
      expect(reason.nearest.misses.length === 0).toBe(hasRoomSomewhere);
      const barredBy = (lift: (node: LedgerNode) => LedgerNode) =>
        able.filter((node) => !isWelcome({ ...node, ...noRules(job), ...lift(node) }, job)).length;
      expect(reason.nodesByRule).toEqual({
        reservation: barredBy(({ users }) => ({ users }) as LedgerNode),
        taint: barredBy(({ taints }) => ({ taints }) as LedgerNode),
        label: barredBy(({ labels }) => ({ labels }) as LedgerNode),
        zone: barredBy(({ zone }) => ({ zone }) as LedgerNode),
      });
      break;
    }
    case 'cordoned': {
      expect(lasting.every(({ isCordoned }) => isCordoned)).toBe(true);
      const withRoom = lasting.filter(({ id }) => hasRoom(of(ledger, id), job));
      expect(reason.hasRoom).toBe(withRoom.length > 0);
      expect(reason.nodeIds).toEqual((reason.hasRoom ? withRoom : lasting).map(({ id }) => id).sort());
      break;
    }
    case 'no-room': {
      const { nodeId, misses } = reason.nearest;
      const node = of(ledger, nodeId);
      expect(of(welcome, nodeId)).toBeDefined();
      expect(hasRoom(withAdded(node, misses, job), job)).toBe(true);
      // Every miss counts: without any one of them the job still does not fit.
      misses.forEach((_, left) => {
        expect(
          hasRoom(
            withAdded(
              node,
              misses.filter((_, index) => index !== left),
              job,
            ),
            job,
          ),
        ).toBe(false);
      });
      break;
    }
    case 'no-domain':
    case 'gang-incomplete':
      throw new Error('There is no gang.');
    case 'refused-by-admission':
      throw new Error('Nobody asked for admission.');
  }
}

/** With all barriers lifted and all misses added the job fits, and without any one of the lifts it does not. */
function expectNearestBarred(
  { nodeId, misses, barriers }: NearestBarrier,
  job: Job,
  ledger: readonly LedgerNode[],
): void {
  const roomy = withAdded(
    ledger.find(({ id }) => id === nodeId)!,
    misses,
    job,
  );
  expect(barriers.length).toBeGreaterThan(0);
  expect(admits(withLifted(roomy, barriers, job), job, nowMs)).toBe(true);
  barriers.forEach((_, left) => {
    const others = barriers.filter((_, index) => index !== left);
    expect(admits(withLifted(roomy, others, job), job, nowMs)).toBe(false);
  });
}

/** Rules that let the job in. */
function noRules({ zones, nodeLabels = {} }: Job): Pick<LedgerNode, 'zone' | 'labels' | 'taints' | 'users'> {
  const labels = Object.entries(nodeLabels).map(([key, wanted]) => [key, [wanted].flat()[0]!] as const);
  return { zone: zones?.[0], labels: Object.fromEntries(labels), taints: [], users: undefined };
}

/** The node without these barriers. */
function withLifted(node: LedgerNode, barriers: readonly NodeBarrier[], job: Job): LedgerNode {
  const open: LedgerNode = { ...structuredClone(node) };
  for (const barrier of barriers) {
    if (barrier.rule === 'reservation') open.users = undefined;
    if (barrier.rule === 'taint') {
      open.taints = open.taints.filter(({ key, value = '' }) => key !== barrier.key || value !== barrier.value);
    }
    if (barrier.rule === 'label') open.labels[barrier.key] = barrier.wanted[0]!;
    if (barrier.rule === 'zone') open.zone = barrier.wanted[0];
    if (barrier.rule === 'cordon') open.isCordoned = false;
    if (barrier.rule === 'expiry') open.expiresAtMs = nowMs + job.runtimeMs!;
  }
  return open;
}

/** The node with what is missing added to it. */
function withAdded(node: LedgerNode, misses: readonly ResourceMiss[], job: Job): LedgerNode {
  const richer = structuredClone(node);
  const model = job.gpuModels?.[0] ?? 'A';
  for (const miss of misses) {
    expect(miss.available).toBeLessThan(miss.needed);
    const missing = miss.needed - miss.available;
    if (miss.resource === 'cpu-milli') richer.cpu += missing;
    if (miss.resource === 'memory-mib') richer.memory += missing;
    if (miss.resource === 'gpu-milli') richer.gpus[miss.gpuIndex]!.milli += missing;
    if (miss.resource === 'gpu-count') {
      for (let k = 0; k < missing; k++)
        richer.gpus.push({ model, milli: 1_000, memory: job.gpuMemoryMib, instances: [] });
    }
    if ('nearest' in miss) {
      const { gpuIndex, blockers, start } = miss.nearest;
      const { geometry, pieces } = richer.gpus[gpuIndex]!.cut!;
      const isBlocker = (piece: { readonly start: number; readonly profile: string }) =>
        blockers.some((blocker) => blocker.start === piece.start && blocker.profile === piece.profile);
      const wanted = { profile: job.migProfile!, start };
      expect(pieces.filter(isBlocker)).toHaveLength(blockers.length);
      // All of them are needed.
      for (const kept of pieces.filter(isBlocker)) {
        const rest = pieces.filter((piece) => piece === kept || !isBlocker(piece));
        expect(canBeCut(geometry, [...rest, wanted])).toBe(false);
      }
      const gone = pieces.filter((piece) => !isBlocker(piece));
      expect(canBeCut(geometry, [...gone, wanted])).toBe(true);
      for (const { profile, start: from } of blockers) {
        move(
          richer,
          { ...job, cpuMilli: 0, memoryMib: 0 },
          { jobId: '', nodeId: '', gpus: [], mig: { gpuIndex, profile, start: from } },
          1,
        );
      }
    } else if (miss.resource === 'mig-instance') {
      const instances = [{ profile: job.migProfile!, start: 9, memory: undefined, isFree: true }];
      richer.gpus.push({ model, milli: 0, memory: undefined, instances });
    }
    if (miss.resource === 'gpu-memory-mib') {
      richer.gpus.forEach((gpu, index) => {
        if (miss.gpuIndex === undefined) {
          gpu.memory = Math.max(gpu.memory ?? 0, miss.needed);
          gpu.instances = gpu.instances.map((instance) => ({
            ...instance,
            memory: Math.max(instance.memory ?? 0, miss.needed),
          }));
        } else if (index === miss.gpuIndex) gpu.memory! += missing;
      });
    }
  }
  return richer;
}
