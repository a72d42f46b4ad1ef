import type { CardState } from './cards.ts';
import { occupancyOf } from './layout.ts';
import type { MigSlot, MigStep, RepartitionMigResult } from './types.ts';

type Plan = Omit<Extract<RepartitionMigResult, { readonly steps: unknown }>, 'status'>;

/**
 * An order in which sources can be destroyed and targets created, legal after every step: a step that creates is taken only
 * when the card has room for it then, and at the end there is room for all, because the targets go beside what stays.
 *
 * @param sources - instances that move, by card id and start.
 * @param targets - as many of each profile as move and are wanted, by card id and start.
 */
export function inOrder(cards: readonly CardState[], sources: readonly MigSlot[], targets: readonly MigSlot[]): Plan {
  const layouts = new Map(
    cards.map(({ id, instances }) => [id, instances.map(({ profile, start }) => ({ profile, start }))]),
  );
  const grids = new Map(cards.map(({ id, grid }) => [id, grid]));
  const steps: MigStep[] = [];
  const moves: Plan['moves'][number][] = [];
  const staying = [...sources];
  const waiting: MigSlot[] = [];
  const open = [...targets];

  const destroy = ({ cardId, profile, start }: MigSlot) => {
    layouts.set(
      cardId,
      layouts.get(cardId)!.filter((instance) => instance.start !== start),
    );
    steps.push({ kind: 'destroy', cardId, profile, start });
  };
  const create = ({ cardId, profile, start }: MigSlot) => {
    layouts.get(cardId)!.push({ profile, start });
    steps.push({ kind: 'create', cardId, profile, start });
  };
  const hasRoom = ({ cardId, profile, start }: MigSlot) =>
    typeof occupancyOf(grids.get(cardId)!, [...layouts.get(cardId)!, { profile, start }]) !== 'number';
  /** Gives the first of the movers that some open target has room for that target. */
  const moveOne = (movers: MigSlot[], isDestroyedFirst: boolean): boolean => {
    for (const [index, from] of movers.entries()) {
      const to = open.find((target) => target.profile === from.profile && hasRoom(target));
      if (to === undefined) continue;
      create(to);
      if (!isDestroyedFirst) destroy(from);
      movers.splice(index, 1);
      open.splice(open.indexOf(to), 1);
      moves.push({ from, to, isDestroyedFirst });
      return true;
    }
    return false;
  };

  while (staying.length + waiting.length > 0) {
    if (moveOne(waiting, true) || moveOne(staying, false)) continue;
    const blocking = staying.shift()!;
    destroy(blocking);
    waiting.push(blocking);
  }
  for (const target of open) create(target);
  return { steps, moves, created: open };
}
