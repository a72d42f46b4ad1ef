import { InvalidInputError } from '../errors.ts';
import { checkList, checkObject, checkOptionalText, checkText } from '../internal/check.ts';
import type { GpuNode, Job } from './types.ts';

/** Names a field of the node or job, for errors. */
type FieldOf = (name: string) => () => string;

/** Checks what decides which jobs a node admits. @throws InvalidInputError */
export function checkNodeRules(field: FieldOf, { zone, labels, taints, reservedFor }: GpuNode): void {
  checkOptionalText(field('zone'), zone, 'Leave it out if the node is in no zone.');
  if (labels !== undefined) {
    checkObject(field('labels'), labels);
    for (const [key, value] of Object.entries(labels)) checkString(field(`labels['${key}']`), value);
  }
  checkMarks(field, 'taints', taints);
  if (reservedFor === undefined) return;
  checkObject(field('reservedFor'), reservedFor);
  const { tenants, jobIds } = reservedFor;
  if (tenants !== undefined) checkTexts(field, 'reservedFor.tenants', tenants, 'Pass a list of tenants.');
  if (jobIds !== undefined) checkTexts(field, 'reservedFor.jobIds', jobIds, 'Pass a list of ids of jobs.');
  if ((tenants?.length ?? 0) + (jobIds?.length ?? 0) > 0) return;
  throw new InvalidInputError(field('reservedFor')(), 'must name a tenant or a job', reservedFor, {
    hint: 'Leave it out for a node that all may use; cordon one that nobody may use.',
  });
}

/** Checks what decides which nodes admit a job. @throws InvalidInputError */
export function checkJobRules(field: FieldOf, { tenant, zones, nodeLabels, tolerations }: Job): void {
  if (tenant !== undefined) checkText(field('tenant'), tenant, 'Leave it out for a job of no tenant.');
  if (zones !== undefined) checkTexts(field, 'zones', zones, 'Leave zones out to allow any zone.', 1);
  if (tolerations !== undefined) checkMarks(field, 'tolerations', tolerations);
  if (nodeLabels === undefined) return;
  checkObject(field('nodeLabels'), nodeLabels);
  for (const [key, wanted] of Object.entries(nodeLabels)) {
    if (!Array.isArray(wanted)) checkString(field(`nodeLabels['${key}']`), wanted);
    else {
      if (wanted.length === 0)
        refuseEmpty(field(`nodeLabels['${key}']`), wanted, 'Leave the label out to allow any value.');
      wanted.forEach((value: unknown, index) => {
        checkString(field(`nodeLabels['${key}'][${index}]`), value);
      });
    }
  }
}

/** Taints or tolerations: keys with or without a value. */
function checkMarks(field: FieldOf, name: string, marks: unknown): void {
  if (marks === undefined) return;
  checkList(field(name), marks, `Leave ${name} out if there are none.`);
  marks.forEach((mark: unknown, index) => {
    checkObject(field(`${name}[${index}]`), mark);
    const { key, value } = mark as { readonly key?: unknown; readonly value?: unknown };
    checkText(field(`${name}[${index}].key`), key, 'Use the same key for the taint and for the toleration.');
    if (value !== undefined) checkString(field(`${name}[${index}].value`), value);
  });
}

function checkTexts(field: FieldOf, name: string, texts: unknown, hint: string, minLength = 0): void {
  checkList(field(name), texts, hint);
  if (texts.length < minLength) refuseEmpty(field(name), texts, hint);
  texts.forEach((text, index) => {
    checkText(field(`${name}[${index}]`), text);
  });
}

function refuseEmpty(field: () => string, value: unknown, hint: string): never {
  throw new InvalidInputError(field(), 'must be absent or name at least one', value, { hint });
}

/** A string that may be empty: values of labels and taints may. */
function checkString(field: () => string, value: unknown): void {
  if (typeof value !== 'string') throw new InvalidInputError(field(), 'must be a string', value);
}
