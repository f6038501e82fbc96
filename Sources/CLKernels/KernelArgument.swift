import Runtime

/// One argument of a kernel, as a launcher writes it down. Integers have the kernel's own width spelled out, since OpenCL
/// checks the size of an argument and nothing else.
enum KernelArgument {
  /// `global T*`, `ulong offset`, `ulong pixel_stride`: three arguments.
  case tensor(Tensor)
  /// `global T*` alone: a dense tensor whose first element is the start of its region, or its offset is not needed.
  case memory(DeviceMemory)
  /// `global T*` that is null.
  case null
  case int(Int)
  case uint(Int)
  case ulong(Int)
  case float(Float)
  case uint64(UInt64)
  /// Read again at every launch: `float`.
  case variableFloat(() -> Float)
  /// Read again at every launch: `ulong`.
  case variableULong(() -> UInt64)
  /// `local T*` of so many bytes.
  case local(byteCount: Int)
}
