#!/usr/bin/env node
import { runCommand } from './command.js';

const code = await runCommand(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  onInterrupt: (interrupted) => process.once('SIGINT', interrupted),
});
// A store that leaves a timer or a connection behind must not keep the command from ending; but all is to be written first.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
