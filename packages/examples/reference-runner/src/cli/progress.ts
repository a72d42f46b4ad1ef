import type { Progress } from '../simulation/report.ts';

/** A stream that may be a terminal. */
interface Output {
  readonly isTTY?: boolean;
  readonly write: (text: string) => unknown;
}

/**
 * Shows progress: one line that is written over on a terminal, a plain line at every quarter of a stage otherwise.
 *
 * @returns what to call with each step, and once at the end.
 */
export function progressTo(output: Output): { readonly show: (progress: Progress) => void; readonly end: () => void } {
  if (output.isTTY === true) {
    return {
      show: ({ stage, doneRatio, message }) => {
        const bar = '='.repeat(Math.round(doneRatio * 20)).padEnd(20);
        output.write(`\r\x1b[2K${stage.padEnd(8)} [${bar}] ${message}`);
      },
      end: () => output.write('\r\x1b[2K'),
    };
  }
  let last = '';
  return {
    show: ({ stage, doneRatio, message }) => {
      const quarter = `${stage} ${Math.floor(doneRatio * 4) * 25} %`;
      if (quarter === last) return;
      last = quarter;
      output.write(`${quarter}: ${message}\n`);
    },
    end: () => undefined,
  };
}
