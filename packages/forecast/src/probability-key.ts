/** The shortest text of a probability: 0.025 and not 0.025000000000000022. */
export function keyOf(probability: number): string {
  return String(Math.round(probability * 1e10) / 1e10);
}
