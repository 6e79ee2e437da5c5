import { describe, expect, it } from 'vitest';
import { basePlan, learningRateAt, stageAt, totalSteps, twoStagePlan } from './plan.js';

describe('twoStagePlan', () => {
  const plan = twoStagePlan(50_000, 3);

  it('halves the budget: base first, then raters with the calibrator', () => {
    expect(totalSteps(plan)).toBe(50_000);
    expect(stageAt(plan, 24_999)).toMatchObject({
      index: 0,
      stepInStage: 24_999,
      stage: { calibrated: false, raters: 1 },
    });
    expect(stageAt(plan, 25_000)).toMatchObject({ index: 1, stepInStage: 0, stage: { calibrated: true, raters: 3 } });
    expect(() => stageAt(plan, 50_000)).toThrow('beyond the plan');
  });

  it('follows the published schedule: 0.95 a thousand steps, restarted with the second stage', () => {
    expect(learningRateAt(plan, 0)).toBe(1e-3);
    expect(learningRateAt(plan, 999)).toBe(1e-3);
    expect(learningRateAt(plan, 1000)).toBeCloseTo(0.95e-3, 12);
    expect(learningRateAt(plan, 24_000)).toBeCloseTo(2.92e-4, 6);
    expect(learningRateAt(plan, 25_000)).toBe(1e-3);
  });

  it('has no milestone at the last thousand', () => {
    const base = basePlan(3000);
    expect(learningRateAt(base, 2999)).toBeCloseTo(1e-3 * 0.95 ** 2, 12);
    expect(learningRateAt(basePlan(1500), 1499)).toBe(1e-3);
  });

  it('counts decays across stages that do not restart', () => {
    const [first, second] = plan.stages;
    const one = { ...plan, stages: [first!, { ...second!, restart: false }] };
    expect(learningRateAt(one, 25_000)).toBeCloseTo(1e-3 * 0.95 ** 25, 12);
  });

  it('refuses plans that cannot be followed', () => {
    expect(() => twoStagePlan(10.5, 3)).toThrow('whole number');
    expect(() => twoStagePlan(10, 0)).toThrow('at least one rater');
  });
});
