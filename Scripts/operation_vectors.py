"""Test vectors of single operations but losses, forward and backward: one function and one file per operation.

Shapes are awkward on purpose: one channel, odd numbers of channels, odd heights and widths, maps of a single pixel.
"""

from pathlib import Path

import torch
import torch.nn.functional as functional

from vector_file import Values, VectorFile, kernel, nhwc, transposed_kernel, vector


def convolution(folder: Path) -> None:
    values, file = Values(1), VectorFile(folder / "convolution.safetensors")
    # batch, height, width, inputs, outputs, kernel height, kernel width, stride, padding
    for shape in [
        (2, 7, 5, 3, 5, 3, 3, 1, 1),
        (1, 13, 18, 17, 16, 3, 3, 1, 1),
        (5, 2, 2, 32, 33, 3, 3, 1, 1),
        (3, 1, 1, 17, 7, 3, 3, 1, 1),
        (2, 9, 7, 4, 17, 4, 4, 2, 1),
        (3, 4, 3, 17, 3, 1, 1, 1, 0),
        (2, 2, 2, 16, 1, 2, 2, 1, 0),
        (1, 6, 8, 1, 3, 3, 2, 1, 1),
        (2, 11, 10, 3, 4, 5, 5, 3, 2),
    ]:
        batch, height, width, inputs, outputs, kernel_height, kernel_width, stride, padding = shape
        x = values.normal(batch, inputs, height, width).requires_grad_()
        weights = values.normal(outputs, inputs, kernel_height, kernel_width, scale=0.3).requires_grad_()
        bias = values.normal(outputs).requires_grad_()
        y = functional.conv2d(x, weights, bias, stride=stride, padding=padding)
        gradient = values.normal(*y.shape)
        y.backward(gradient)
        file.add(
            f"{batch}x{height}x{width}x{inputs} to {outputs}, {kernel_height}x{kernel_width}",
            {
                "input": nhwc(x),
                "weights": kernel(weights),
                "bias": vector(bias),
                "output": nhwc(y),
                "outputGradient": nhwc(gradient),
                "inputGradient": nhwc(x.grad),
                "weightsGradient": kernel(weights.grad),
                "biasGradient": vector(bias.grad),
            },
            stride=stride,
            padding=padding,
        )
    file.save()


def transposed_convolution(folder: Path) -> None:
    values, file = Values(2), VectorFile(folder / "transposed_convolution.safetensors")
    # batch, height, width, inputs, outputs, kernel, stride, padding, output padding
    for shape in [
        (2, 3, 5, 5, 7, 3, 2, 1, 1),
        (3, 1, 1, 17, 3, 3, 2, 1, 1),
        (1, 6, 4, 16, 17, 3, 2, 1, 1),
        (2, 5, 4, 3, 1, 4, 2, 1, 0),
        (1, 4, 3, 1, 2, 3, 1, 1, 0),
        (2, 3, 2, 4, 3, 2, 3, 0, 2),
    ]:
        batch, height, width, inputs, outputs, size, stride, padding, output_padding = shape
        x = values.normal(batch, inputs, height, width).requires_grad_()
        weights = values.normal(inputs, outputs, size, size, scale=0.3).requires_grad_()
        bias = values.normal(outputs).requires_grad_()
        y = functional.conv_transpose2d(
            x, weights, bias, stride=stride, padding=padding, output_padding=output_padding
        )
        gradient = values.normal(*y.shape)
        y.backward(gradient)
        file.add(
            f"{batch}x{height}x{width}x{inputs} to {outputs}, {size}x{size}",
            {
                "input": nhwc(x),
                "weights": transposed_kernel(weights),
                "bias": vector(bias),
                "output": nhwc(y),
                "outputGradient": nhwc(gradient),
                "inputGradient": nhwc(x.grad),
                "weightsGradient": transposed_kernel(weights.grad),
                "biasGradient": vector(bias.grad),
            },
            stride=stride,
            padding=padding,
        )
    file.save()


def max_pooling(folder: Path) -> None:
    values, file = Values(3), VectorFile(folder / "max_pooling.safetensors")
    # batch, height, width, channels, window; few levels, so that many windows have several maxima
    for batch, height, width, channels, window in [(2, 8, 6, 17, 2), (1, 7, 5, 3, 2), (2, 10, 7, 1, 3)]:
        x = values.integers(-2, 2, batch, channels, height, width).double().requires_grad_()
        y, places = functional.max_pool2d(x, window, return_indices=True)
        gradient = values.normal(*y.shape)
        y.backward(gradient)
        # PyTorch's indices are places in the whole image, Recolor's in the window.
        row, column = places // width, places % width
        indices = row % window * window + column % window
        file.add(
            f"{batch}x{height}x{width}x{channels}, window {window}",
            {
                "input": nhwc(x),
                "output": nhwc(y),
                "indices": nhwc(indices).to(torch.uint8),
                "outputGradient": nhwc(gradient),
                "inputGradient": nhwc(x.grad),
            },
            window=window,
        )
    file.save()


