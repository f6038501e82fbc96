"""The two colorizers as PyTorch modules: the reference for Recolor, with the names of its weights files.

    UNet(width)            encoding_unit1..5, upsampling1..4, decoding_unit1..5
    Discriminator(width)   unit1..5

A state dict of `UNet` and a weights file of Recolor hold the same tensors under the same names, so that weights can be
exchanged (`safetensors.torch.load_file`, `save_file`). The file also has the training step of each model, in Recolor's
order of operations, with the options beyond the study: CIELAB, an L1 loss, class rebalancing, spectral norm, two
learning rates, an average of the generator. Needs PyTorch only.
"""

import torch
import torch.nn.functional as functional
from torch import nn
from torch.nn.utils import parametrize

UPSAMPLING_MODES = ("transposed", "nearest", "bilinear")


def double_unit(inputs: int, outputs: int) -> nn.Sequential:
    """Convolution 3×3, batch norm, LeakyReLU, twice: parameters `0`, `1`, `3`, `4`."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.01),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.01),
    )


def upsampling(inputs: int, outputs: int, mode: str) -> nn.Module:
    """Doubles height and width: a transposed convolution (`weight`) or a resize and a convolution (`1.weight`)."""
    if mode == "transposed":
        return nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(nn.Upsample(scale_factor=2, mode=mode), nn.Conv2d(inputs, outputs, 3, padding=1))


class UNet(nn.Module):
    """Gray [N, 1, H, W] to color [N, `colors`, H, W], H and W multiples of 16.

    Without `tanh` the autoencoder, images in [0, 1]; with it the generator of the GAN, images in [-1, 1].
    """

    def __init__(self, width: int = 64, upsampling_mode: str = "transposed", tanh: bool = False, colors: int = 3):
        super().__init__()
        channels = [width << level for level in range(5)]
        for level, (inputs, outputs) in enumerate(zip([1] + channels, channels)):
            setattr(self, f"encoding_unit{level + 1}", double_unit(inputs, outputs))
        for step, level in enumerate(reversed(range(4))):
            setattr(self, f"upsampling{step + 1}", upsampling(channels[level + 1], channels[level], upsampling_mode))
            setattr(self, f"decoding_unit{step + 1}", double_unit(2 * channels[level], channels[level]))
        self.decoding_unit5 = nn.Sequential(nn.Conv2d(width, colors, 1))
        self.tanh = tanh

    def forward(self, gray: torch.Tensor) -> torch.Tensor:
        skips = []
        x = gray
        for level in range(4):
            skips.append(getattr(self, f"encoding_unit{level + 1}")(x))
            x = functional.max_pool2d(skips[-1], 2)
        x = self.encoding_unit5(x)
        for step in range(4):
            x = getattr(self, f"upsampling{step + 1}")(x)
            x = getattr(self, f"decoding_unit{step + 1}")(torch.cat([x, skips[3 - step]], dim=1))
        x = self.decoding_unit5(x)
        return torch.tanh(x) if self.tanh else x


class Discriminator(nn.Module):
    """Gray [N, 1, H, W] and color [N, `colors`, H, W] to logits [N, 1, H / 16 - 1, W / 16 - 1]."""

    def __init__(self, width: int = 64, colors: int = 3, spectral_norm: bool = False):
        super().__init__()
        inputs = 1 + colors
        for unit in range(1, 5):
            outputs = width << (unit - 1)
            layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)]
            if unit > 1:
                layers.append(nn.BatchNorm2d(outputs))
            layers.append(nn.LeakyReLU(0.2))
            setattr(self, f"unit{unit}", nn.Sequential(*layers))
            inputs = outputs
        self.unit5 = nn.Sequential(nn.Conv2d(inputs, 1, 2))
        self.spectral_norms = []
        if spectral_norm:
            for unit in range(1, 6):
                layer = getattr(self, f"unit{unit}")[0]
                self.spectral_norms.append(SpectralNorm(layer.weight))
                parametrize.register_parametrization(layer, "weight", self.spectral_norms[-1])

    def iterate_spectral_norms(self) -> None:
        """Takes a step of power iteration for all weights, to be called once after each change of the weights."""
        for unit, norm in enumerate(self.spectral_norms, start=1):
            norm.iterate(getattr(self, f"unit{unit}")[0].parametrizations.weight.original)

    def forward(self, gray: torch.Tensor, color: torch.Tensor) -> torch.Tensor:
        x = torch.cat([gray, color], dim=1)
        for unit in range(1, 6):
            x = getattr(self, f"unit{unit}")(x)
        return x


class SpectralNorm(nn.Module):
    """Weights divided by uᵀ W v (Miyato et al. 2018). PyTorch's own module iterates in every pass."""

    def __init__(self, weights: torch.Tensor):
        super().__init__()
        self.register_buffer("u", torch.randn(weights.shape[0]))
        self.register_buffer("v", torch.zeros(weights[0].numel()))

    @torch.no_grad()
    def iterate(self, weights: torch.Tensor) -> None:
        matrix = weights.flatten(1)
        self.v = functional.normalize(matrix.T @ self.u, dim=0, eps=1e-12)
        self.u = functional.normalize(matrix @ self.v, dim=0, eps=1e-12)

    def forward(self, weights: torch.Tensor) -> torch.Tensor:
        return weights / (self.u @ weights.flatten(1) @ self.v)


