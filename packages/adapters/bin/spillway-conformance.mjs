#!/usr/bin/env node
import { conformanceCommand } from '../dist/testing/index.js';

process.exitCode = await conformanceCommand(process.argv.slice(2), (text) => process.stdout.write(text));
