"""Test vectors of the losses and of the weights of colors in them: one function and one file per operation.

Shapes are awkward on purpose, as in operation_vectors.py.
"""

from pathlib import Path

import torch
import torch.nn.functional as functional

from vector_file import Values, VectorFile, nhwc, vector


def add_pixelwise_losses(file: VectorFile, values: Values, kind: str, loss_of, sizes: list, is_weighted: bool) -> None:
    """Adds the cases of a kind of loss. `loss_of` takes predictions, targets and, where it is weighted, weights."""
    for shape, weight in sizes:
        batch, height, width, channels = shape
        prediction = values.normal(batch, channels, height, width)
        target = values.normal(batch, channels, height, width)
        if channels > 1:
            # Where both agree, L1's derivative is 0.
            target.view(-1)[::5] = prediction.view(-1)[::5]
        weights = [values.normal(batch, 1, height, width).abs()] if is_weighted else []
        prediction.requires_grad_()
        loss = loss_of(prediction, target, *weights)
        (weight * loss).backward()
        file.add(
            f"{kind} {batch}x{height}x{width}x{channels}, weight {weight:g}",
            {
                "prediction": nhwc(prediction),
                "target": nhwc(target),
                **({"weights": nhwc(weights[0])} if is_weighted else {}),
                "loss": vector(loss),
                "gradient": nhwc(prediction.grad),
            },
            kind=kind,
            weight=weight,
        )


def pixelwise_loss(folder: Path) -> None:
    file = VectorFile(folder / "pixelwise_loss.safetensors")
    sizes = [((2, 7, 5, 3), 1.0), ((1, 1, 1, 1), 1.0), ((3, 4, 4, 17), 100.0)]
    add_pixelwise_losses(file, Values(7), "meanSquared", functional.mse_loss, sizes, is_weighted=False)
    add_pixelwise_losses(file, Values(8), "l1", functional.l1_loss, sizes, is_weighted=False)
    file.save()


def binary_cross_entropy(folder: Path) -> None:
    values, file = Values(9), VectorFile(folder / "binary_cross_entropy.safetensors")
    for (batch, height, width), target, weight in [((7, 1, 1), 0.9, 0.5), ((3, 3, 2), 0.0, 0.5), ((5, 1, 1), 1.0, 1.0)]:
        logits = values.normal(batch, 1, height, width, scale=3)
        # Exponentials of these overflow or vanish in float32.
        logits.view(-1)[:3] = torch.tensor([0.0, 95.0, -95.0]).double()
        logits.requires_grad_()
        loss = functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))
        (weight * loss).backward()
        file.add(
            f"{batch}x{height}x{width}x1, target {target:g}",
            {"logits": nhwc(logits), "loss": vector(loss), "gradient": nhwc(logits.grad)},
            target=target,
            weight=weight,
        )
    file.save()


def weighted_loss(folder: Path) -> None:
    """The pixelwise losses with a weight for each pixel."""
    values, file = Values(14), VectorFile(folder / "weighted_loss.safetensors")
    sizes = [((2, 7, 5, 2), 1.0), ((1, 1, 1, 1), 1.0), ((3, 4, 4, 17), 100.0)]
    for kind, error in [("meanSquared", torch.square), ("l1", torch.abs)]:

        def mean(prediction, target, weights, error=error):
            return (weights * error(prediction - target)).mean()

        add_pixelwise_losses(file, values, kind, mean, sizes, is_weighted=True)
    file.save()


def color_weights(folder: Path) -> None:
    values, file = Values(15), VectorFile(folder / "color_weights.safetensors")
    # batch, height, width of the colors; rows and columns of the table
    for batch, height, width, rows, columns in [(2, 5, 7, 23, 23), (1, 3, 3, 2, 5), (1, 1, 1, 3, 2)]:
        colors = values.normal(batch, 2, height, width, scale=0.6)
        # Corners, an edge, and a color outside the table.
        for place, color in enumerate([(-1.0, -1.0), (1.0, 1.0), (1.0, 0.3), (-2.5, 1.5)][: height * width]):
            colors[0, :, place // width, place % width] = torch.tensor(color).double()
        colors = colors.float().double()
        table = (values.normal(1, 1, rows, columns).abs() + 0.5).float().double()
        weights = functional.grid_sample(
            table.expand(batch, -1, -1, -1), nhwc(colors), mode="bilinear", padding_mode="border", align_corners=True
        )
        file.add(
            f"{batch}x{height}x{width}, table of {rows}x{columns}",
            {"colors": nhwc(colors), "table": nhwc(table), "weights": nhwc(weights)},
        )
    file.save()


ALL = [binary_cross_entropy, color_weights, pixelwise_loss, weighted_loss]