def upsampling(folder: Path) -> None:
    values, file = Values(4), VectorFile(folder / "upsampling.safetensors")
    for mode in ["nearest", "bilinear"]:
        for shape in [(2, 3, 5, 17, 2), (1, 1, 1, 3, 2), (2, 4, 1, 1, 2), (1, 3, 2, 3, 3)]:
            batch, height, width, channels, factor = shape
            x = values.normal(batch, channels, height, width).requires_grad_()
            y = functional.interpolate(
                x, scale_factor=factor, mode=mode, align_corners=False if mode == "bilinear" else None
            )
            gradient = values.normal(*y.shape)
            y.backward(gradient)
            file.add(
                f"{mode} {batch}x{height}x{width}x{channels}, factor {factor}",
                {
                    "input": nhwc(x),
                    "output": nhwc(y),
                    "outputGradient": nhwc(gradient),
                    "inputGradient": nhwc(x.grad),
                },
                mode=mode,
                factor=factor,
            )
    file.save()


ACTIVATIONS = {
    "none": lambda x: x,
    "leakyReLU 0.01": lambda x: functional.leaky_relu(x, 0.01),
    "leakyReLU 0.2": lambda x: functional.leaky_relu(x, 0.2),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


def activation(folder: Path) -> None:
    values, file = Values(5), VectorFile(folder / "activation.safetensors")
    for name, function in ACTIVATIONS.items():
        if name == "none":
            continue
        for batch, height, width, channels in [(2, 5, 3, 17), (1, 7, 7, 1)]:
            x = values.normal(batch, channels, height, width, scale=3)
            # Values where exponentials overflow or vanish, and the discontinuity of the derivative.
            x.view(-1)[:6] = torch.tensor([0.0, 100.0, -100.0, 20.0, -20.0, 1e-6]).double()
            x = x.float().double().requires_grad_()
            y = function(x)
            gradient = values.normal(*y.shape)
            y.backward(gradient)
            file.add(
                f"{name} {batch}x{height}x{width}x{channels}",
                {
                    "input": nhwc(x),
                    "output": nhwc(y),
                    "outputGradient": nhwc(gradient),
                    "inputGradient": nhwc(x.grad),
                },
                activation=name,
            )
    file.save()


def batch_normalization(folder: Path) -> None:
    values, file = Values(6), VectorFile(folder / "batch_normalization.safetensors")
    epsilon, momentum = 1e-5, 0.1
    for (batch, height, width, channels), shift, name in [
        ((2, 5, 3, 17), 0.0, "none"),
        ((3, 7, 7, 3), 0.5, "leakyReLU 0.01"),
        ((3, 2, 2, 33), 0.0, "leakyReLU 0.2"),
        # A mean far from zero, where a variance computed as E[x²] - E[x]² in float32 is inaccurate.
        ((2, 9, 6, 1), 10.0, "leakyReLU 0.01"),
        ((5, 1, 1, 16), 0.0, "none"),
    ]:
        x = values.normal(batch, channels, height, width, shift=shift).requires_grad_()
        scale = values.normal(channels, scale=0.5, shift=1).requires_grad_()
        offset = values.normal(channels, scale=0.5).requires_grad_()
        running_mean = values.normal(channels)
        running_variance = values.normal(channels).abs() + 0.5
        running_variance = running_variance.float().double()
        function = ACTIVATIONS[name]
        inference = function(
            functional.batch_norm(x, running_mean, running_variance, scale, offset, training=False, eps=epsilon)
        )
        new_mean, new_variance = running_mean.clone(), running_variance.clone()
        y = function(
            functional.batch_norm(
                x, new_mean, new_variance, scale, offset, training=True, momentum=momentum, eps=epsilon
            )
        )
        gradient = values.normal(*y.shape)
        y.backward(gradient)
        file.add(
            f"{batch}x{height}x{width}x{channels}, {name}",
            {
                "input": nhwc(x),
                "scale": vector(scale),
                "shift": vector(offset),
                "runningMean": vector(running_mean),
                "runningVariance": vector(running_variance),
                "newRunningMean": vector(new_mean),
                "newRunningVariance": vector(new_variance),
                "savedMean": vector(x.mean(dim=(0, 2, 3))),
                "savedInverseDeviation": vector(
                    1 / (x.var(dim=(0, 2, 3), unbiased=False) + epsilon).sqrt()
                ),
                "output": nhwc(y),
                "inferenceOutput": nhwc(inference),
                "outputGradient": nhwc(gradient),
                "inputGradient": nhwc(x.grad),
                "scaleGradient": vector(scale.grad),
                "shiftGradient": vector(offset.grad),
            },
            activation=name,
        )
    file.save()


def adam(folder: Path) -> None:
    values, file = Values(10), VectorFile(folder / "adam.safetensors")
    for (beta1, beta2), learning_rate in [((0.9, 0.999), 1e-3), ((0.5, 0.999), 2e-4)]:
        parameters = values.normal(37).requires_grad_()
        optimizer = torch.optim.Adam([parameters], lr=learning_rate, betas=(beta1, beta2), eps=1e-8)
        moments = [torch.zeros(37, dtype=torch.float64)] * 2
        for step in range(1, 6):
            rate = learning_rate * 0.9 ** (step - 1)
            optimizer.param_groups[0]["lr"] = rate
            gradients = values.normal(37, scale=0.01)
            # Gradients for which the square root of the second moment is near epsilon, and zero.
            gradients[:3] = torch.tensor([1e-8, -1e-10, 0.0]).double()
            parameters.grad = gradients.float().double()
            before = parameters.detach().clone()
            moments_before = moments
            optimizer.step()
            state = optimizer.state[parameters]
            moments = [state["exp_avg"].clone(), state["exp_avg_sq"].clone()]
            file.add(
                f"beta1 {beta1:g}, step {step}",
                {
                    "gradients": vector(parameters.grad),
                    "parameters": vector(before),
                    "firstMoment": vector(moments_before[0]),
                    "secondMoment": vector(moments_before[1]),
                    "newParameters": vector(parameters),
                    "newFirstMoment": vector(moments[0]),
                    "newSecondMoment": vector(moments[1]),
                },
                beta1=beta1,
                beta2=beta2,
                learningRate=rate,
                step=step,
            )
    file.save()


def concatenation(folder: Path) -> None:
    values, file = Values(11), VectorFile(folder / "concatenation.safetensors")
    for (batch, height, width), channels in [((2, 5, 3), (3, 17, 1)), ((1, 2, 2), (16, 16))]:
        inputs = [values.normal(batch, count, height, width).requires_grad_() for count in channels]
        y = torch.cat(inputs, dim=1)
        gradient = values.normal(*y.shape)
        y.backward(gradient)
        tensors = {"output": nhwc(y), "outputGradient": nhwc(gradient)}
        for index, x in enumerate(inputs):
            tensors[f"input{index}"] = nhwc(x)
            tensors[f"inputGradient{index}"] = nhwc(x.grad)
        file.add(f"{batch}x{height}x{width}x{'+'.join(map(str, channels))}", tensors, inputs=len(channels))
    file.save()


def batch_gather(folder: Path) -> None:
    values, file = Values(12), VectorFile(folder / "batch_gather.safetensors")
    for count, batch, height, width, first, (scale, shift) in [
        (5, 3, 7, 5, 2, (1 / 255, 0.0)),
        (4, 1, 1, 3, 0, (1 / 127.5, -1.0)),
    ]:
        images = values.integers(0, 256, count, 3, height, width)
        indices = values.integers(0, count, first + batch + 1)
        color = images[indices[first : first + batch]].double() * scale + shift
        file.add(
            f"{batch} of {count}x{height}x{width}, shift {shift:g}",
            {
                "images": nhwc(images).to(torch.uint8),
                "indices": vector(indices).to(torch.uint32),
                "color": nhwc(color),
                "gray": nhwc(color.mean(dim=1, keepdim=True)),
            },
            first=first,
            scale=scale,
            shift=shift,
        )
    file.save()


def spectral_normalization(folder: Path) -> None:
    values, file = Values(13), VectorFile(folder / "spectral_normalization.safetensors")
    for outputs, inputs, height, width in [(5, 3, 4, 4), (17, 1, 2, 3), (1, 16, 2, 2), (33, 17, 1, 1)]:
        layer = torch.nn.Conv2d(inputs, outputs, (height, width), bias=False).double()
        with torch.no_grad():
            layer.weight.copy_(values.normal(outputs, inputs, height, width, scale=0.3))
        # The older of PyTorch's two functions, which takes the steps in the paper's order: v from u, then u from v.
        torch.nn.utils.spectral_norm(layer)
        vector_before = values.normal(outputs)
        layer.weight_u.copy_(vector_before)
        # In training mode, a forward pass takes a step of power iteration.
        layer(values.normal(1, inputs, height, width))
        weights, output = layer.weight_orig, layer.weight
        gradient = values.normal(*output.shape)
        output.backward(gradient)
        # The order of a row of PyTorch's matrix is [inputs, height, width], of Recolor's [height, width, inputs].
        input_vector = layer.weight_v.reshape(inputs, height, width).permute(1, 2, 0).reshape(-1)
        norm = (weights / output).flatten()[0]
        file.add(
            f"{outputs}x{inputs}x{height}x{width}",
            {
                "weights": kernel(weights),
                "outputVector": vector(vector_before),
                "newOutputVector": vector(layer.weight_u),
                "inputVector": vector(input_vector),
                "norm": vector(norm.reshape(1)),
                "output": kernel(output),
                "gradient": kernel(gradient),
                "newGradient": kernel(weights.grad),
            },
        )
    file.save()


ALL = [
    activation,
    adam,
    batch_gather,
    batch_normalization,
    concatenation,
    convolution,
    max_pooling,
    spectral_normalization,
    transposed_convolution,
    upsampling,
]
