import * as highsModule from 'highs';

/** The package declares itself CommonJS, its entry for `import` is a module: the declared default is one level off. */
const loadHighs = highsModule.default as unknown as typeof highsModule.default.default;
const highs = await loadHighs();

/** A variable times a number. */
export type Term = readonly [coefficient: number, variable: number];

/** A linear program, or a mixed-integer one, put together term by term and solved by HiGHS. */
export interface LinearModel {
  /** A variable from 0 to `max` (endless unless told). Returns its number. */
  readonly variable: (cost: number, options?: { readonly max?: number; readonly isWhole?: boolean }) => number;
  readonly row: (terms: readonly Term[], relation: '<=' | '>=' | '=', right: number) => void;
  /** The optimum, proven with no gap; `undefined` when nothing satisfies the rows. Throws on any other end. */
  readonly solve: (sense: 'Minimize' | 'Maximize') => number | undefined;
}

/** Creates an empty model. */
export function createLinearModel(): LinearModel {
  const costs: number[] = [];
  const rows: string[] = [];
  const bounds: string[] = [];
  const whole: string[] = [];
  let isContradiction = false;
  const sum = (terms: readonly Term[]) =>
    terms.map(([coefficient, variable]) => `${coefficient < 0 ? '-' : '+'} ${Math.abs(coefficient)} x${variable}`);
  return {
    variable: (cost, { max = Infinity, isWhole = false } = {}) => {
      const number = costs.push(cost) - 1;
      if (max < Infinity) bounds.push(`0 <= x${number} <= ${max}`);
      if (isWhole) whole.push(`x${number}`);
      return number;
    },
    row: (terms, relation, right) => {
      // The text format has no row without a variable.
      if (terms.length > 0) rows.push(`r${rows.length}: ${sum(terms).join('\n')} ${relation} ${right}`);
      else isContradiction ||= relation === '<=' ? right < 0 : relation === '>=' ? right > 0 : right !== 0;
    },
    solve: (sense) => {
      if (isContradiction) return undefined;
      if (rows.length === 0 || costs.length === 0) throw new Error('a model without variables or rows');
      const objective = sum(costs.map((cost, variable) => [cost, variable]));
      const text = [
        ...[sense, `obj: ${objective.join('\n')}`, 'Subject To', ...rows, 'Bounds', ...bounds],
        ...(whole.length === 0 ? [] : ['Generals', whole.join('\n')]),
        'End',
      ].join('\n');
      const result = highs.solve(text, { output_flag: false, mip_rel_gap: 0, mip_abs_gap: 0 });
      if (result.Status === 'Infeasible') return undefined;
      if (result.Status !== 'Optimal') throw new Error(`HiGHS ended with ${result.Status}`);
      return result.ObjectiveValue;
    },
  };
}
