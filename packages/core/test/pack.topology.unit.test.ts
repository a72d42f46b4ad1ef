import { describe, expect, it } from 'vitest';
import {
  createPacker,
  explainUnplaced,
  fewestNodes,
  InvalidInputError,
  pack,
  type GpuNode,
  type Topology,
} from '../src/index.ts';
import { A, job, node, nodeOf, reasonOf } from './pack-builders.ts';

/** A node of two GPUs in an NVLink domain. */
const inDomain = (id: string, nvlinkDomain: string, fields: Partial<GpuNode> = {}) =>
  node(id, [A, A], { nvlinkDomain, ...fields });
const gang = (sizes: readonly number[], topology?: Topology) =>
  sizes.map((gpus, index) => job(`m${index}`, gpus, { gang: 'g', ...(topology === undefined ? {} : { topology }) }));
const oneDomain: Topology = { required: 'nvlinkDomain' };
const nodesOf = (results: Parameters<typeof nodeOf>[0][]) => results.map(nodeOf);

describe('a required topology', () => {
  it('takes the fullest domain with room and keeps the empty one', () => {
    const nodes = [
      inDomain('a1', 'a'),
      inDomain('a2', 'a'),
      inDomain('b1', 'b'),
      inDomain('b2', 'b'),
      inDomain('b3', 'b'),
    ];
    const packer = createPacker({ nodes });
    packer.cordon('a1');
    packer.cordon('a2');
    packer.place(job('x', 2));
    packer.cordon('a1', false);
    packer.cordon('a2', false);

    // Domain a would be an exact fit, but b is in use already.
    expect(nodesOf([...packer.placeGang(gang([2, 2], oneDomain))])).toEqual(['b2', 'b3']);
  });

  it('takes of empty domains the one with the least idle GPU, of equals the first by name', () => {
    const nodes = [inDomain('x1', 'c'), inDomain('x2', 'c'), inDomain('x3', 'b'), inDomain('x4', 'a')];

    expect(nodesOf([...createPacker({ nodes }).placeGang(gang([2], oneDomain))])).toEqual(['x4']);
    expect(nodesOf([...createPacker({ nodes }).placeGang(gang([2, 2], oneDomain))])).toEqual(['x1', 'x2']);
  });

  it('does not take racks of one name in two zones for one, nor nodes that name none', () => {
    const nodes = [
      node('a', [A], { rack: 'r1', zone: 'east' }),
      node('b', [A], { rack: 'r1', zone: 'west' }),
      node('c', [A]),
      node('d', [A]),
    ];
    const results = createPacker({ nodes }).placeGang(gang([1, 1], { required: 'rack' }));

    expect(results.map(reasonOf)).toEqual(
      [0, 1].map(() => ({
        kind: 'no-domain',
        gang: 'g',
        level: 'rack',
        memberCount: 2,
        nearest: { name: 'r1', zone: 'east', placeableCount: 1 },
        fitsAt: 'anywhere',
        isProven: true,
      })),
    );
  });

  it('names the nodes to empty, and the level at which the gang fits', () => {
    const rack = { rack: 'r' };
    const nodes = [inDomain('a1', 'a', rack), inDomain('a2', 'a', rack), inDomain('b1', 'b', rack)];
    const packer = createPacker({ nodes });
    packer.place(job('x', 1));
    const reason = reasonOf(packer.placeGang(gang([2, 2], oneDomain))[0]!);

    expect(reason).toEqual({
      kind: 'no-domain',
      gang: 'g',
      level: 'nvlinkDomain',
      memberCount: 2,
      nearest: { name: 'a', placeableCount: 1, nodesToEmpty: ['a1'] },
      fitsAt: 'rack',
      isProven: true,
    });
    expect(explainUnplaced(reason!)).toBe(
      "No NVLink domain has room for all 2 members of gang 'g': 'a' is nearest, with room for 1. " +
        'It holds all when a1 is emptied. Required to be in one rack only, the gang fits now.',
    );
  });

  it('says so when no node names a domain, and when a member could start nowhere', () => {
    const bare = createPacker({ nodes: [node('a', [A])] });
    const reason = reasonOf(bare.placeGang(gang([1], { required: 'zone' }))[0]!)!;

    expect(reason).toEqual({
      kind: 'no-domain',
      gang: 'g',
      level: 'zone',
      memberCount: 1,
      fitsAt: 'anywhere',
      isProven: true,
    });
    expect(explainUnplaced(reason)).toBe(
      "Gang 'g' needs one zone, and no node names one. Name them. Without the requirement the gang fits now.",
    );
    expect(
      createPacker({ nodes: [inDomain('a', 'd')] })
        .placeGang(gang([1, 3], oneDomain))
        .map(reasonOf),
    ).toMatchObject([
      { kind: 'gang-incomplete', blockedBy: 'm1' },
      { kind: 'exceeds-every-node', limit: { nodeId: 'a' } },
    ]);
  });

  it('searches where taking the best node one by one leads astray', () => {
    // 5 + 3 + 2 and 4 + 3 + 3 tenths fill both GPUs; one by one, the largest first, 5 + 4 and 3 + 3 + 3 leave no room for 2.
    const nodes = [node('a', [A], { rack: 'r' }), node('b', [A], { rack: 'r' })];
    const place = (topology: Topology | undefined) =>
      createPacker({ nodes }, { scorer: 'first-fit' }).placeGang(
        [500, 400, 300, 300, 300, 200].map((gpuMilli, index) =>
          job(`m${index}`, 1, { gpuMilli, gang: 'g', ...(topology === undefined ? {} : { topology }) }),
        ),
      );

    for (const topology of [undefined, { required: 'rack' }, { prefersCompact: true }] as const) {
      expect(nodesOf([...place(topology)])).toEqual(['a', 'b', 'a', 'b', 'b', 'a']);
    }
  });

  it('says that the search was cut short when it was', () => {
    // 35 shares above a third: twelve GPUs hold 24 of them, though the sums would do, and there are too many ways to try.
    const nodes = Array.from({ length: 12 }, (_, index) => node(`n${index}`, [A], { rack: 'r', cpuMilli: 100_000 }));
    const shares = Array.from({ length: 35 }, (_, index) => 334 + (index % 9));
    const members = shares.map((gpuMilli, index) =>
      job(`m${index}`, 1, { gpuMilli, cpuMilli: 0, memoryMib: 0, gang: 'g', topology: { required: 'rack' } }),
    );
    const reason = reasonOf(createPacker({ nodes }).placeGang(members)[0]!);

    expect(reason).toMatchObject({ kind: 'no-domain', isProven: false });
    expect(explainUnplaced(reason!)).toContain('No rack was found that has room for all 35 members');
  });

  it('has no effect on a job that starts alone', () => {
    expect(pack({ nodes: [node('a', [A])], jobs: [job('x', 1, { topology: oneDomain })] }).placements).toHaveLength(1);
  });
});

