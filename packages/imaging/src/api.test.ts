import { readmeSnippet, runSnippet } from '@fsmr/testing';
import { expect, it } from 'vitest';
import * as imaging from './index.js';

it('exports this and nothing else', () => {
  expect(Object.keys(imaging).sort()).toMatchInlineSnapshot(`
    [
      "assertSameGeometry",
      "blurBytes",
      "box",
      "centreCrop",
      "checkGrid",
      "checkImage",
      "close",
      "components2d",
      "createLabelVolume",
      "createVolume",
      "crop",
      "decodeDicomSeries",
      "decodeGreyPng",
      "decodeMaskPng",
      "decodeMetaImage",
      "decodeMetaImageLabels",
      "decodeNifti",
      "decodeNiftiLabels",
      "decodeNrrd",
      "decodeNrrdLabels",
      "decodePng",
      "determinant",
      "dilate",
      "distanceTransform",
      "distanceTransform3d",
      "ellipseKernel",
      "encodeNifti",
      "encodePng",
      "erode",
      "fillHoles",
      "fillHoles3d",
      "gaussianFilter",
      "greyPicture",
      "gridOf",
      "gridWithSpacing",
      "halfKernel",
      "identityDirection",
      "imageSlice",
      "indexToWorld",
      "integerLabels",
      "invert",
      "isMetaImage",
      "isNrrd",
      "labelComponents",
      "labelSlice",
      "labelValues",
      "largestComponent",
      "largestComponent3d",
      "maskArea",
      "maskOfLabel",
      "maskPicture",
      "maskSlice",
      "open",
      "orientationOf",
      "pad",
      "parseNiftiHeader",
      "percentile",
      "pruneComponents",
      "readDicomSeries",
      "readGreyPng",
      "readLabelVolume",
      "readMaskPng",
      "readNifti",
      "readNiftiHeader",
      "readNiftiLabels",
      "readVolume",
      "reorient",
      "resample",
      "resampleLabels",
      "squareKernel",
      "stackLabelSlices",
      "stackSlices",
      "stepMatrix",
      "voxelCount",
      "worldToIndex",
      "writeNifti",
      "writePng",
    ]
  `);
});

it('runs the snippet the README opens with', async () => {
  const results = await runSnippet(
    readmeSnippet(new URL('../README.md', import.meta.url)),
    { '@fsmr/imaging': imaging },
    ['coarse', 'same', 'body'],
  );
  const { coarse, same, body } = results as { coarse: imaging.Volume; same: imaging.Volume; body: imaging.Mask2D };
  expect(coarse.size).toEqual([33, 33, 7]);
  expect(same.data.length).toBe(coarse.data.length);
  expect(imaging.maskArea(body)).toBeGreaterThan(0);
});
