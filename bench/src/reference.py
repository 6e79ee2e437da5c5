"""The measured program on PyTorch's side; arguments, commands and answers are those of ours.ts."""
import json, os, resource, struct, sys, time

import torch
import torch.nn as nn
import torch.nn.functional as F

depth, folder, size = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "2")))
LAYOUTS = {18: ("basic", (2, 2, 2, 2)), 34: ("basic", (3, 4, 6, 3)),
           50: ("bottleneck", (3, 4, 6, 3)), 101: ("bottleneck", (3, 4, 23, 3))}


class Block(nn.Module):
    def __init__(self, kind, inputs, planes, stride, dilation):
        super().__init__()
        outputs = planes * (4 if kind == "bottleneck" else 1)
        if kind == "bottleneck":
            parts = [(1, inputs, planes, 1, 1), (3, planes, planes, stride, dilation), (1, planes, outputs, 1, 1)]
        else:
            parts = [(3, inputs, planes, stride, dilation), (3, planes, outputs, 1, dilation)]
        self.count = len(parts)
        for i, (k, a, b, s, d) in enumerate(parts, 1):
            setattr(self, f"conv{i}", nn.Conv2d(a, b, k, s, d if k == 3 else 0, d, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(b))
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        y = x
        for i in range(1, self.count):
            y = F.relu(getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y)), inplace=True)
        y = getattr(self, f"bn{self.count}")(getattr(self, f"conv{self.count}")(y))
        y += identity
        return F.relu(y, inplace=True)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        kind, counts = LAYOUTS[depth]
        expansion = 4 if kind == "bottleneck" else 1
        body = nn.Module()
        body.conv1, body.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        inputs, dilation = 64, 1
        for stage, count in enumerate(counts):
            before, stride = dilation, 1 if stage == 0 else 2
            if stage >= 2:
                dilation, stride = dilation * stride, 1
            blocks = []
            for i in range(count):
                blocks.append(Block(kind, inputs, 64 * 2 ** stage, stride if i == 0 else 1, before if i == 0 else dilation))
                inputs = 64 * 2 ** stage * expansion
            setattr(body, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.backbone, self.localconv = body, nn.Conv2d(inputs, 256, 1, bias=False)

    def forward(self, x):
        b = self.backbone
        x = F.max_pool2d(F.relu(b.bn1(b.conv1(x)), inplace=True), 3, 2, 1)
        for stage in range(4):
            x = getattr(b, f"layer{stage + 1}")(x)
        return self.localconv(x)


def load_safetensors(file):
    with open(file, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = bytearray(f.read())
    out = {}
    for name, item in header.items():
        if name != "__metadata__":
            a, b = item["data_offsets"]
            dtype = {"F32": torch.float32, "I32": torch.int32, "I64": torch.int64}[item["dtype"]]
            out[name] = torch.frombuffer(data, dtype=dtype, count=(b - a) // dtype.itemsize if hasattr(dtype, "itemsize")
                                         else (b - a) // torch.empty(0, dtype=dtype).element_size(), offset=a).reshape(item["shape"])
    return out


def floats(name, shape):
    with open(os.path.join(folder, name), "rb") as f:
        return torch.frombuffer(bytearray(f.read()), dtype=torch.float32).reshape(shape)


def images_of(name, shape):
    return floats(name, shape).permute(0, 3, 1, 2).contiguous()


model = Encoder()
missing, surplus = model.load_state_dict(load_safetensors(os.path.join(folder, f"resnet{depth}.safetensors")), strict=False)
assert not surplus and all(name.endswith("num_batches_tracked") for name in missing), (missing, surplus)
images = images_of("images.f32", (2, size, size, 3))
target = images_of("target.f32", (2, size // 8, size // 8, 256))
optimiser = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4)


def answer(value):
    value["peakMiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with open("/proc/self/statm") as f:
        value["residentMiB"] = int(f.read().split()[1]) * 4096 / 2 ** 20
    print(json.dumps(value), flush=True)


def difference(name, value):
    """Largest difference to our numbers over the largest of them."""
    ours = floats(name, value.shape)
    return float((ours - value).abs().max() / value.abs().max())


answer({"ready": True})
for line in sys.stdin:
    command, *argument = line.split()
    cpu, start = time.process_time(), time.perf_counter()
    result = {}
    if command == "eval":
        model.eval()
        with torch.no_grad():
            features = model(images)
    else:
        model.train()
        optimiser.zero_grad(set_to_none=True)
        loss = F.mse_loss(model(images), target)
        loss.backward()
        optimiser.step()
        result["loss"] = float(loss)
    result["milliseconds"] = 1000 * (time.perf_counter() - start)
    result["cpuMilliseconds"] = 1000 * (time.process_time() - cpu)
    if argument and command == "eval":
        result["difference"] = difference(argument[0], features.permute(0, 2, 3, 1).contiguous())
    elif argument:
        gradient = dict(model.named_parameters())[argument[0]].grad
        result["difference"] = difference("gradient.f32", gradient.permute(2, 3, 1, 0).contiguous())
    answer(result)
