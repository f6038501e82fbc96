import Runtime
import Testing

/// The OpenCL device of the runtime's tests: the one that `auto` selects.
enum OpenCLDevice {
  static let skipReason: Comment = "this machine has no OpenCL device"
  static var isAvailable: Bool { (try? CLDevice.automatic()) != nil }
}

/// A context and a queue of the device, and a program.
struct OpenCLFixture {
  let context: CLContext
  let queue: CLQueue

  init(profiling: Bool = false) throws {
    context = try CLContext(device: try CLDevice.automatic())
    queue = try CLQueue(context: context, profiling: profiling)
  }

  /// Multiplies `count` numbers by a factor.
  static let scaleSource = """
    kernel void scale(global float *values, const float factor, const ulong count) {
      const size_t i = get_global_id(0);
      if (i < count) values[i] *= factor;
    }
    """

  func scaleProgram(cache: CLProgramCache? = nil) throws -> CLProgram {
    try CLProgram("scale.cl", source: Self.scaleSource, context: context, cache: cache)
  }

  func memory(_ values: [Float]) throws -> CLMemory {
    let memory = try CLMemory(context: context, byteCount: values.count * 4)
    try write(values, to: memory)
    return memory
  }

  func write(_ values: [Float], to memory: CLMemory) throws {
    try values.withUnsafeBytes { try queue.write($0, to: memory, byteOffset: 0) }
  }

  func values(of memory: CLMemory) throws -> [Float] {
    var values = [Float](repeating: .nan, count: memory.byteCount / 4)
    try values.withUnsafeMutableBytes { try queue.read(memory, byteOffset: 0, into: $0) }
    return values
  }

  /// Runs the kernel `scale` of `program` over all of `memory`.
  func scale(_ memory: CLMemory, by factor: Float, with program: CLProgram) throws -> CLEvent {
    let kernel = try CLKernel("scale", in: program)
    let count = memory.byteCount / 4
    try kernel.setArgument(0, memory)
    try kernel.setArgument(1, factor)
    try kernel.setArgument(2, UInt64(count))
    return try queue.enqueueWithEvent(kernel, over: CLRange(covering: (count, 1, 1), local: (64, 1, 1)))
  }
}

/// Returns the error of an OpenCL call that `body` throws; nil where it throws none.
func openCLError(_ body: () throws -> Void) -> OpenCLError? {
  do {
    try body()
  } catch BackendError.openCL(let error) {
    return error
  } catch {}
  return nil
}
