import type { ArmComparison, ArmSummary } from '@fsmr/training';
import type { Versions } from '../run/versions.js';
import { html, page } from './html.js';
import { type Panel, panelHtml } from './panel.js';
import { evaluationHtml } from './tables.js';

/** What a report is made of. */
export interface ReportInputs {
  readonly title: string;
  readonly arms?: readonly ArmSummary[];
  readonly comparisons?: readonly ArmComparison[];
  /** Trained numbers of each arm. */
  readonly parameters?: Readonly<Record<string, number>>;
  readonly panels: readonly Panel[];
  readonly config: unknown;
  readonly versions: Versions;
}

/** The self-contained report of a run: one page that loads nothing. */
export function reportPage(inputs: ReportInputs): string {
  const { title, arms = [], comparisons = [], parameters = {}, panels, config, versions } = inputs;
  return page(title, [
    ...(arms.length === 0 ? [] : [evaluationHtml(arms, comparisons, parameters)]),
    ...panels.map(panelHtml),
    html`<h2>How this was made</h2><pre>${JSON.stringify({ versions, config }, null, 2)}</pre>`,
  ]);
}