def initialize_for_gan(module: nn.Module) -> None:
    """Draws the weights of convolutions from N(0, 0.02), and keeps the others. For use with `Module.apply`."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)


def batch(images: torch.Tensor, signed: bool, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Converts bytes [N, 3, H, W] to (gray, color): color in [0, 1], or in [-1, 1] if `signed`; gray is its mean."""
    color = images.to(dtype) / 127.5 - 1 if signed else images.to(dtype) / 255
    return color.mean(dim=1, keepdim=True), color


def lab_batch(images: torch.Tensor, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Converts bytes [N, 3, H, W] of sRGB to (L* / 50 - 1, [a*, b*] / 110) of CIELAB, white point D65."""
    # In double precision, because the result is taken as exact data.
    encoded = images.double() / 255
    linear = torch.where(encoded > 0.04045, ((encoded + 0.055) / 1.055) ** 2.4, encoded / 12.92)
    matrix = torch.tensor(
        [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
    ).double()
    white = torch.tensor([0.95047, 1.0, 1.08883]).double().view(1, 3, 1, 1)
    ratio = torch.einsum("ij,njhw->nihw", matrix, linear) / white
    curve = torch.where(ratio > 216 / 24389, ratio ** (1 / 3), ratio * (24389 / 27 / 116) + 16 / 116)
    x, y, z = curve.unbind(dim=1)
    gray = (116 * y - 16) / 50 - 1
    color = torch.stack([500 * (x - y), 200 * (y - z)], dim=1) / 110
    return gray.unsqueeze(1).to(dtype), color.to(dtype)


def color_weights(table: torch.Tensor, color: torch.Tensor) -> torch.Tensor:
    """Returns the weights [N, 1, H, W] of colors [N, 2, H, W] of CIELAB / 110, interpolated bilinearly in a table with
    rows of b* and columns of a* from -110 to 110 (Zhang, Isola and Efros 2016, equation 3, without quantization)."""
    tables = table.to(color.dtype).expand(len(color), 1, -1, -1)
    return functional.grid_sample(
        tables, color.permute(0, 2, 3, 1), mode="bilinear", padding_mode="border", align_corners=True
    )


class AutoencoderTrainer:
    """Trains with the mean squared error, or the mean absolute one with `l1`, and Adam; call `next_epoch` after each
    epoch. With a `table` of `color_weights`, each pixel's errors are multiplied by its true color's weight."""

    def __init__(
        self, model: UNet, learning_rate: float = 1e-3, table: torch.Tensor | None = None, l1: bool = False
    ):
        self.model = model
        self.l1 = l1
        self.table = table
        self.optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, betas=(0.9, 0.999), eps=1e-8)

    def step(self, gray: torch.Tensor, color: torch.Tensor) -> dict[str, torch.Tensor]:
        """Takes one step. Returns the prediction before it, and the loss."""
        self.model.train()
        prediction = self.model(gray)
        if self.table is None:
            loss = (functional.l1_loss if self.l1 else functional.mse_loss)(prediction, color)
        else:
            difference = prediction - color
            errors = difference.abs() if self.l1 else difference.square()
            loss = (color_weights(self.table, color) * errors).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return {"prediction": prediction.detach(), "loss": loss.detach()}

    def next_epoch(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] *= 0.9


class GANTrainer:
    """Both networks are in training mode during a step, so that the discriminator's running statistics are updated
    three times: on the real batch, on the generated one, and on the generated one again for the generator. With a
    `table` of `color_weights`, each pixel's errors in the L1 term are multiplied by its true color's weight."""

    REAL_TARGET = 0.9

    def __init__(
        self,
        generator: UNet,
        discriminator: Discriminator,
        learning_rate: float = 2e-4,
        l1_weight: float = 100.0,
        discriminator_learning_rate: float | None = None,
        table: torch.Tensor | None = None,
    ):
        self.model = generator
        self.discriminator = discriminator
        self.l1_weight = l1_weight
        self.table = table
        betas = (0.5, 0.999)
        self.optimizer = torch.optim.Adam(generator.parameters(), lr=learning_rate, betas=betas, eps=1e-8)
        self.discriminator_optimizer = torch.optim.Adam(
            discriminator.parameters(), lr=discriminator_learning_rate or learning_rate, betas=betas, eps=1e-8
        )

    def step(self, gray: torch.Tensor, color: torch.Tensor) -> dict[str, torch.Tensor]:
        """Takes one step of the discriminator, then one of the generator against the updated discriminator."""
        self.model.train()
        self.discriminator.train()
        fake = self.model(gray)

        self.discriminator.iterate_spectral_norms()
        real_logits = self.discriminator(gray, color)
        fake_logits = self.discriminator(gray, fake.detach())
        real_loss = cross_entropy(real_logits, self.REAL_TARGET)
        fake_loss = cross_entropy(fake_logits, 0.0)
        self.discriminator_optimizer.zero_grad()
        ((real_loss + fake_loss) / 2).backward()
        self.discriminator_optimizer.step()

        # The generator needs the gradient through the discriminator, but not that of the discriminator's weights.
        self.discriminator.requires_grad_(False)
        self.discriminator.iterate_spectral_norms()
        generator_logits = self.discriminator(gray, fake)
        adversarial_loss = cross_entropy(generator_logits, 1.0)
        if self.table is None:
            l1_loss = functional.l1_loss(fake, color)
        else:
            l1_loss = (color_weights(self.table, color) * (fake - color).abs()).mean()
        self.optimizer.zero_grad()
        (adversarial_loss + self.l1_weight * l1_loss).backward()
        self.optimizer.step()
        self.discriminator.requires_grad_(True)

        return {
            "prediction": fake.detach(),
            "real_logits": real_logits.detach(),
            "fake_logits": fake_logits.detach(),
            "generator_logits": generator_logits.detach(),
            "real_loss": real_loss.detach(),
            "fake_loss": fake_loss.detach(),
            "adversarial_loss": adversarial_loss.detach(),
            "l1_loss": l1_loss.detach(),
        }

    def next_epoch(self) -> None:
        """Does nothing: the learning rates of the GAN are constant."""


@torch.no_grad()
def move_average(average: nn.Module, model: nn.Module, step: int, decay: float) -> None:
    """Updates an exponential moving average of weights and running statistics, whose decay is smaller at first."""
    decay = min(decay, (1 + step) / (10 + step))
    for old, new in zip(average.state_dict().values(), model.state_dict().values()):
        if old.is_floating_point():
            old.lerp_(new, 1 - decay)


def cross_entropy(logits: torch.Tensor, target: float) -> torch.Tensor:
    """Returns the mean binary cross-entropy of logits for one common target."""
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))
