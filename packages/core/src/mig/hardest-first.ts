import type { CardState } from './cards.ts';

/** Profiles by descending memory slices, then compute slices (the largest of any card), then name by code units. */
export function hardestFirst(cards: readonly CardState[], profiles: readonly string[]): readonly string[] {
  const grids = new Set(cards.map(({ grid }) => grid));
  const sized = profiles.map((name) => {
    const sizes = [...grids].flatMap((grid) => grid.profiles.filter((profile) => profile.name === name));
    return {
      name,
      memory: Math.max(...sizes.map(({ memorySlices }) => memorySlices)),
      compute: Math.max(...sizes.map(({ computeSlices }) => computeSlices)),
    };
  });
  sized.sort((x, y) => y.memory - x.memory || y.compute - x.compute || (x.name < y.name ? -1 : 1));
  return sized.map(({ name }) => name);
}
