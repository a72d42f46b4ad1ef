import { describe, expect, it } from 'vitest';
import { formatPackTopology, packTopologyBenchmark } from '../src/pack-topology.ts';

describe('packTopologyBenchmark', () => {
  const rows = packTopologyBenchmark({ seeds: [1], loads: [0.6], arrivals: 1_000, domainCount: 4 });
  const row = (rule: string) => rows.find((one) => one.rule === rule)!;

  it('keeps every gang inside one domain where it is required', () => {
    for (const one of rows.filter(({ rule }) => rule.includes('required'))) {
      expect(one.gangsInOneDomain).toBe(one.gangsPlaced);
      expect(one.gangsPlaced).toBeGreaterThan(0);
    }
  });

  it('finds more domains empty with awareness of them than without', () => {
    const [plain, aware] = [row('fgd, no topology'), row('fgd, required, keeps empty')];

    expect(aware.emptyDomains).toBeGreaterThan(plain.emptyDomains);
    expect(aware.gangsInOneDomain).toBeGreaterThan(plain.gangsInOneDomain);
  });

  it('prints a row a rule and load', () => {
    expect(formatPackTopology(rows).split('\n')).toHaveLength(2 + 1 + rows.length);
  });
});
