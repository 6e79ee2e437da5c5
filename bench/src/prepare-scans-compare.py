"""How far two prepared folders differ: prepare-scans-compare.py ours theirs number..., one line of JSON."""
import json
import os
import sys

import nibabel as nib
import numpy as np

ours, theirs, numbers = sys.argv[1], sys.argv[2], sys.argv[3:]


def load(folder, name):
    image = nib.load(os.path.join(folder, name))
    return np.asarray(image.dataobj), image.affine


result = {"greatestImageDifference": 0.0, "greatestAffineDifference": 0.0, "otherLabels": 0, "voxels": 0}
for number in numbers:
    (a, placed), (b, expected) = (load(folder, f"image_{number}.nii.gz") for folder in (ours, theirs))
    result["greatestImageDifference"] = max(result["greatestImageDifference"], float(np.abs(a - b).max()))
    result["greatestAffineDifference"] = max(
        result["greatestAffineDifference"], float(np.abs(placed - expected).max())
    )
    for rater in (1, 2, 3):
        a, b = (load(folder, f"label_{number}_{rater}.nii.gz")[0] for folder in (ours, theirs))
        result["otherLabels"] += int((a != b).sum())
        result["voxels"] += a.size
    if os.path.exists(os.path.join(theirs, f"fgmask_{number}.nii.gz")):
        for name, key in (("fgmask", "otherBody"), ("superpix-MIDDLE", "otherSuperpixels")):
            a, b = (load(folder, f"{name}_{number}.nii.gz")[0] for folder in (ours, theirs))
            result[key] = result.get(key, 0) + int((a != b).sum())
maps = [json.load(open(os.path.join(folder, "classmap_1.json"))) for folder in (ours, theirs)]
result["classMapsEqual"] = maps[0] == maps[1]
print(json.dumps(result))
