import { InvalidInputError } from '@spillway/core';

/**
 * What runs on the other side. A server hands every command to the login shell of the user, as text, and that shell may
 * be any. So the text holds nothing of the caller but words that no shell reads as anything but themselves: `_` and letters,
 * digits and `./:,@-`, or `.` and base64. This decoder, which is constant and holds no quote, backslash, exclamation mark
 * or line feed, turns them back into arguments. The `.` that `echo` adds keeps line feeds at the end from being trimmed.
 */
const DECODER =
  'n=$#; while [ $n -gt 0 ]; do case $1 in _*) x=${1#_}. ;; *) x=$(printf %s "${1#.}" | base64 -d; echo .) ;; esac; set -- "$@" "${x%.}"; shift; n=$((n-1)); done; exec "$@"';

/** Linux takes no single argument above 128 KiB (`MAX_ARG_STRLEN`), and the login shell gets the command as one. */
const MAX_BYTES = 120_000;

/**
 * The text that makes a server run a program with these arguments, byte for byte.
 *
 * @param argv - program and arguments. Any text but NUL, which no program can be given.
 * @returns one line of constant text and harmless words.
 * @throws InvalidInputError for no program, NUL, text that UTF-8 cannot hold, and more than about 90 kB in all.
 */
export function remoteCommand(argv: readonly string[]): string {
  if (argv.length === 0 || argv[0] === '') throw new InvalidInputError('argv', 'must start with a program', argv);
  const words = argv.map((text, index) =>
    /^[A-Za-z0-9_./:,@-]*$/.test(text) ? `_${text}` : `.${encodeArgument(`argv[${index}]`, text)}`,
  );
  const command = `sh -c '${DECODER}' sh ${words.join(' ')}`;
  if (command.length <= MAX_BYTES) return command;
  throw new InvalidInputError('argv', `must fit into ${MAX_BYTES} characters when encoded`, argv, {
    hint: 'Pass large data as stdin.',
  });
}

/** Base64 of the UTF-8 of a text. @throws InvalidInputError as {@link remoteCommand}. */
export function encodeArgument(field: string, text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  if (text.includes('\0') || bytes.toString('utf8') !== text) {
    throw new InvalidInputError(field, 'must be text without NUL and lone surrogates', '(not shown)');
  }
  return bytes.toString('base64');
}
