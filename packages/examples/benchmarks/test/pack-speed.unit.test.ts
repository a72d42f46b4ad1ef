import { describe, expect, it } from 'vitest';
import { formatPackSpeed, packSpeed, SPEED_RULES, type SpeedRule } from '../src/pack-speed.ts';

const size = { nodes: 60, jobs: 400 };

describe('the benchmark of speed', () => {
  it('gives FGD from an index about as much to place as FGD by scan, and prints a line a rule', () => {
    const rows = SPEED_RULES.map((rule) => packSpeed(rule, size));
    const allocated = (rule: SpeedRule) => rows.find((row) => row.rule === rule)!.allocatedPercent;

    expect(allocated('fgd')).toBeGreaterThan(50);
    expect(Math.abs(allocated('fgd') - allocated('FGD by scan'))).toBeLessThan(3);
    expect(rows.every(({ placed }) => placed > 0 && placed <= size.jobs)).toBe(true);
    expect(formatPackSpeed(rows).split('\n')).toHaveLength(6);
  });

  it.each([{ nodes: 0 }, { nodes: NaN }, { jobs: 1.5 }])('refuses the sizes %o', (sizes) => {
    expect(() => packSpeed('fgd', { ...size, ...sizes })).toThrow(/--(nodes|jobs) must be a whole number >= 1/);
  });

  it('refuses a rule it does not know', () => {
    expect(() => packSpeed('best' as SpeedRule, size)).toThrow(/--only must be one of priced/);
  });
});
