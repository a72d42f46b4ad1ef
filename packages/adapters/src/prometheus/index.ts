export { parseExposition } from './exposition.ts';
export type {
  Exposition,
  ExpositionExemplar,
  ExpositionFamily,
  ExpositionOptions,
  ExpositionProblem,
  ExpositionProblemKind,
  ExpositionSample,
  ExpositionType,
} from './exposition.ts';
