import type { Command } from 'commander';

/** Adds the words that deal with many runs and start no engine themselves: report. */
export function addResultCommands(program: Command): void {
  program
    .command('report')
    .description('write tables, paired tests and figures of evaluated runs, and where each number comes from')
    .option('--run <folder...>', 'evaluated run folders; those that differ in their seed alone are averaged')
    .requiredOption('--out <folder>', 'gets report.html, report.md, results.csv, tables.tex')
    .option('--format <list>', 'what to write', 'html,md,csv,latex')
    .option('--title <text>', 'title of the report')
    .action(async ({ format, ...options }: ReportWords) => {
      // Loaded when asked for, so that other words start no slower.
      const { parseFormats, reportCommand } = await import('./commands/report.js');
      const written = await reportCommand({ ...options, formats: parseFormats(format) });
      process.stdout.write(`${written.join('\n')}\n`);
    });
}

interface ReportWords {
  readonly run?: readonly string[];
  readonly out: string;
  readonly format: string;
  readonly title?: string;
}
