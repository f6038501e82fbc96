// VECTOR neighbouring elements of memory as one value: their types, loads, stores and conversions. VECTOR, 1, 2, 4, 8
// or 16, is defined before this is included. Addresses need no more alignment than an element's.

#define PASTE(a, b) a##b
#define EXPAND_AND_PASTE(a, b) PASTE(a, b)
#if VECTOR == 1
#define FLOATS float
#define INTS int
#define LOAD(pointer) (*(pointer))
#define STORE(value, pointer) (*(pointer) = (value))
#define CONVERT_INTS convert_int
#define CONVERT_BYTES convert_uchar
#else
#define FLOATS EXPAND_AND_PASTE(float, VECTOR)
#define INTS EXPAND_AND_PASTE(int, VECTOR)
#define LOAD(pointer) EXPAND_AND_PASTE(vload, VECTOR)(0, pointer)
#define STORE(value, pointer) EXPAND_AND_PASTE(vstore, VECTOR)(value, 0, pointer)
#define CONVERT_INTS EXPAND_AND_PASTE(convert_int, VECTOR)
#define CONVERT_BYTES EXPAND_AND_PASTE(convert_uchar, VECTOR)
#endif
