import type { SuperpixelOptions } from '@fsmr/pseudo-labels';

/** A scan with what raters drew on it. A two-dimensional image is a scan of one slice. */
export interface Scan {
  readonly id: string;
  readonly size: readonly [slices: number, height: number, width: number];
  /** [z, y, x], x fastest, as stored; see {@link normalise}. */
  readonly image: Float32Array;
  /** Class ids [z, y, x] of each rater by name, 0 is background. A rater who did not outline this scan is absent. */
  readonly labels: Readonly<Record<string, Uint8Array>>;
  /** Millimetres between voxels along z, y, x, where known. */
  readonly spacing?: readonly [z: number, y: number, x: number];
  /** Of the whole stored volume, where this scan is only a part of it: normalisation counts the whole. */
  readonly stored?: Statistics & { readonly voxels: number };
}

/** Mean and population standard deviation of grey values. */
export interface Statistics {
  readonly mean: number;
  readonly std: number;
}

/** What is known of a scan without reading its voxels. */
export interface ScanInfo {
  readonly id: string;
  /** Scans of one group, normally a patient, are never divided between training and test. */
  readonly group?: string;
  /** The raters who outlined this scan, in the order of the data set's raters. */
  readonly raters: readonly string[];
  /** Ids of the classes this scan may show; see {@link readClassMap} for those it does. */
  readonly classes: readonly number[];
  /** The number of slices, where known. */
  readonly slices?: number;
}

/** A foreground class. */
export interface ClassInfo {
  readonly id: number;
  readonly name: string;
}

/** CT intensities mean the same in all scans, so training statistics normalise them; others are normalised scan by scan. */
export type Modality = 'CT' | 'MR' | 'other';

/** A set of scans that are read one at a time. What reads them for you checks them, see {@link checkScan}. */
export interface Dataset {
  readonly name: string;
  /** The raters, in the order of every output. */
  readonly raters: readonly string[];
  /** Foreground classes. */
  readonly classes: readonly ClassInfo[];
  readonly modality: Modality;
  readonly scans: readonly ScanInfo[];
  /** Reads one scan. @throws InputError for an unknown id, and whatever the file's faults call for. */
  read(id: string): Promise<Scan>;
  /** Where each class is drawn, where the set keeps it beside its files; else {@link readClassMap} reads all labels. */
  classMap?(): Promise<ClassMap>;
  /** Superpixels [z, y, x] of a scan where preparation made them; else episodes make them slice by slice. */
  superpixels?(id: string): Promise<Int32Array>;
  /** How superpixels of this set are cut where it has none, the minimum size apart. */
  readonly superpixelOptions?: Omit<SuperpixelOptions, 'minimumSize'>;
}

/** The ascending slices on which each rater drew each class: scan id, class id, rater. Empty lists are left out. */
export type ClassMap = Readonly<Record<string, Readonly<Record<number, Readonly<Record<string, readonly number[]>>>>>>;

/** One slice of a scan as plain arrays, one class of it. */
export interface SliceSample {
  readonly height: number;
  readonly width: number;
  /** [y, x] */
  readonly image: Float32Array;
  /** One mask [y, x] a rater, 0 or 1, in the order the raters were asked for. */
  readonly masks: readonly Uint8Array[];
}

/** A training episode as plain arrays: one support, one query, both outlined by the same raters in the same order. */
export interface SampleEpisode {
  readonly raters: readonly string[];
  readonly support: SliceSample;
  readonly query: SliceSample;
}
