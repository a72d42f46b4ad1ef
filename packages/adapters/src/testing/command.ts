import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { MakeSubject } from './conformance.ts';
import { checkConformance, formatConformance } from './report.ts';

const USAGE = `usage: spillway-conformance MODULE [--export NAME] [--json]

MODULE exports a function that returns a subject: { provider, … }. Without --export, 'makeSubject' or the default export.
Exit status: 0 conformant, 1 not, 2 the module or a flag is wrong.
`;

/**
 * The command `spillway-conformance`: runs the kit on the adapter of a module and prints the report.
 *
 * @param args - arguments behind the name of the command.
 * @param write - where text goes.
 * @returns the exit status.
 */
export async function conformanceCommand(args: readonly string[], write: (text: string) => void): Promise<0 | 1 | 2> {
  const rest = [...args];
  const isJson = rest.includes('--json');
  if (isJson) rest.splice(rest.indexOf('--json'), 1);
  const flag = rest.indexOf('--export');
  const name = flag < 0 ? undefined : rest.splice(flag, 2)[1];
  const [path] = rest;
  if (path === undefined || rest.length > 1 || path.startsWith('-') || (flag >= 0 && name === undefined)) {
    write(USAGE);
    return 2;
  }
  try {
    const loaded = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
    const make = name === undefined ? (loaded['makeSubject'] ?? loaded['default']) : loaded[name];
    if (typeof make !== 'function') throw new Error(`${path} exports no function '${name ?? 'makeSubject'}'`);
    const report = await checkConformance(make as MakeSubject);
    write(isJson ? `${JSON.stringify(report, undefined, 2)}\n` : formatConformance(report));
    return report.isConformant ? 0 : 1;
  } catch (error) {
    write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
}
