import type { Experiment } from './experiments.js';

const methods: Readonly<Record<string, string>> = { alpnet: 'ALPNet', dspnet: 'DSPNet', qnet: 'Q-Net', rpt: 'RPT' };

/** What an arm of a method is called in tables. */
export function armName(arm: string, method: string): string {
  const name = methods[method] ?? method;
  switch (arm) {
    case 'base':
      return name;
    case 'japc':
      return `${name} + JAPC`;
    case 'consensus':
      return `${name}, one mask for all`;
    case 'nearest-style':
      return `${name}, nearest style`;
    case 'mrnet':
      return 'MRNet';
    case 'dpersona':
      return 'D-Persona';
    case 'supervised':
      return 'Fully supervised';
    default:
      return arm;
  }
}

/** What the tables of an experiment's data set and setting are called. */
export function experimentTitle({ dataset, setting }: Pick<Experiment, 'dataset' | 'setting'>): string {
  return `${dataset}, Setting ${setting}`;
}
