"""CURVAS prepared with nibabel, scipy and scikit-image, step for step as `fsmr prepare curvas` does it.

prepare-scans.py raw out superpixels|plain; prints peak memory and processor time as one line of JSON.
"""
import json
import os
import resource
import sys
import warnings

import nibabel as nib
import numpy as np
from scipy import ndimage

raw, out, mode = sys.argv[1:4]
# scipy warns of a change long past whenever steps are given by axis, its quick way.
warnings.filterwarnings("ignore", message="The behavior of affine_transform")
border, side, thickness = 32, 256, 3.0
names = ["BGD", "PANCREAS", "KIDNEY", "LIVER"]


def sampler(shape, step):
    """Trilinear sampling at multiples of `step` input voxels: the edge half a voxel on, 0 beyond it."""
    size = [max(1, int(np.floor(n / s + 1))) for n, s in zip(shape, step)]
    beyond = [np.arange(m) * s >= n - 0.5 for m, s, n in zip(size, step, shape)]

    def sample(volume):
        result = ndimage.affine_transform(volume, step, output_shape=size, order=1, mode="nearest", output=np.float32)
        for axis, outside in enumerate(beyond):
            result[(slice(None),) * axis + (outside,)] = 0
        return result

    return sample


def write(name, data, affine):
    nib.Nifti1Image(data, affine).to_filename(os.path.join(out, name))


def superpixels(image):
    from skimage.segmentation import felzenszwalb

    regions = np.zeros(image.shape, np.int32)
    body = np.zeros(image.shape, np.uint8)
    for z in range(image.shape[2]):
        plane = image[..., z].T.astype(np.float64)
        mask = plane > 1e-4
        if mask.any():
            parts, _ = ndimage.label(mask, np.ones((3, 3)))
            mask = ndimage.binary_fill_holes(parts == 1 + np.argmax(np.bincount(parts.ravel())[1:]))
        labels = felzenszwalb(plane, scale=1, sigma=1, min_size=400)
        last = labels.max()
        if last > 0:
            labels[labels == last] = last + 1
        regions[..., z] = (labels * mask).T
        body[..., z] = mask.T
    return regions, body


os.makedirs(out, exist_ok=True)
slices = {name: {} for name in names}
for number, case in enumerate(sorted(os.listdir(raw))):
    scan = nib.load(os.path.join(raw, case, "image.nii.gz"))
    values = np.asarray(scan.dataobj)
    raters = [
        np.asarray(nib.load(os.path.join(raw, case, f"annotation_{rater}.nii.gz")).dataobj) for rater in (1, 2, 3)
    ]
    labelled = np.flatnonzero(np.any([labels.any(axis=(0, 1)) for labels in raters], axis=0))
    first, last = (labelled[0], labelled[-1]) if len(labelled) else (0, values.shape[2] - 1)
    box = (slice(border, -border), slice(border, -border), slice(first, last + 1))
    values = values[box].astype(np.float32)
    values = (np.clip(values, -125, 275) + 125) / np.float32(400 + 1e-8) * 255
    raters = [labels[box] for labels in raters]
    spacing = np.array(scan.header.get_zooms(), np.float64)
    step = [values.shape[0] / side, values.shape[1] / side, thickness / spacing[2]]
    sample = sampler(values.shape, step)
    affine = scan.affine @ np.diag([*step, 1.0])
    affine[:3, 3] = (scan.affine @ [border, border, first, 1])[:3]
    image = sample(values)
    del values
    write(f"image_{number}.nii.gz", image, affine)
    drawn = {name: set() for name in names}
    for rater, labels in enumerate(raters, 1):
        result = np.zeros(image.shape, labels.dtype)
        for value in np.unique(labels)[1:]:
            result[np.rint(sample((labels == value).astype(np.float32))) == 1] = value
        write(f"label_{number}_{rater}.nii.gz", result, affine)
        for value, name in enumerate(names):
            drawn[name].update(np.flatnonzero((result == value).any(axis=(0, 1))).tolist())
    for name in names:
        slices[name][str(number)] = sorted(drawn[name])
    if mode == "superpixels":
        regions, body = superpixels(image)
        write(f"superpix-MIDDLE_{number}.nii.gz", regions, affine)
        write(f"fgmask_{number}.nii.gz", body, affine)
with open(os.path.join(out, "classmap_1.json"), "w") as file:
    json.dump(slices, file)
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"peakMiB": usage.ru_maxrss / 1024, "cpuSeconds": usage.ru_utime + usage.ru_stime}))
