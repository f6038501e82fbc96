// Activations for every kernel that fuses one, of float and of vectors of float alike; T is the type.
//
//   ACTIVATE(T, x, slope)               y = f(x)
//   ACTIVATION_DERIVATIVE(T, y, slope)  f'(x), computed from y = f(x)
//
// Leaky ReLU takes its slope, in 0...1, at run time; the others ignore it.

// The values of ACTIVATION. No value is 0, as an undefined name would be.
#define ACTIVATION_NONE 1
#define ACTIVATION_LEAKY_RELU 2
#define ACTIVATION_TANH 3
#define ACTIVATION_SIGMOID 4

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
#elif ACTIVATION == ACTIVATION_NONE
#define ACTIVATE(T, x, slope) (x)
#define ACTIVATION_DERIVATIVE(T, y, slope) ((T)(1.0f))
#else
#error "ACTIVATION must be one of the ACTIVATION_* above"
#endif
