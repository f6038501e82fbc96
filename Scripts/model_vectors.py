"""Test vectors of whole training steps: five steps of each model at a small width, each on the next batch.

Two things can make float32 differ from float64 by far more than rounding errors: a value near the discontinuity of a
derivative, in a LeakyReLU or between two nearly equal values of a max-pooling window; and an element of a gradient near
zero, which Adam divides by its own magnitude. A run with such a value cannot be compared. So each case has a seed whose
run is well-conditioned: in float32, and in float64 with every convolution's output disturbed by about the rounding
error of float32, all results stay within `STEADINESS` of the undisturbed run. `write` checks this;

    python3 Scripts/model_vectors.py CASE FIRST LAST

prints the well-conditioned seeds in a range.
"""

import copy
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as functional
from torch import nn

from torch_models import (
    AutoencoderTrainer,
    Discriminator,
    GANTrainer,
    UNet,
    batch,
    initialize_for_gan,
    lab_batch,
    move_average,
)
from vector_file import VectorFile, nhwc

STEPS = 5
STEADINESS = 8e-5
# Standard deviation of the disturbance of a convolution's output, relative to the output's largest value.
NOISE = 1e-7
DISTURBED_RUNS = 6


@dataclass(frozen=True)
class Case:
    """The parameters of a file."""

    name: str
    kind: str
    upsampling: str
    height: int
    width: int
    channels: int
    """The model's width."""
    seed: int
    beyond: bool = False
    """With the options beyond the study's recipe: CIELAB, the constants below, and spectral norm in a GAN."""
    rebalanced: bool = False
    """With the losses of colors weighted by a table; only `beyond`."""
    l1: bool = False
    """With the autoencoder's L1 loss."""
    batch: int = 3
    replicas: int = 1
    """Equal parts of each batch that are normalized by statistics of their own."""


# The options of a case beyond the study's recipe.
AVERAGE_DECAY = 0.9
DISCRIMINATOR_LEARNING_RATE = 1e-4

CASES = [
    Case("unet", "unet", "transposed", 32, 32, channels=2, seed=80),
    Case("unet_nearest", "unet", "nearest", 16, 48, channels=1, seed=22),
    Case("unet_bilinear", "unet", "bilinear", 48, 16, channels=1, seed=66),
    Case("gan", "gan", "transposed", 32, 32, channels=2, seed=135),
    # Images that give several logits.
    Case("gan_wide", "gan", "transposed", 32, 64, channels=1, seed=0),
    Case("gan_beyond", "gan", "transposed", 32, 32, channels=2, seed=9, beyond=True),
    Case("unet_rebalanced", "unet", "transposed", 32, 16, channels=1, seed=20, beyond=True, rebalanced=True),
    Case("unet_l1", "unet", "bilinear", 32, 16, channels=1, seed=0, beyond=True, l1=True),
    Case("gan_rebalanced", "gan", "transposed", 32, 32, channels=1, seed=5, beyond=True, rebalanced=True),
    Case("unet_replicas", "unet", "transposed", 32, 16, channels=1, seed=49, batch=8, replicas=4),
    Case("gan_replicas", "gan", "transposed", 32, 32, channels=1, seed=86, beyond=True, batch=4, replicas=2),
    # Batches that are normalized as a whole and can be shared by four replicas.
    Case("unet_synchronized", "unet", "transposed", 32, 16, channels=1, seed=146, batch=8),
    Case("gan_synchronized", "gan", "transposed", 32, 32, channels=1, seed=86, beyond=True, batch=4),
]

# Rows and columns of a table of color weights.
TABLE_SIZE = 23


def make_images(count: int, height: int, width: int, generator: torch.Generator) -> torch.Tensor:
    """Returns images, bytes [count, 3, height, width]: smooth color fields with some grain."""
    fields = functional.interpolate(
        torch.rand(count, 3, 4, 4, generator=generator, dtype=torch.float64), size=(height, width), mode="bilinear"
    )
    grain = torch.rand(count, 3, height, width, generator=generator, dtype=torch.float64)
    return (fields * 220 + grain * 35).round().to(torch.uint8)


def followed_by_batch_norm(network: nn.Module) -> set[str]:
    """Returns the names of the biases before a batch norm, which subtracts them: their exact gradient is zero."""
    names = set()
    for prefix, module in network.named_modules():
        if isinstance(module, nn.Sequential):
            for index, (layer, following) in enumerate(zip(module, list(module)[1:])):
                if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
                    names.add(f"{prefix}.{index}.bias")
    return names