describe('a preferred topology', () => {
  const compact: Topology = { prefersCompact: true };

  it('prefers one NVLink domain to one rack, and that to one zone', () => {
    const place = (racks: readonly [string, string, string, string]) => {
      const nodes = [
        inDomain('a', 'd1', { rack: racks[0], zone: 'z1' }),
        inDomain('b', 'd2', { rack: racks[1], zone: 'z2' }),
        inDomain('c', 'd3', { rack: racks[2], zone: 'z2' }),
        inDomain('d', 'd3', { rack: racks[3], zone: 'z2' }),
      ];
      return createPacker({ nodes });
    };

    expect(nodesOf([...place(['r1', 'r2', 'r2', 'r3']).placeGang(gang([2, 2], compact))])).toEqual(['c', 'd']);
    const half = place(['r1', 'r2', 'r2', 'r3']);
    half.cordon('d');
    expect(nodesOf([...half.placeGang(gang([2, 2], compact))])).toEqual(['b', 'c']);
    const apart = place(['r1', 'r2', 'r4', 'r3']);
    apart.cordon('d');
    expect(nodesOf([...apart.placeGang(gang([2, 2], compact))])).toEqual(['b', 'c']);
  });

  it('spans few domains, the last the tightest', () => {
    const nodes = [
      ...['a1', 'a2', 'a3'].map((id) => inDomain(id, 'a')),
      ...['b1', 'b2'].map((id) => inDomain(id, 'b')),
      inDomain('c1', 'c'),
    ];
    const results = createPacker({ nodes }).placeGang(gang([2, 2, 2, 2], compact));

    expect(nodesOf([...results]).sort()).toEqual(['a1', 'a2', 'a3', 'c1']);
  });

  it('places a gang on nodes that name no domain, where there is no other room', () => {
    const nodes = [inDomain('a', 'd'), node('b', [A, A])];

    expect(nodesOf([...createPacker({ nodes }).placeGang(gang([2, 2], compact))]).sort()).toEqual(['a', 'b']);
  });
});

