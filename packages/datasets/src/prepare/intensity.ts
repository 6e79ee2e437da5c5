import { percentile, type Volume } from '@fsmr/imaging';

/** Hounsfield units the published programs keep: soft tissue. */
export const ctWindow = [-125, 275] as const;

/** CT values clipped to {@link ctWindow} and brought to 0..255, `(v + 125) / (400 + 1e-8) * 255` (datasets 8.2). */
export const windowCt = (volume: Volume): Volume => windowed(volume, ctWindow, 1e-8);

/**
 * Intensities clipped to a window and brought to 0..255.
 *
 * @param slack added to the width of the window, as the published programs do
 */
export function windowed(volume: Volume, [low, high]: readonly [low: number, high: number], slack = 0): Volume {
  const width = high - low + slack;
  const data = new Float32Array(volume.data.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = ((Math.min(high, Math.max(low, volume.data[i]!)) - low) / width) * 255;
  }
  return { ...volume, data };
}

/** Values clipped to {@link ctWindow} and stretched so that the volume's own least is 0 and greatest 255 (SABS). */
export function windowAndStretch(volume: Volume): Volume {
  const [low, high] = ctWindow;
  const data = volume.data.map((value) => Math.min(high, Math.max(low, value)));
  let [least, greatest] = [data[0]!, data[0]!];
  for (let i = 1; i < data.length; i++) {
    least = Math.min(least, data[i]!);
    greatest = Math.max(greatest, data[i]!);
  }
  const scale = greatest > least ? 255 / (greatest - least) : 0;
  return { ...volume, data: data.map((value) => (value - least) * scale) };
}

/** MR values clipped above the 99.5th percentile of the volume, otherwise as they are (datasets 8.3, 8.4). */
export function clipTop(volume: Volume, percent = 99.5): Volume {
  const most = percentile(volume.data, percent);
  return { ...volume, data: volume.data.map((value) => Math.min(most, value)) };
}
