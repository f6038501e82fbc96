// An activation f of every element, and its gradient.
//
//   output = f(input)
//   input_gradient = output_gradient * f'(input), the derivative computed from output
//
// Tensors: [pixels][channels]; the written one may be one that is read. One work-item per element: direction 0 the
// channel, row_index() the pixel.

#include "common.h"
#include "activation.h"

kernel void activation_forward(TENSOR(const float *, input), TENSOR(float *, output), ulong channels, ulong pixels,
                               float slope) {
  const size_t channel = get_global_id(0), pixel = row_index();
  if (channel >= channels || pixel >= pixels) return;
  const float x = AT(input, pixel)[channel];
  AT(output, pixel)[channel] = ACTIVATE(float, x, slope);
}

kernel void activation_backward(TENSOR(const float *, output), TENSOR(const float *, output_gradient),
                                TENSOR(float *, input_gradient), ulong channels, ulong pixels, float slope) {
  const size_t channel = get_global_id(0), pixel = row_index();
  if (channel >= channels || pixel >= pixels) return;
  const float y = AT(output, pixel)[channel];
  AT(input_gradient, pixel)[channel] = AT(output_gradient, pixel)[channel] * ACTIVATION_DERIVATIVE(float, y, slope);
}
