/** The longest season of which the history holds so many cycles; 1 when there is none. */
export function longestSeason(seasons: readonly number[], historyCount: number, cycles: number): number {
  let longest = 1;
  for (const season of seasons) if (season > longest && cycles * season <= historyCount) longest = season;
  return longest;
}

/** The seasons of which the history holds two full cycles, shortest first, without those of one step. */
export function usableSeasons(seasons: readonly number[], historyCount: number): readonly number[] {
  return [...new Set(seasons)].filter((season) => season > 1 && 2 * season <= historyCount).sort((x, y) => x - y);
}
