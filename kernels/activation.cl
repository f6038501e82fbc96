// An activation of every element, and its gradient.
//
// input, output, gradients: [pixels][channels], each with its own offset and pixel stride. One work-item per element.

#include "common.h"
#include "activation.h"

// output = activation(input); output may be input.
kernel void activation_forward(const global float *input, const ulong input_offset, const ulong input_stride,
                               global float *output, const ulong output_offset, const ulong output_stride,
                               const ulong channels, const ulong pixels, const float slope) {
  const size_t channel = get_global_id(0);
  const size_t pixel = row_index();
  if (channel >= channels || pixel >= pixels) return;
  const float x = input[input_offset + pixel * input_stride + channel];
  output[output_offset + pixel * output_stride + channel] = ACTIVATE(float, x, slope);
}

// input_gradient = output_gradient * activation'(x), the derivative taken from y = activation(x); input_gradient may be
// output_gradient.
kernel void activation_backward(const global float *output, const ulong output_offset, const ulong output_stride,
                                const global float *output_gradient, const ulong output_gradient_offset,
                                const ulong output_gradient_stride, global float *input_gradient,
                                const ulong input_gradient_offset, const ulong input_gradient_stride,
                                const ulong channels, const ulong pixels, const float slope) {
  const size_t channel = get_global_id(0);
  const size_t pixel = row_index();
  if (channel >= channels || pixel >= pixels) return;
  const float y = output[output_offset + pixel * output_stride + channel];
  const float gradient = output_gradient[output_gradient_offset + pixel * output_gradient_stride + channel];
  input_gradient[input_gradient_offset + pixel * input_gradient_stride + channel] =
      gradient * ACTIVATION_DERIVATIVE(float, y, slope);
}
