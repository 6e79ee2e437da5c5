import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createLabelVolume, createVolume, writeNifti } from '@fsmr/imaging';

const [nx, ny, nz] = [80, 76, 7] as const;
const placement = { spacing: [0.7, 0.8, 2.5], origin: [-30, 12, 5] } as const;

function voxels<Data extends Float32Array | Uint8Array>(
  data: Data,
  at: (x: number, y: number, z: number) => number,
): Data {
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++, i++) data[i] = at(x, y, z);
  }
  return data;
}

// Whole numbers alone, so that another program makes the same volume without reading a file of ours.
function label(rater: number, x: number, y: number, z: number): number {
  const inside = z >= 1 && z <= (rater === 3 ? 5 : 4);
  if (inside && y >= 42 && x >= 34 + rater && z <= 3) return 3;
  if (inside && (x - 43) ** 2 + (y - 40 + rater) ** 2 <= 9) return 2;
  return inside && (x - 38 - rater) ** 2 + (y - 37) ** 2 <= 16 ? 1 : 0;
}

/** Writes one case in the raw layout of CURVAS. */
export async function writeRawCurvas(folder: string, source: string, raters = [1, 2, 3], shift = 0): Promise<void> {
  await mkdir(join(folder, source), { recursive: true });
  const grey = voxels(new Float32Array(nx * ny * nz), (x, y, z) => ((x * 37 + y * 53 + z * 101 + shift) % 601) - 200);
  await writeNifti(join(folder, source, 'image.nii.gz'), createVolume(grey, [nx, ny, nz], placement), {
    type: 'int16',
  });
  for (const rater of raters) {
    const map = voxels(new Uint8Array(nx * ny * nz), (x, y, z) => label(rater, x, y, z));
    await writeNifti(
      join(folder, source, `annotation_${rater}.nii.gz`),
      createLabelVolume(map, [nx, ny, nz], placement),
    );
  }
}