def draw_batch_norm(module: nn.Module, generator: torch.Generator) -> None:
    """Draws scales, shifts and running statistics, whose initial values would all be the same."""
    if isinstance(module, nn.BatchNorm2d):
        nn.init.uniform_(module.weight, 0.5, 1.5, generator=generator)
        nn.init.normal_(module.bias, 0.0, 0.5, generator=generator)
        nn.init.normal_(module.running_mean, 0.0, 0.5, generator=generator)
        nn.init.uniform_(module.running_var, 0.5, 1.5, generator=generator)


class PartedBatchNorm(nn.BatchNorm2d):
    """A batch norm that in training normalizes each of `parts` equal parts of the batch by its own statistics, as
    data-parallel replicas do. Each part updates the running statistics as they were; the mean of the results stays."""

    parts = 1

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(input)
        means = [self.running_mean.clone() for _ in range(self.parts)]
        variances = [self.running_var.clone() for _ in range(self.parts)]
        outputs = [
            functional.batch_norm(part, mean, variance, self.weight, self.bias, True, self.momentum, self.eps)
            for part, mean, variance in zip(input.chunk(self.parts), means, variances)
        ]
        with torch.no_grad():
            self.running_mean.copy_(torch.stack(means).mean(0))
            self.running_var.copy_(torch.stack(variances).mean(0))
        return torch.cat(outputs)


def file_name(name: str) -> str:
    """Returns the name of a tensor without the prefix of spectral norms."""
    return name.replace("parametrizations.weight.original", "weight").replace("parametrizations.weight.0.", "weight_")


