import Runtime

/// One argument of a kernel, as a launcher writes it down. Integers have the kernel's own width spelled out, since OpenCL
/// checks the size of an argument and nothing else.
enum KernelArgument {
  /// `global T*`, `ulong offset`, `ulong pixel_stride`: three arguments.
  case tensor(Tensor)
  /// `global T*`, `ulong offset`: a dense vector, two arguments.
  case vector(Tensor)
  /// `global T*` alone.
  case memory(DeviceMemory)
  /// `global T*` that is null.
  case null
  case int(Int)
  case uint(Int)
  case ulong(Int)
  case float(Float)
  /// Read again at every launch: `float`.
  case variableFloat(() -> Float)
  /// Read again at every launch, which refuses what is not `allowed`: `ulong`.
  case variableULong(() -> Int, allowed: ClosedRange<Int>)
}
