import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createLabelVolume, createVolume, writeNifti } from '@fsmr/imaging';

type Size = readonly [nx: number, ny: number, nz: number];

/** A round organ: where, how large, on which slices, and how bright. */
interface Organ {
  readonly at: readonly [x: number, y: number];
  readonly radius: number;
  readonly slices: readonly [first: number, last: number];
  readonly grey: number;
  readonly label: number;
}

// Pancreas, kidney and liver. The kidney shares slice 2 with the others, so that each label set leaves slices to Setting 2.
const organs: readonly Organ[] = [
  { at: [50, 54], radius: 6, slices: [1, 2], grey: 60, label: 1 },
  { at: [76, 70], radius: 8, slices: [2, 4], grey: 150, label: 2 },
  { at: [60, 78], radius: 10, slices: [0, 2], grey: 110, label: 3 },
];

function grid<Data extends Float32Array | Uint8Array>(
  data: Data,
  [nx, ny]: Size,
  value: (x: number, y: number, z: number) => number,
): Data {
  for (let i = 0; i < data.length; i++) data[i] = value(i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny)));
  return data;
}

const inside =
  ({ at: [cx, cy], radius, slices: [first, last] }: Organ, larger: number) =>
  (x: number, y: number, z: number): boolean =>
    z >= first && z <= last && Math.hypot(x - cx, y - cy) <= radius + larger;

/** Writes one case in the raw layout of CURVAS: a CT volume and an annotation a rater, each a little more generous. */
export async function writeCurvasCase(folder: string, source: string, shift: number): Promise<void> {
  const size: Size = [128, 128, 5];
  const placement = { spacing: [0.8, 0.8, 3] } as const;
  const [nx, ny, nz] = size;
  const moved = organs.map((organ) => ({ ...organ, at: [organ.at[0] + shift, organ.at[1]] as const }));
  const grey = grid(new Float32Array(nx * ny * nz), size, (x, y, z) => {
    const organ = moved.find((each) => inside(each, 0)(x, y, z));
    return (organ?.grey ?? 0) + ((x * 7 + y * 13 + z * 5) % 11);
  });
  await mkdir(join(folder, source), { recursive: true });
  await writeNifti(join(folder, source, 'image.nii.gz'), createVolume(grey, size, placement), { type: 'int16' });
  for (const rater of [1, 2, 3]) {
    const labels = grid(
      new Uint8Array(nx * ny * nz),
      size,
      (x, y, z) => moved.find((each) => inside(each, rater - 2)(x, y, z))?.label ?? 0,
    );
    const file = join(folder, source, `annotation_${rater}.nii.gz`);
    await writeNifti(file, createLabelVolume(labels, size, placement));
  }
}

/** Writes one case of a flat task in the raw layout of QUBIQ: `{task}/{split}/{case}`, seven raters. */
export async function writeQubiqCase(folder: string, source: string, shift: number): Promise<void> {
  const size: Size = [80, 72, 1];
  const [nx, ny] = size;
  const from = (x: number, y: number) => Math.hypot(x - 40 - shift, y - 36);
  const grey = grid(new Float32Array(nx * ny), size, (x, y) => (from(x, y) <= 14 ? 300 : 90) + ((x * 7 + y * 13) % 11));
  await mkdir(join(folder, source), { recursive: true });
  await writeNifti(join(folder, source, 'image.nii.gz'), createVolume(grey, size), { dimensions: 2 });
  for (let rater = 1; rater <= 7; rater++) {
    const mask = grid(new Uint8Array(nx * ny), size, (x, y) => (from(x, y) <= 10 + rater ? 1 : 0));
    const file = join(folder, source, `task01_seg0${rater}.nii.gz`);
    await writeNifti(file, createLabelVolume(mask, size), { dimensions: 2 });
  }
}
