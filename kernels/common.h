// What every kernel file shares. OpenCL 1.2 C.
//
// Tensors are [batch][height][width][channels], channels innermost. Element (n, y, x, c) of a tensor is at
//   offset + ((n * height + y) * width + x) * pixel_stride + c
// where pixel_stride is at least the number of channels: a tensor may be a slice of the channels of a wider one.
// Indices of elements are size_t, as a tensor may hold more than 2^32 of them.
//
// CPU_BODIES is 1 where a work-item is a CPU thread's whole work (one work-item per group, float16 vectors, no local
// memory), 0 where many work-items of a group run together. Only products, convolutions and reductions have two bodies.

#ifndef CPU_BODIES
#define CPU_BODIES 0
#endif

// Which activation is fused: one of the ACTIVATION_* below, chosen when the program is built.
#define ACTIVATION_NONE 0
#define ACTIVATION_LEAKY_RELU 1
#define ACTIVATION_TANH 2
#define ACTIVATION_SIGMOID 3

// Pixel of this work-item in the ranges that CLRange.rows makes: directions 1 and 2 together count pixels, because some
// GPUs allow only 65,535 groups in one direction other than the first.
static inline size_t row_index(void) { return get_global_id(2) * get_global_size(1) + get_global_id(1); }
