// Activations for every kernel that fuses one, of float and of vectors of float alike; T is the type.
//
//   ACTIVATE(T, x, slope)               y = f(x)
//   ACTIVATION_DERIVATIVE(T, y, slope)  f'(x), computed from y = f(x)
//
// Leaky ReLU takes its slope, in 0...1, at run time; the others ignore it.

// One of the ACTIVATION_* of common.h.
#ifndef ACTIVATION
#define ACTIVATION ACTIVATION_NONE
#endif

#if ACTIVATION == ACTIVATION_LEAKY_RELU
#define ACTIVATE(T, x, slope) ((x) > (T)(0.0f) ? (x) : (x) * (slope))
#define ACTIVATION_DERIVATIVE(T, y, slope) (((y) > (T)(0.0f)) ? (T)(1.0f) : (T)(slope))
#elif ACTIVATION == ACTIVATION_TANH
#define ACTIVATE(T, x, slope) tanh(x)
#define ACTIVATION_DERIVATIVE(T, y, slope) ((T)(1.0f) - (y) * (y))
#elif ACTIVATION == ACTIVATION_SIGMOID
#define ACTIVATE(T, x, slope) ((T)(1.0f) / ((T)(1.0f) + exp(-(x))))
#define ACTIVATION_DERIVATIVE(T, y, slope) ((y) * ((T)(1.0f) - (y)))
#else
#define ACTIVATE(T, x, slope) (x)
#define ACTIVATION_DERIVATIVE(T, y, slope) ((T)(1.0f))
#endif
