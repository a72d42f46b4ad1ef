import type { MigSlot, MigUnplacedReason, RepartitionMigReason } from './types.ts';

/**
 * Says in one line why instances find no place or cards cannot be cut as wanted, and what would help.
 *
 * @returns a sentence in English with the numbers of the reason. The wording may change in any version: count and compare
 * reasons by `kind`.
 *
 * @example
 * ```ts
 * explainMig({ kind: 'too-many-moves', neededMoves: 3, maxMoves: 2 });
 * // 'It takes 3 moves, and 2 may be made. Allow more, or add a card.'
 * ```
 */
export function explainMig(reason: MigUnplacedReason | RepartitionMigReason): string {
  switch (reason.kind) {
    case 'no-cards':
      return 'There is no card. Add one in MIG mode.';
    case 'no-such-profile': {
      const present = reason.present.length === 0 ? 'nothing' : reason.present.join(', ');
      return `No card can be cut into ${reason.wanted}. Ask for one of what can be had: ${present}.`;
    }
    case 'no-room': {
      const { cardId, profile, start, blockers } = reason.nearest;
      const names = blockers.map((blocker) => `${blocker.profile} at ${blocker.start}`).join(' and ');
      const pinned = blockers.filter(({ isMovable }) => isMovable !== true).length;
      return (
        `No card has room for ${profile}. Nearest is card '${cardId}' at slice ${start}, if ${names} moved` +
        `${pinned === 0 ? '' : `, ${pinned} of ${blockers.length} not movable`}. Move what is in the way, or add a card.`
      );
    }
    case 'cards-full':
      return `The batch does not fit on the cards, and a job for ${reason.wanted} is left over. Add a card.`;
    case 'too-many-moves':
      return `It takes ${count(reason.neededMoves)}, and ${reason.maxMoves} may be made. Allow more, or add a card.`;
    case 'pinned':
      return `It takes moving instances that are not movable: ${list(reason.instances)}. Mark them as movable, or add a card.`;
    case 'too-little-capacity':
      return 'The cards cannot hold what is there and what is wanted, however they are cut. Ask for less, or add a card.';
    case 'max-steps':
      return `No plan was found in ${reason.maxSteps} steps of search. Allow more with maxSteps.`;
  }
}

function count(moves: number): string {
  return moves === 1 ? '1 move' : `${moves} moves`;
}

function list(slots: readonly MigSlot[]): string {
  return slots.map(({ cardId, profile, start }) => `${profile} at ${start} of '${cardId}'`).join(', ');
}
