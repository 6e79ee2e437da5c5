"""The measured program on scikit-image's side; `cut k` also answers whether the regions are those already stored."""
import json
import os
import sys
import time

import numpy as np
from skimage.segmentation import felzenszwalb

folder = sys.argv[1]
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    name = line.split()[1]
    image = np.fromfile(os.path.join(folder, f"{name}.f32"), np.float32).reshape(256, 256).astype(np.float64)
    cpu = time.process_time()
    start = time.perf_counter()
    labels = felzenszwalb(image, scale=1, sigma=1, min_size=400)
    milliseconds = 1000 * (time.perf_counter() - start)
    cpu_milliseconds = 1000 * (time.process_time() - cpu)
    stored = np.fromfile(os.path.join(folder, f"{name}.i32"), np.int32)
    equal = bool(np.array_equal(labels.ravel(), stored))
    answer = {"milliseconds": milliseconds, "cpuMilliseconds": cpu_milliseconds}
    print(json.dumps({**answer, "equal": equal, "regions": int(labels.max()) + 1}), flush=True)
