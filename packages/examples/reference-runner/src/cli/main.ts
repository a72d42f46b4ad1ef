import { Command, CommanderError } from 'commander';
import { describeError, EXIT_CODE, exitCodeOf } from './exit-code.ts';
import { packCommand } from './pack-command.ts';
import { simulateCommand } from './simulate-command.ts';

/** Runs the command line and sets the exit status: 0 ok, 1 failure, 2 usage, 3 not feasible. */
async function main(argv: readonly string[]): Promise<void> {
  // A reader that stops early (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT_CODE.ok);
    throw error;
  });
  const program = new Command('spillway')
    .description('Decides where, when and on what GPU work runs, and why.')
    .showHelpAfterError('(add --help for the flags)');
  for (const command of [simulateCommand(), packCommand()]) program.addCommand(command);
  for (const command of [program, ...program.commands]) {
    command.exitOverride().showHelpAfterError('(add --help for the flags)').allowExcessArguments(false);
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed its message; asking for help is no mistake.
      process.exitCode = error.exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.usage;
      return;
    }
    process.stderr.write(`${describeError(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

await main(process.argv);
