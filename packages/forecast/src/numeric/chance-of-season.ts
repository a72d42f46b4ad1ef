/** Harmonics of a season that are looked at: the first ones, where seasons have most of their power. */
const MAX_HARMONICS = 24;

/** Frequencies on either side of a harmonic that say how much noise there is about it. */
const MAX_NEIGHBOURS = 6;

/**
 * How likely a series without this season is to show as much of it: the power at the harmonics of the season against that at the
 * frequencies around each. Noise of any smooth spectrum (white, autocorrelated, a random walk) has about as much at both.
 *
 * Of changes from step to step over whole cycles. With `r` the power at a harmonic over the mean of its `m` neighbours, chance is `(1 + r / m)^-m`
 * for one harmonic (an F test with 2 and 2m degrees of freedom). The harmonics are joined by Fisher's method and by the least of them, the
 * lower of both, times two.
 *
 * Source: Hartley, "Tests of Significance in Harmonic Analysis", Biometrika 1949, doi 10.1093/biomet/36.1-2.194; Fisher, "Statistical Methods for
 * Research Workers", 4th ed. 1932, §21.1.
 *
 * @param season - length in steps, from 2 to a third of the number of values.
 * @param explained - a season that was taken out before: its harmonics are left out. 0 for none.
 * @returns a probability, 0 to 1; 1 when there is nothing to test. `O(values × harmonics × neighbours)`.
 */
export function chanceOfSeason(values: Float64Array, season: number, explained: number): number {
  const cycles = Math.floor((values.length - 1) / season);
  const count = cycles * season;
  const changes = new Float64Array(count);
  const first = values.length - count;
  for (let at = 0; at < count; at++) changes[at] = values[first + at]! - values[first + at - 1]!;
  const reach = Math.min(MAX_NEIGHBOURS, Math.floor((cycles - 1) / 2));
  let logSum = 0;
  let least = 1;
  let tested = 0;
  for (let harmonic = 1; harmonic <= Math.min(MAX_HARMONICS, Math.floor(season / 2)); harmonic++) {
    if (explained > 0 && (harmonic * explained) % season === 0) continue;
    const bin = harmonic * cycles;
    let [noise, neighbours] = [0, 0];
    for (let off = -reach; off <= reach; off++) {
      const near = bin + off;
      if (off === 0 || near < 1 || 2 * near >= count) continue;
      noise += powerAt(changes, near);
      neighbours++;
    }
    if (neighbours === 0 || 2 * bin === count) continue;
    const power = powerAt(changes, bin);
    const ratio = power === 0 ? 0 : power / (noise / neighbours);
    const chance = Math.max(1e-300, (1 + ratio / neighbours) ** -neighbours);
    logSum -= Math.log(chance);
    least = Math.min(least, chance);
    tested++;
  }
  if (tested === 0) return 1;
  return Math.min(1, 2 * Math.min(least * tested, tailOfSum(logSum, tested)));
}

/** Power at a frequency of so many waves in the whole series. */
function powerAt(values: Float64Array, waves: number): number {
  const angle = (2 * Math.PI * waves) / values.length;
  const [turnCosine, turnSine] = [Math.cos(angle), Math.sin(angle)];
  let [cosine, sine] = [1, 0];
  let [real, imaginary] = [0, 0];
  for (const value of values) {
    real += value * cosine;
    imaginary += value * sine;
    const turned = cosine * turnCosine - sine * turnSine;
    sine = sine * turnCosine + cosine * turnSine;
    cosine = turned;
  }
  return real * real + imaginary * imaginary;
}

/** The probability that a sum of `count` exponential variables of mean 1 exceeds `sum`. */
function tailOfSum(sum: number, count: number): number {
  let term = Math.exp(-sum);
  let tail = term;
  for (let k = 1; k < count; k++) {
    term *= sum / k;
    tail += term;
  }
  return tail;
}
