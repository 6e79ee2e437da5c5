/** Set-up of every test file: properties draw from one seed, so that a run is repeatable. `FSMR_SEED=7 npm test` draws others. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FSMR_SEED ?? 1) });
