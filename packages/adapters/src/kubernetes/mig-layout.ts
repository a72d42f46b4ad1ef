import { SpillwayError, type Gpu } from '@spillway/core';
import { isLegalLayout, migGeometry, type MigGeometry } from '@spillway/core/mig';

/** An instance of which only the size is known. */
export interface LooseInstance {
  readonly profile: string;
  readonly memoryMib?: number;
}

/**
 * Puts instances on cards of a model, as few as a greedy order finds, at starts that are legal. Device plugins tell how many
 * instances of each profile are free and not where; they are asked for by profile alone, so that any legal place stands for them.
 *
 * @returns the cards, and the profiles that the model is not known to have. `O((instances + profiles × cards) × starts)`.
 */
export function layOut(
  model: string,
  instances: readonly LooseInstance[],
  memoryMib: number | undefined,
): { readonly gpus: readonly Gpu[]; readonly unknown: readonly string[] } {
  const geometry = geometryOf(model);
  const profileOf = new Map(geometry?.profiles.map((profile) => [profile.name, profile]));
  const unknown = [...new Set(instances.map(({ profile }) => profile).filter((name) => !profileOf.has(name)))];
  if (geometry === undefined) return { gpus: [], unknown };

  const cards: { profile: string; start: number; memoryMib?: number }[][] = [];
  const known = [...new Set(instances.map(({ profile }) => profile))].flatMap((name) => profileOf.get(name) ?? []);
  // Those with the fewest places first: they fit nowhere else.
  known.sort((x, y) => x.starts.length - y.starts.length || y.memorySlices - x.memorySlices);
  for (const { name, starts } of known) {
    // A card that has no room for one of a profile has none for the next.
    let first = 0;
    for (const instance of instances.filter(({ profile }) => profile === name)) {
      for (; ; first++) {
        const card = cards[first] ?? [];
        const start = starts.find((one) => isLegalLayout(geometry, [...card, { ...instance, start: one }]));
        if (start === undefined) continue;
        cards[first] = [...card, { ...instance, start }];
        break;
      }
    }
  }
  const gpus = cards.map((card) => ({
    model,
    ...(memoryMib !== undefined && { memoryMib }),
    migInstances: card.sort((x, y) => x.start - y.start),
  }));
  return { gpus, unknown };
}

function geometryOf(model: string): MigGeometry | undefined {
  try {
    return migGeometry(model);
  } catch (error) {
    if (SpillwayError.is(error)) return undefined;
    throw error;
  }
}
