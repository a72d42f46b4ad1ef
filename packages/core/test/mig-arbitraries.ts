import fc from 'fast-check';
import { isLegalLayout, migGeometry, type MigCard, type MigCardInstance } from '../src/index.ts';

/** Models the brute force knows. */
export const model = fc.constantFrom('A100-40GB', 'H100-80GB', 'A30-24GB');

const wish = (name: string) => {
  const { profiles } = migGeometry(name);
  return fc.constantFrom(...profiles).chain((profile) =>
    fc.record({
      profile: fc.constant(profile.name),
      start: fc.constantFrom(...profile.starts),
      isMovable: fc.boolean(),
    }),
  );
};

/** A card with some of what was wished for, as far as it is legal beside what came before. */
const card = (models: fc.Arbitrary<string>, maxInstances: number): fc.Arbitrary<Omit<MigCard, 'id'>> =>
  models.chain((name) =>
    fc.array(wish(name), { maxLength: maxInstances }).map((wishes) => {
      const instances: MigCardInstance[] = [];
      for (const one of wishes) if (isLegalLayout(name, [...instances, one])) instances.push(one);
      return { model: name, instances };
    }),
  );

/** Cards whose ids do not follow the order of the list. */
export function cards(
  options: {
    readonly minLength?: number;
    readonly maxLength?: number;
    readonly maxInstances?: number;
    readonly models?: fc.Arbitrary<string>;
  } = {},
): fc.Arbitrary<readonly (MigCard & { readonly model: string; readonly instances: readonly MigCardInstance[] })[]> {
  const { minLength = 0, maxLength = 4, maxInstances = 6, models = model } = options;
  return fc
    .tuple(fc.array(card(models, maxInstances), { minLength, maxLength }), fc.infiniteStream(fc.nat(99)))
    .map(([list, salts]) =>
      list.map((fields, index) => ({ id: `c${salts.next().value}-${index}`, ...fields })),
    ) as ReturnType<typeof cards>;
}

/** Names that some card has, and one that none has. */
export const profile = fc.constantFrom(
  ...['1g.5gb', '1g.10gb', '2g.10gb', '3g.20gb', '4g.20gb', '7g.40gb', '1g.10gb+me', '1g.20gb', '2g.20gb', '3g.40gb'],
  ...['4g.40gb', '7g.80gb', '1g.6gb', '2g.12gb', '4g.24gb', '1g.6gb+me', '9g.99gb'],
);

/** The same instances, most of them movable, so that plans with two moves and more come up. */
export function mostlyMovable(instances: readonly MigCardInstance[]): readonly MigCardInstance[] {
  return instances.map((one) => ({ ...one, isMovable: one.isMovable === true || one.start !== 0 }));
}
