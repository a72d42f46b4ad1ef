import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseExposition, type ExpositionSample } from '@spillway/adapters/prometheus';

import { expositions, mutate, mutations } from './exposition-arbitraries.ts';
import { oracleSamples, type OracleSample } from './oracles/exposition-oracle.ts';

const dcgm = readFileSync(new URL('fixtures/dcgm-exposition.txt', import.meta.url), 'utf8');

const asOracle = ({ name, labels, value, timestampMs, exemplar }: ExpositionSample): OracleSample => ({
  name,
  labels: Object.entries(labels),
  value,
  timestampMs: timestampMs ?? null,
  exemplarValue: exemplar?.value ?? null,
});
const sorted = (samples: readonly OracleSample[]) =>
  // Names that are whole numbers do not occur, so the order of labels is that of the text.
  samples.map((sample) =>
    JSON.stringify(sample, (_, value: unknown) =>
      typeof value === 'number' ? `n${Object.is(value, -0) ? '-0' : String(value)}` : value,
    ),
  );
const parse = (text: string, isOpenMetrics: boolean) =>
  parseExposition(text, { format: isOpenMetrics ? 'openmetrics' : 'text' });

describe('parseExposition against a reader made from the grammar', () => {
  it('agrees on 1,000 generated scrapes, and finds no problem but bogus metadata', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(expositions, ({ text, isOpenMetrics }) => {
        const { samples, problems } = parse(text, isOpenMetrics);

        expect(sorted(samples.map(asOracle))).toEqual(sorted(oracleSamples(text, isOpenMetrics)));
        const sampleRows = text.split('\n').filter((row) => row.trim() !== '' && !row.startsWith('#'));
        expect(problems.filter(({ kind }) => kind !== 'metadata')).toHaveLength(sampleRows.length - samples.length);
      }),
      { numRuns: 1_000, seed: 11 },
    );
  });

  it(
    'agrees on 10,000 scrapes that were damaged: an error value for what is damaged, never a crash or a made-up number',
    { timeout: 60_000 },
    () => {
      let damaged = 0;
      const source = fc.oneof(expositions, fc.constant({ text: dcgm, isOpenMetrics: false }));
      fc.assert(
        fc.property(source, mutations, ({ text, isOpenMetrics }, accidents) => {
          const mutant = mutate(text, accidents);

          const { samples, problems } = parse(mutant, isOpenMetrics);

          if (problems.length > 0) damaged++;
          expect(sorted(samples.map(asOracle))).toEqual(sorted(oracleSamples(mutant, isOpenMetrics)));
        }),
        { numRuns: 10_000, seed: 12 },
      );
      expect(damaged).toBeGreaterThan(4_000);
    },
  );

  it('gives no sample that the whole text does not have when the text is cut anywhere', () => {
    const whole = new Set(sorted(parse(dcgm, false).samples.map(asOracle)));

    for (let at = 0; at < dcgm.length; at += 3) {
      const { samples, problems } = parse(dcgm.slice(0, at), false);
      for (const sample of sorted(samples.map(asOracle))) expect(whole).toContain(sample);
      if (at > 0 && dcgm[at - 1] !== '\n') expect(problems.map(({ kind }) => kind)).toEqual(['unterminated']);
    }
  });
});
