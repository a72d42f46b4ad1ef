export { explainMig } from './explain.ts';
export { isLegalLayout } from './layout.ts';
export { migGeometry } from './geometry.ts';
export { migCards } from './mig-cards.ts';
export type { MigCardsInput } from './mig-cards.ts';
export { migLayouts } from './layouts.ts';
export type { MigLayouts, MigLayoutsOptions } from './layouts.ts';
export { packMig } from './pack-mig.ts';
export { placeMig } from './place-mig.ts';
export { repartitionMig } from './repartition-mig.ts';
export type { MigGeometry, MigProfile } from '../fleet/index.ts';
export type {
  MigCard,
  MigCardInstance,
  MigJob,
  MigSearchOptions,
  MigSlot,
  MigStep,
  MigUnplacedReason,
  MigWorkloadShape,
  PackMigInput,
  PackMigResult,
  PlaceMigInput,
  PlaceMigResult,
  RepartitionMigInput,
  RepartitionMigOptions,
  RepartitionMigReason,
  RepartitionMigResult,
} from './types.ts';
