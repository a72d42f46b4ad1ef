/** Which origins to forecast from. */
export interface RollingOrigins {
  /** Origins at most, the latest ones, whole, >= 1. */
  readonly origins: number;
  /** Steps between origins, whole, >= 1. */
  readonly stride: number;
  /** Values before the first origin at least. */
  readonly leastHistory: number;
}

/** Origins with a whole horizon after them, ascending; the last horizon ends with the history. `O(origins)`. */
export function rollingOrigins(historyCount: number, horizon: number, options: RollingOrigins): number[] {
  const { origins, stride, leastHistory } = options;
  const list: number[] = [];
  for (let at = historyCount - horizon; at >= leastHistory && list.length < origins; at -= stride) list.push(at);
  return list.reverse();
}
