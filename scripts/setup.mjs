// Installs all dependencies on a bare machine with Node and the npm registry.
import { setUp } from './run.mjs';

setUp();
