import Runtime

/// Turns an operation's tensors into pointers, checks that they fit, and keeps what must stay alive for its launch.
struct Binding {
  /// For errors: `BatchNormalization forward`.
  let operation: String
  private var memories: [HostMemory] = []

  init(_ operation: some Operation) { self.operation = operation.title }

  /// The elements of a tensor of `float32`.
  mutating func float32(_ tensor: Tensor) throws(BackendError) -> HostTensor<Float> {
    try bind(tensor, .float32, as: Float.self)
  }

  /// The elements of a tensor of `uint32`.
  mutating func uint32(_ tensor: Tensor) throws(BackendError) -> HostTensor<UInt32> {
    try bind(tensor, .uint32, as: UInt32.self)
  }

  /// The elements of a tensor of `uint8`.
  mutating func uint8(_ tensor: Tensor) throws(BackendError) -> HostTensor<UInt8> {
    try bind(tensor, .uint8, as: UInt8.self)
  }

  /// The elements of a vector of `count` elements, such as a scale per channel.
  mutating func vector(_ tensor: Tensor, count: Int) throws(BackendError) -> UnsafeMutablePointer<Float> {
    let vector = try float32(tensor)
    try require(vector.count == count, "\(tensor.storage.name) has \(vector.count) elements, not \(count)")
    try require(vector.isDense || vector.pixelCount == 1, "\(tensor.storage.name) has gaps between its elements")
    return vector.pointer
  }

  /// The elements of a tensor of `float32`, where there is one.
  mutating func float32(optional tensor: Tensor?) throws(BackendError) -> HostTensor<Float>? {
    guard let tensor else { return nil }
    return try float32(tensor)
  }

  /// The elements of a tensor of `uint8`, where there is one.
  mutating func uint8(optional tensor: Tensor?) throws(BackendError) -> HostTensor<UInt8>? {
    guard let tensor else { return nil }
    return try uint8(tensor)
  }

  /// Scratch memory of at least `byteCount` bytes; nil where none is needed.
  mutating func workspace(_ memory: DeviceMemory?, byteCount: Int) throws(BackendError) -> UnsafeMutableRawPointer? {
    guard byteCount > 0 else { return nil }
    guard let memory, memory.byteCount >= byteCount else {
      throw invalid("a workspace of \(byteCount) bytes is needed, and \(memory?.byteCount ?? 0) are there")
    }
    guard let host = memory as? HostMemory else {
      throw BackendError.foreignMemory(operation: operation, tensor: "workspace")
    }
    memories.append(host)
    return host.pointer
  }

  /// Scratch memory for `count` elements, one or more.
  mutating func workspace<Element: BitwiseCopyable>(_ memory: DeviceMemory?, of type: Element.Type, count: Int)
    throws(BackendError) -> UnsafeMutablePointer<Element>
  {
    guard let start = try workspace(memory, byteCount: count * MemoryLayout<Element>.stride) else {
      throw invalid("a workspace is needed, and its size came out as 0")
    }
    return start.assumingMemoryBound(to: type)
  }

  /// Throws `BackendError.invalidOperation` with `reason` unless `condition` holds.
  func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(BackendError) {
    if !condition { throw invalid(reason()) }
  }

  /// Throws unless the tensors' shapes are equal.
  func requireSameShape(_ first: Tensor, _ others: Tensor...) throws(BackendError) {
    for other in others where other.shape != first.shape {
      throw invalid(
        "\(other.storage.name) is \(other.shape), and \(first.storage.name) \(first.shape); they must be equal")
    }
  }

  func invalid(_ reason: String) -> BackendError { .invalidOperation(operation: operation, reason: reason) }

  /// The launch that runs `body`.
  func launch(_ body: @escaping () throws(BackendError) -> Void) -> any Launch {
    HostLaunch(memories: memories, body: body)
  }

  private mutating func bind<Element>(_ tensor: Tensor, _ type: ElementType, as element: Element.Type)
    throws(BackendError) -> HostTensor<Element>
  {
    let storage = tensor.storage
    let shape = tensor.shape
    try require(storage.elementType == type, "\(storage.name) holds \(storage.elementType), not \(type)")
    guard let memory = storage.memory else { throw invalid("\(storage.name) has no memory yet") }
    guard let host = memory as? HostMemory else {
      throw BackendError.foreignMemory(operation: operation, tensor: storage.name)
    }
    try require(
      min(shape.batch, shape.height, shape.width, shape.channels) > 0 && tensor.offset >= 0
        && tensor.pixelStride >= shape.channels,
      "\(storage.name) has the shape \(shape) at offset \(tensor.offset) with pixel stride \(tensor.pixelStride)")
    let end = tensor.offset + (shape.pixelCount - 1) * tensor.pixelStride + shape.channels
    try require(
      end <= storage.count && storage.byteCount <= memory.byteCount,
      "\(storage.name) reaches to element \(end) of \(storage.count), in \(memory.byteCount) bytes")
    memories.append(host)
    return HostTensor(
      pointer: (host.pointer + tensor.offset * type.byteCount).assumingMemoryBound(to: element),
      batch: shape.batch, height: shape.height, width: shape.width, channels: shape.channels,
      pixelStride: tensor.pixelStride)
  }
}
