import fc from 'fast-check';
import { expect, it } from 'vitest';

import { cutAtLine } from '../src/ssh/cut-at-line.ts';

it('gives a log in pieces that hold whole lines and whole characters, and loses no byte', () => {
  const log = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '€', '\u{1F600}', '\n'), maxLength: 30 }));
  fc.assert(
    fc.property(log, fc.integer({ min: 4, max: 20 }), (parts, maxBytes) => {
      const bytes = Buffer.from(parts.join(''));
      let text = '';
      let at = 0;
      while (at < bytes.length) {
        const piece = bytes.subarray(at, at + maxBytes);
        const isLast = at + piece.length === bytes.length;
        const length = isLast ? piece.length : cutAtLine(piece, maxBytes);
        expect(length).toBeGreaterThan(0);
        text += piece.subarray(0, length).toString('utf8');
        at += length;
      }

      expect(text).toBe(bytes.toString('utf8'));
    }),
    { numRuns: 500 },
  );
});

it('waits for the rest of a line that is still being written', () => {
  expect(cutAtLine(Buffer.from('one\ntw'), 100)).toBe(4);
  expect(cutAtLine(Buffer.from('tw'), 100)).toBe(0);
  expect(cutAtLine(Buffer.from(''), 100)).toBe(0);
});
