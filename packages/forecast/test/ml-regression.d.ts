/** The part of ml-regression that the tests compare with; the package has no types of its own. */
declare module 'ml-regression' {
  export class MultivariateLinearRegression {
    constructor(x: readonly (readonly number[])[], y: readonly (readonly number[])[]);
    predict(row: readonly number[]): readonly number[];
  }
}