def file_state(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Returns the tensors of a state that a file holds; v of spectral norms follows from the others."""
    return {
        file_name(key): value.clone()
        for key, value in state.items()
        if value.is_floating_point() and not key.endswith("weight.0.v")
    }


class Run:
    """Five steps of one model, with all results to compare."""

    def __init__(self, case: Case, seed: int):
        self.kind = case.kind
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        self.beyond = case.beyond
        self.l1 = case.l1
        colors = 2 if case.beyond else 3
        self.networks: dict[str, nn.Module] = {
            "generator": UNet(case.channels, case.upsampling, tanh=case.kind == "gan", colors=colors)
        }
        if case.kind == "gan":
            self.networks["discriminator"] = Discriminator(case.channels, colors, spectral_norm=case.beyond)
            for network in self.networks.values():
                network.apply(initialize_for_gan)
        for network in self.networks.values():
            network.apply(lambda module: draw_batch_norm(module, generator))
            for module in network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.__class__ = PartedBatchNorm
                    module.parts = case.replicas
        self.batch_size = case.batch
        self.images = make_images(STEPS * case.batch, case.height, case.width, generator)
        self.order = torch.randperm(STEPS * case.batch, generator=generator)
        self.table = (
            torch.empty(TABLE_SIZE, TABLE_SIZE).uniform_(0.5, 3.0, generator=generator) if case.rebalanced else None
        )
        # As drawn, in float32: the initial values of the file.
        self.initial = {
            name: {key: value.clone() for key, value in network.state_dict().items()}
            for name, network in self.networks.items()
        }

    def compute(self, dtype: torch.dtype, noise: torch.Generator | None = None) -> dict[str, dict[str, torch.Tensor]]:
        """Returns the results of the run from the initial weights, by case."""
        hooks = []
        for name, network in self.networks.items():
            network.to(dtype).load_state_dict(self.initial[name])
            for module in network.modules():
                if noise is not None and isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                    hooks.append(module.register_forward_hook(lambda _, __, output: disturbed(output, noise)))
        generator = self.networks["generator"]
        if self.kind == "gan":
            trainer = GANTrainer(
                generator,
                self.networks["discriminator"],
                discriminator_learning_rate=DISCRIMINATOR_LEARNING_RATE if self.beyond else None,
                table=self.table,
            )
        else:
            trainer = AutoencoderTrainer(generator, table=self.table, l1=self.l1)
        hooks += [self.freeze_biases_before_batch_norm(network) for network in self.networks.values()]
        average = copy.deepcopy(generator) if self.beyond else None
        result: dict[str, dict[str, torch.Tensor]] = {"losses": {}}
        losses: dict[str, list[torch.Tensor]] = {}
        for step in range(STEPS):
            gray, color = self.batch(step, dtype)
            values = trainer.step(gray, color)
            if average is not None:
                move_average(average, generator, step + 1, AVERAGE_DECAY)
            for name in [name for name in values if name.endswith("loss")]:
                losses.setdefault(name, []).append(values.pop(name))
            if step == 0:
                result["step 1"] = {name: nhwc(value) for name, value in values.items()}
                for name, network in self.networks.items():
                    useless = followed_by_batch_norm(network)
                    result[f"{name} gradient"] = {
                        file_name(key): value.grad.clone()
                        for key, value in network.named_parameters() if key not in useless
                    }
                    result[f"{name} after 1"] = {
                        file_name(key): value.clone()
                        for key, value in network.named_buffers()
                        if "running" in key or key.endswith("weight.0.u")
                    }
        result["losses"] = {name: torch.stack(values) for name, values in losses.items()}
        for name, network in self.networks.items():
            result[f"{name} after {STEPS}"] = file_state(network.state_dict())
        if average is not None:
            result[f"generator_average after {STEPS}"] = file_state(average.state_dict())
        # Inference on the first batch, with the running statistics.
        generator.eval()
        with torch.no_grad():
            result["inference"] = {"prediction": nhwc(generator(self.batch(0, dtype)[0]))}
        for hook in hooks:
            hook.remove()
        return result

    def batch(self, step: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        images = self.images[self.order[step * self.batch_size : (step + 1) * self.batch_size]]
        return lab_batch(images, dtype) if self.beyond else batch(images, self.kind == "gan", dtype)

    @staticmethod
    def freeze_biases_before_batch_norm(network: nn.Module):
        """Keeps the biases before batch norms: their gradients are rounding errors, which Adam turns into steps of full
        size, in
        float32 others than in float64. Recolor keeps them, too."""
        useless = followed_by_batch_norm(network)

        class Hooks:
            def __init__(self):
                self.handles = [
                    value.register_hook(torch.zeros_like)
                    for key, value in network.named_parameters()
                    if key in useless
                ]

            def remove(self):
                for handle in self.handles:
                    handle.remove()

        return Hooks()


def disturbed(output: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
    scale = NOISE * output.detach().abs().max()
    return output + scale * torch.randn(output.shape, generator=noise, dtype=output.dtype)


def difference(found: dict[str, dict[str, torch.Tensor]], expected: dict[str, dict[str, torch.Tensor]]) -> float:
    """Returns the largest max |found - expected| / max |expected| of all tensors."""
    worst = 0.0
    for case, tensors in expected.items():
        for name, tensor in tensors.items():
            distance = (found[case][name].double() - tensor).abs().max() / tensor.abs().max()
            worst = max(worst, float(distance))
    return worst


def unsteadiness(run: Run, result: dict[str, dict[str, torch.Tensor]]) -> float:
    """Returns the largest deviation of the run in float32 and under disturbances; stops at the first too large one."""
    worst = difference(run.compute(torch.float32), result)
    for trial in range(DISTURBED_RUNS):
        if worst > STEADINESS:
            break
        noise = torch.Generator().manual_seed(trial)
        worst = max(worst, difference(run.compute(torch.float64, noise), result))
    return worst


def write(folder: Path, case: Case) -> None:
    run = Run(case, case.seed)
    result = run.compute(torch.float64)
    worst = unsteadiness(run, result)
    if worst > STEADINESS:
        raise RuntimeError(f"{case.name}: seed {case.seed} is not well-conditioned, {worst:.1e}")
    file = VectorFile(folder / f"{case.name}.safetensors")
    file.add(
        "data",
        {"images": nhwc(run.images), "order": run.order.to(torch.uint32)}
        | ({} if run.table is None else {"colorWeights": run.table}),
        kind=case.kind,
        upsampling=case.upsampling,
        width=case.channels,
        batch=case.batch,
        steps=STEPS,
        seed=case.seed,
        **(
            {"averageDecay": AVERAGE_DECAY, "discriminatorLearningRate": DISCRIMINATOR_LEARNING_RATE}
            if case.beyond
            else {}
        ),
        **({"loss": "l1"} if case.l1 else {}),
        **({} if case.replicas == 1 else {"replicas": case.replicas}),
    )
    for name, state in run.initial.items():
        file.add(f"{name} initial", file_state(state))
    for stage, tensors in result.items():
        file.add(stage, tensors)
    file.save()


def write_all(folder: Path) -> None:
    for case in CASES:
        write(folder, case)


def search(name: str, first: int, last: int) -> None:
    case = next(case for case in CASES if case.name == name)
    for seed in range(first, last + 1):
        run = Run(case, seed)
        worst = unsteadiness(run, run.compute(torch.float64))
        if worst <= STEADINESS:
            print(f"{name} {seed}: {worst:.1e}", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    search(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
