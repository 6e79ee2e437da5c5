/** Runs the bundled specs in this process and writes one record a spec: `node specs.mjs bundle output`. */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import Jasmine from 'jasmine';

const [bundle, output] = process.argv.slice(2);
const runner = new Jasmine();
runner.exitOnCompletion = false;
runner.loadConfig({ random: false, verboseDeprecations: false });
runner.clearReporters();
const specs = [];
runner.addReporter({
  specDone({ fullName, status, failedExpectations }) {
    const message = failedExpectations[0]?.message ?? '';
    specs.push({ name: fullName, status, message: message.slice(0, 300) });
  },
  suiteDone({ fullName, failedExpectations }) {
    for (const { message } of failedExpectations) specs.push({ name: fullName, status: 'failed', message });
  },
});
await import(pathToFileURL(bundle).href);
const only = process.env.CONFORMANCE_ONLY;
if (only) runner.env.configure({ specFilter: (spec) => spec.getFullName().includes(only) });
await runner.execute();
writeFileSync(output, JSON.stringify(specs));
process.exit(0);
