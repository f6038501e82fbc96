// Shared by all kernel files. OpenCL C 1.2.
//
// Tensors are [batch][height][width][channels], channels innermost. Element (n, y, x, c) of a tensor is at
//   offset + ((n * height + y) * width + x) * stride + c
// where the stride, the distance between neighbouring pixels, is at least the number of channels: a tensor may be a
// slice of the channels of a wider one. Indices of elements are size_t, as a tensor may hold more than 2^32 of them.
//
// CPU_BODIES is 1 where a work-item is a CPU thread's whole work (one work-item per group, float16 vectors, no local
// memory), 0 where many work-items of a group run together. Only products, convolutions and reductions have two bodies.

#ifndef CPU_BODIES
#define CPU_BODIES 0
#endif

// Kernel parameters. TENSOR is a tensor's memory, the offset of its first element and its stride; ARRAY is memory
// without gaps and the offset of its first element. `pointer` is the type without its address space: const float
// *restrict. Launchers pass them as KernelArgument.tensor and .array.
#define TENSOR(pointer, name) global pointer name, ulong name##_offset, ulong name##_stride
#define ARRAY(pointer, name) global pointer name, ulong name##_offset

// Pointers into the parameters TENSOR(…, name) or ARRAY(…, name): to the first element, and to the first channel of a
// pixel.
#define BASE(name) (name + name##_offset)
#define AT(name, pixel) (BASE(name) + (pixel) * name##_stride)

// Declares a function that must be inlined: where arrays of its caller are to stay in registers, and always where it is
// given a pointer to local memory, because PoCL 3.1 shares such memory among groups that run at the same time if the
// function remains (docs/pocl-local-memory.md). [KEEP_FUNCTIONS] leaves them functions, for interpreters: inlining
// makes intrinsics of LLVM for arguments without aliases, such as a returned structure, which Oclgrind 21.10 does not
// know.
#ifdef KEEP_FUNCTIONS
#define FORCE_INLINE static inline
#else
#define FORCE_INLINE static inline __attribute__((always_inline))
#endif

// Attribute of a kernel: the work-items of a group.
#define WORK_GROUP(x, y, z) __attribute__((reqd_work_group_size(x, y, z)))

// Returns the row (mostly a pixel) of this work-item in the ranges that CLBackend.rows makes: directions 1 and 2
// together count rows, because some GPUs allow only 65,535 groups in one direction other than the first.
static inline size_t row_index(void) { return get_global_id(2) * get_global_size(1) + get_global_id(1); }

// The image of a pixel, and its place there.
typedef struct {
  uint n, y, x;
} Position;

// Returns where the pixel is in images of that size.
static inline Position position_of(uint pixel, uint height, uint width) {
  const uint line = pixel / width;
  Position position;
  position.x = pixel - line * width;
  position.n = line / height;
  position.y = line - position.n * height;
  return position;
}

// Returns the number of a pixel in images of that size: the inverse of position_of.
static inline size_t pixel_index(size_t n, size_t y, size_t x, size_t height, size_t width) {
  return (n * height + y) * width + x;
}

// A range along one axis: begin ..< end.
typedef struct {
  int begin, end;
} Range;

// Returns the part-th of `parts` parts of 0 ..< count.
static inline Range part_of(long count, int part, int parts) {
  Range range;
  range.begin = (int)(count * part / parts);
  range.end = (int)(count * (part + 1) / parts);
  return range;
}
