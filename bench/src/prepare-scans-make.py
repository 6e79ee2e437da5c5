"""Makes synthetic CT scans of three raters in the raw layout of CURVAS: make.py folder scans distinct slices

Only a few cases are distinct; the others are hard links to them, as 65 of these would take hours and gigabytes.
"""
import os
import sys

import nibabel as nib
import numpy as np
from scipy import ndimage

folder, scans, distinct, slices = sys.argv[1], *map(int, sys.argv[2:5])
side = 512
spacing = (0.78, 0.78, 2.0)
# Pancreas, kidneys, liver: centre (x, y in pixels, z as a share) and radii of ellipsoids.
organs = [
    (1, 270, 235, 0.45, 60, 22, 0.12),
    (2, 150, 300, 0.40, 34, 42, 0.18),
    (2, 360, 300, 0.42, 34, 42, 0.18),
    (3, 175, 200, 0.60, 95, 80, 0.24),
]
grey = {1: 95, 2: 160, 3: 110}


def ellipsoid(z, y, x, organ, grow=0.0, shift=(0.0, 0.0)):
    _, cx, cy, cz, rx, ry, rz = organ
    return (
        ((x - cx - shift[0]) / (rx + grow)) ** 2
        + ((y - cy - shift[1]) / (ry + grow)) ** 2
        + ((z - cz * slices) / (rz * slices + grow / 3)) ** 2
    ) <= 1


for case in range(distinct):
    random = np.random.default_rng(case)
    z, y, x = np.ogrid[:slices, :side, :side]
    volume = np.full((slices, side, side), -1000, np.float32)
    body = ((x - 256) / 205) ** 2 + ((y - 250) / 150) ** 2 <= 1
    volume[np.broadcast_to(body, volume.shape)] = 45
    fat = ((x - 256) / 190) ** 2 + ((y - 250) / 135) ** 2 > 1
    volume[np.broadcast_to(body & fat, volume.shape)] = -95
    volume[np.broadcast_to(((x - 256) / 26) ** 2 + ((y - 345) / 24) ** 2 <= 1, volume.shape)] = 320
    moved = [(o[0], *(np.array(o[1:3]) + random.uniform(-6, 6, 2)), *o[3:]) for o in organs]
    for organ in moved:
        volume[ellipsoid(z, y, x, organ)] = grey[organ[0]]
    noise = random.standard_normal(volume.shape, dtype=np.float32)
    texture = ndimage.gaussian_filter(random.standard_normal(volume.shape, dtype=np.float32), (1, 3, 3))
    volume += 14 * ndimage.gaussian_filter(noise, (0, 0.7, 0.7)) * 2 + 60 * texture
    out = os.path.join(folder, f"UKCHLL{case:03d}")
    os.makedirs(out, exist_ok=True)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -200, -195, 30

    def save(name, data):
        image = nib.Nifti1Image(np.ascontiguousarray(data.transpose(2, 1, 0)), affine)
        image.to_filename(os.path.join(out, name))

    nib.openers.Opener.default_compresslevel = 6
    save("image.nii.gz", volume.round().astype(np.int16))
    for rater in (1, 2, 3):
        labels = np.zeros(volume.shape, np.uint8)
        for organ in moved:
            labels[ellipsoid(z, y, x, organ, random.uniform(-4, 4), random.uniform(-2, 2, 2))] = organ[0]
        save(f"annotation_{rater}.nii.gz", labels)
for case in range(distinct, scans):
    out = os.path.join(folder, f"UKCHLL{case:03d}")
    os.makedirs(out, exist_ok=True)
    for name in ("image.nii.gz", "annotation_1.nii.gz", "annotation_2.nii.gz", "annotation_3.nii.gz"):
        os.link(os.path.join(folder, f"UKCHLL{case % distinct:03d}", name), os.path.join(out, name))
