import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLegalLayout, packMig, placeMig, repartitionMig, type MigCard, type MigSlot } from '../src/index.ts';
import { cards, mostlyMovable, profile } from './mig-arbitraries.ts';
import { isLegal, plainProfiles } from './oracles/mig-brute-force.ts';

type Card = MigCard & { readonly model: string };
const batch = fc.array(profile, { maxLength: 14 });
const jobsOf = (profiles: readonly string[]) =>
  profiles.map((name, index) => ({ id: `j${index % 7}-${index}`, profile: name }));
const turned = <T>(items: readonly T[]): readonly T[] => [...items].reverse();
const place = (layouts: Map<string, { profile: string; start: number }[]>, { cardId, profile: name, start }: MigSlot) =>
  layouts.get(cardId)!.push({ profile: name, start });
const layoutsOf = (list: readonly Card[]) =>
  new Map(
    list.map(({ id, instances }) => [id, instances!.map(({ profile: name, start }) => ({ profile: name, start }))]),
  );
const expectLegal = (list: readonly Card[], layouts: ReturnType<typeof layoutsOf>) => {
  for (const { id, model } of list) expect([id, isLegal(model, layouts.get(id)!)]).toEqual([id, true]);
};

describe('a legal layout', () => {
  it('stays legal in any order and without any of its instances', () => {
    fc.assert(
      fc.property(cards({ minLength: 1, maxLength: 1 }), fc.nat(9), ([card], pick) => {
        const { model, instances } = card!;

        expect(isLegalLayout(model, turned(instances))).toBe(true);
        expect(
          isLegalLayout(
            model,
            instances.filter((_, index) => index !== pick % (instances.length + 1)),
          ),
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('placeMig', () => {
  it('fills cards legally until none has room, whatever the order of the cards', () => {
    fc.assert(
      fc.property(cards(), fc.array(profile, { maxLength: 12 }), (drawn, wishes) => {
        let list: readonly Card[] = drawn;
        for (const name of wishes) {
          const result = placeMig({ cards: list, profile: name });
          expect(placeMig({ cards: turned(list), profile: name })).toEqual(result);
          if (!('placement' in result)) continue;
          const { cardId, start } = result.placement;
          list = list.map((card) =>
            card.id === cardId ? { ...card, instances: [...card.instances!, { profile: name, start }] } : card,
          );
          expectLegal(list, layoutsOf(list));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('scales: weights times a whole number choose the same place', () => {
    fc.assert(
      fc.property(cards(), profile, fc.integer({ min: 2, max: 9 }), (list, name, factor) => {
        const workload = [
          { profile: '1g.10gb', weight: 3 },
          { profile: '2g.12gb', weight: 2 },
          { profile: '3g.40gb', weight: 1 },
        ];
        const scaled = workload.map((shape) => ({ ...shape, weight: shape.weight * factor }));

        expect(placeMig({ cards: list, profile: name, workload: scaled })).toEqual(
          placeMig({ cards: list, profile: name, workload: turned(workload) }),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('packMig', () => {
  it('loses no job, keeps every card legal, and never beats its bound', () => {
    fc.assert(
      fc.property(cards(), batch, fc.integer({ min: 1, max: 40 }), (list, profiles, maxSteps) => {
        const jobs = jobsOf(profiles);
        const before = JSON.stringify(list);
        const result = packMig({ cards: list, jobs }, { maxSteps });

        const layouts = layoutsOf(list);
        for (const placement of result.placements) {
          place(layouts, placement);
          expect(jobs.find(({ id }) => id === placement.jobId)!.profile).toBe(placement.profile);
        }
        expectLegal(list, layouts);
        const ids = [...result.placements, ...result.unplaced].map(({ jobId }) => jobId);
        expect(ids.sort()).toEqual(jobs.map(({ id }) => id).sort());
        expect(result.switchedOnCount).toBeGreaterThanOrEqual(result.lowerBound);
        expect(result.gapRatio === 0).toBe(result.status === 'optimal');
        expect(JSON.stringify(list)).toBe(before);
        // What is called optimal after few steps is what a full search finds.
        const full = packMig({ cards: list, jobs });
        expect(full.status).toBe('optimal');
        expect(full.unplaced.length).toBeLessThanOrEqual(result.unplaced.length);
        if (result.status === 'optimal') {
          expect([result.unplaced.length, result.switchedOnCount]).toEqual([
            full.unplaced.length,
            full.switchedOnCount,
          ]);
        }
        if (full.unplaced.length === result.unplaced.length) {
          expect(full.switchedOnCount).toBeGreaterThanOrEqual(result.lowerBound);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same answer whatever the order of cards, instances and jobs', () => {
    fc.assert(
      fc.property(cards(), batch, (list, profiles) => {
        const jobs = jobsOf(profiles);
        const other = turned(list).map((card) => ({ ...card, instances: turned(card.instances) }));

        expect(packMig({ cards: other, jobs: turned(jobs) })).toEqual(packMig({ cards: list, jobs }));
      }),
      { numRuns: 200 },
    );
  });

  it('switches on no more cards when a job goes, and no fewer when one comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('1g.10gb', '1g.20gb', '2g.20gb', '3g.40gb', '4g.40gb'), { maxLength: 12 }),
        (list) => {
          const empty = Array.from({ length: 12 }, (_, index) => ({ id: `c${index}`, model: 'H100' }));
          const counts = list.map(
            (_, index) => packMig({ cards: empty, jobs: jobsOf(list.slice(0, index + 1)) }).switchedOnCount,
          );

          expect(counts).toEqual([...counts].sort((x, y) => x - y));
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('repartitionMig', () => {
  it('is legal after every step, moves what it may, and ends with everything that was there and is wanted', () => {
    let moved = 0;
    let destroyedFirst = 0;
    fc.assert(
      fc.property(
        cards({ minLength: 2, maxLength: 3 }),
        fc.array(fc.record({ pick: fc.nat(99), count: fc.integer({ min: 1, max: 2 }) }), {
          minLength: 1,
          maxLength: 1,
        }),
        fc.option(fc.nat(3), { nil: undefined }),
        (drawn, wishes, maxMoves) => {
          const list = drawn.map((card) => ({ ...card, instances: mostlyMovable(card.instances) }));
          const names = list.flatMap((card) => plainProfiles(card.model));
          const wanted = wishes.map(({ pick, count }) => ({ profile: names[pick % names.length]!, count }));
          const result = repartitionMig({ cards: list, wanted }, maxMoves === undefined ? {} : { maxMoves });
          if (!('steps' in result)) return;
          moved += result.moves.length;
          destroyedFirst += result.moves.filter(({ isDestroyedFirst }) => isDestroyedFirst).length;

          const layouts = layoutsOf(list);
          const countAll = () => {
            const all = [...layouts.values()].flat().map((piece) => piece.profile);
            return Object.fromEntries(
              [...new Set(all)].sort().map((name) => [name, all.filter((x) => x === name).length]),
            );
          };
          const expected = countAll();
          for (const one of wanted) if (one.count > 0) expected[one.profile] = (expected[one.profile] ?? 0) + one.count;
          for (const step of result.steps) {
            const layout = layouts.get(step.cardId)!;
            if (step.kind === 'create') layout.push({ profile: step.profile, start: step.start });
            else {
              const at = layout.findIndex((piece) => piece.profile === step.profile && piece.start === step.start);
              expect(at).toBeGreaterThanOrEqual(0);
              layout.splice(at, 1);
            }
            expectLegal(list, layouts);
          }
          const sorted = (counts: Record<string, number>) =>
            Object.entries(counts).sort(([x], [y]) => (x < y ? -1 : 1));
          expect(sorted(countAll())).toEqual(sorted(expected));
          expect(result.moves.length).toBeLessThanOrEqual(maxMoves ?? Infinity);
          for (const { from } of result.moves) {
            const card = list.find(({ id }) => id === from.cardId)!;
            expect(card.instances.find(({ start }) => start === from.start)).toMatchObject({ isMovable: true });
          }
          const destroyed = result.steps.filter(({ kind }) => kind === 'destroy');
          expect(destroyed).toHaveLength(result.moves.length);
        },
      ),
      { numRuns: 1_000, seed: 1 },
    );

    expect(moved).toBeGreaterThan(50);
    expect(destroyedFirst).toBeGreaterThan(3);
  });

  it('gives the same plan whatever the order of cards, instances and wishes', () => {
    fc.assert(
      fc.property(
        cards({ maxLength: 3 }),
        fc.array(fc.record({ profile, count: fc.nat(2) }), { maxLength: 3 }),
        (list, wanted) => {
          const other = turned(list).map((card) => ({ ...card, instances: turned(card.instances) }));

          expect(repartitionMig({ cards: other, wanted: turned(wanted) })).toEqual(
            repartitionMig({ cards: list, wanted }),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
