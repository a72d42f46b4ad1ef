import { HOUR_MS } from '@spillway/core';
import { forecast, full } from '@spillway/forecast';
import { loadCarbon } from '@spillway/traces';

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 240, 46, 28, 34];
const [HORIZON, HISTORY, STRIDE, COUNT] = [96, 1008, 96, 4];

/** Where the first forecast starts: 00:00 UTC of 4 October 2021, a Monday. */
const FIRST_ORIGIN_AT_MS = Date.UTC(2021, 9, 4);

/** One forecast of the picture, by hour of the picture. */
interface Window {
  readonly startHour: number;
  readonly mean: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * Draws, as SVG, carbon intensity of Spain over sixteen days, and the four forecasts of `full` for four days each that were made on the way, with
 * their bands of 0.8. The series is that of the repository (Electricity Maps, ODbL).
 */
export function forecastPlot(): string {
  const { values, startAtMs } = loadCarbon()['ES']!;
  const first = (FIRST_ORIGIN_AT_MS - startAtMs) / HOUR_MS;
  const windows = Array.from({ length: COUNT }, (_, k): Window => {
    const origin = first + k * STRIDE;
    const history = values.slice(origin - HISTORY, origin);
    const options = { horizon: HORIZON, seasons: [24, 168], levels: [0.8], model: full(), nonNegative: true };
    const { mean, quantiles } = forecast(history, options);
    return { startHour: k * STRIDE, mean, low: quantiles['0.1']!, high: quantiles['0.9']! };
  });
  const actual = values.slice(first, first + COUNT * STRIDE);
  return draw(actual, windows);
}

function draw(actual: readonly number[], windows: readonly Window[]): string {
  const most = Math.ceil(Math.max(...actual, ...windows.flatMap(({ high }) => high)) / 100) * 100;
  const x = (hour: number) => LEFT + (hour / (actual.length - 1)) * (WIDTH - LEFT - 8);
  const y = (value: number) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - BOTTOM - TOP);
  const points = (list: readonly number[], from: number) =>
    list.map((value, step) => `${x(from + step).toFixed(1)},${y(value).toFixed(1)}`);
  const bands = windows.map(({ startHour, low, high }) => {
    const outline = [...points(high, startHour), ...points(low, startHour).reverse()].join(' ');
    return `<polygon points="${outline}" fill="#9ecae1" fill-opacity="0.6"/>`;
  });
  const means = windows.map(
    ({ startHour, mean }) =>
      `<polyline points="${points(mean, startHour).join(' ')}" fill="none" stroke="#2171b5" stroke-width="1.5"/>`,
  );
  const rules = Array.from({ length: most / 100 + 1 }, (_, k) => {
    const at = y(100 * k).toFixed(1);
    return `<path d="M${LEFT} ${at}H${WIDTH - 8}" stroke="#ddd"/><text x="${LEFT - 6}" y="${Number(at) + 4}" text-anchor="end">${100 * k}</text>`;
  });
  const starts = windows.map(({ startHour }) => {
    const day = new Date(FIRST_ORIGIN_AT_MS + startHour * HOUR_MS).toISOString().slice(5, 10);
    return `<path d="M${x(startHour).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#aaa" stroke-dasharray="3 3"/><text x="${x(startHour).toFixed(1)}" y="${HEIGHT - 10}">${day}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="16">Spain 2021, gCO2e/kWh: what came (black), forecasts four days ahead (blue) and their bands of 0.8</text>`,
    ...rules,
    ...bands,
    ...starts,
    ...means,
    `<polyline points="${points(actual, 0).join(' ')}" fill="none" stroke="#111" stroke-width="1.2"/>`,
    `<text x="${WIDTH - 8}" y="${HEIGHT - 10}" text-anchor="end">Electricity Maps, ODbL</text>`,
    '</svg>',
    '',
  ].join('\n');
}