describe('keepsDomainsEmpty', () => {
  const nodes = [inDomain('a1', 'a'), inDomain('b1', 'b'), inDomain('b2', 'b'), node('c', [A])];

  it('fills domains in use and nodes of none before an empty domain', () => {
    const packer = createPacker({ nodes }, { scorer: 'first-fit', keepsDomainsEmpty: 'nvlinkDomain' });
    packer.cordon('a1');
    const place = (id: string) => nodeOf(packer.place(job(id, 1)));

    expect([place('v'), place('w')]).toEqual(['c', 'b1']);
    packer.cordon('a1', false);
    expect([place('x'), place('y'), place('z'), place('last')]).toEqual(['b1', 'b2', 'b2', 'a1']);
  });

  it('counts a domain as empty again when its last job leaves', () => {
    const packer = createPacker({ nodes }, { scorer: 'first-fit', keepsDomainsEmpty: 'nvlinkDomain' });
    packer.cordon('a1');
    packer.place(job('w', 2));
    packer.cordon('a1', false);
    packer.release('w');

    // Both domains are empty, so the smaller id counts.
    expect(nodeOf(packer.place(job('y', 2)))).toBe('a1');
    packer.release('y');
    packer.cordon('a1');
    expect(nodeOf(packer.place(job('z', 2)))).toBe('b1');
  });
});

describe('wrong topologies', () => {
  const fieldOf = (call: () => unknown) => {
    try {
      call();
    } catch (error) {
      if (InvalidInputError.is(error)) return error.field;
      throw error;
    }
    return undefined;
  };
  const nodes = [node('a', [A, A])];
  const mixed = [job('x', 1, { gang: 'g', topology: oneDomain }), job('y', 1, { gang: 'g' })];

  it('are refused before anything is placed', () => {
    const packer = createPacker({ nodes });

    expect(fieldOf(() => packer.placeGang(mixed))).toBe("topology of job 'y'");
    expect(fieldOf(() => pack({ nodes, jobs: mixed }))).toBe("topology of job 'y'");
    expect(packer.snapshot().running).toEqual([]);
    expect(fieldOf(() => createPacker({ nodes }, { keepsDomainsEmpty: 'node' as 'rack' }))).toBe('keepsDomainsEmpty');
    expect(fieldOf(() => fewestNodes({ nodes, jobs: gang([1], oneDomain) }))).toBe("topology.required of job 'm0'");
  });

  it('are not made by saying nothing in two ways', () => {
    const two = [
      job('x', 1, { gang: 'g', topology: oneDomain }),
      job('y', 1, { gang: 'g', topology: { required: 'nvlinkDomain', prefersCompact: false } }),
    ];

    expect(fieldOf(() => pack({ nodes, jobs: two }))).toBeUndefined();
  });
});
