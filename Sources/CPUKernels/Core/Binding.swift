import CVectorLoops
import Runtime

/// A tensor's elements in host memory: pixels `pixelStride` elements apart, the channels of a pixel together.
struct HostTensor<Element: BitwiseCopyable> {
  let pointer: UnsafeMutablePointer<Element>
  let shape: Shape
  let pixelStride: Int

  var height: Int { shape.height }
  var width: Int { shape.width }
  var channels: Int { shape.channels }
  var pixelCount: Int { shape.pixelCount }

  /// Distance between two rows of pixels, in elements.
  var rowStride: Int { shape.width * pixelStride }

  /// Returns the first element of pixel `index`, counted over all images.
  @inline(__always)
  func pixel(_ index: Int) -> UnsafeMutablePointer<Element> { pointer + index * pixelStride }

  /// Returns the first element of row `y` of `image`.
  @inline(__always)
  func row(_ image: Int, _ y: Int) -> UnsafeMutablePointer<Element> { pointer + (image * height + y) * rowStride }
}

extension HostTensor<Float> {
  /// Returns the pixels from `index` on, counted over all images, as rows for the loops.
  @inline(__always)
  func pixels(from index: Int) -> vector_rows { vector_rows(start: pixel(index), stride: pixelStride) }

  /// Returns the pixels of row `y` of `image` as rows for the loops.
  @inline(__always)
  func pixels(_ image: Int, _ y: Int) -> vector_rows { vector_rows(start: row(image, y), stride: pixelStride) }

  /// Returns the image from row `y` of `image` on for the loops.
  @inline(__always)
  func image(_ image: Int, from y: Int) -> vector_pixels {
    vector_pixels(start: row(image, y), pixel_stride: pixelStride, row_stride: rowStride)
  }
}

/// The layout of an operation's workspace: parts that each begin on a cache line.
struct Workspace {
  /// Bytes of all parts.
  private(set) var byteCount = 0

  /// A part with room for elements of one type.
  struct Part<Element: BitwiseCopyable> {
    fileprivate let offset: Int
  }

  /// A part for each of a pool's workers.
  struct WorkerParts {
    fileprivate let offset: Int
    /// Distance between the parts of two workers, in bytes.
    let stride: Int
  }

  /// Adds a part of `count` elements.
  mutating func add<Element: BitwiseCopyable>(_ count: Int, of type: Element.Type) -> Part<Element> {
    Part(offset: add(byteCount: count * MemoryLayout<Element>.stride))
  }

  /// Adds a part of `byteCount` bytes for each worker of `pool`.
  mutating func add(byteCount: Int, perWorkerOf pool: ThreadPool) -> WorkerParts {
    let stride = Self.wholeLines(byteCount)
    return WorkerParts(offset: add(byteCount: pool.workerCount * stride), stride: stride)
  }

  private mutating func add(byteCount size: Int) -> Int {
    let offset = byteCount
    byteCount += Self.wholeLines(size)
    return offset
  }

  private static func wholeLines(_ byteCount: Int) -> Int {
    ceilDivide(byteCount, HostMemory.alignment) * HostMemory.alignment
  }
}

/// The memory of an operation's tensors and workspace, and all else that the operation's launch keeps alive.
struct Binding {
  typealias Body = () throws(BackendError) -> Void

  private let title: String
  private let workspace: UnsafeMutableRawPointer?
  private var kept: [AnyObject] = []

  fileprivate init(_ title: String, workspace memory: DeviceMemory?) throws(BackendError) {
    self.title = title
    guard let memory else {
      workspace = nil
      return
    }
    guard let host = memory as? HostMemory else { throw .foreignMemory(operation: title, tensor: "workspace") }
    workspace = host.pointer
    kept.append(host)
  }

  /// Returns the elements of a tensor of `float32`.
  mutating func float32(_ tensor: Tensor) throws(BackendError) -> HostTensor<Float> { try bind(tensor) }
  /// Returns the elements of a tensor of `float32`; nil for nil.
  mutating func float32(_ tensor: Tensor?) throws(BackendError) -> HostTensor<Float>? {
    if let tensor { try bind(tensor) } else { nil }
  }
  /// Returns the elements of a tensor of `uint32`.
  mutating func uint32(_ tensor: Tensor) throws(BackendError) -> HostTensor<UInt32> { try bind(tensor) }
  /// Returns the elements of a tensor of `uint8`.
  mutating func uint8(_ tensor: Tensor) throws(BackendError) -> HostTensor<UInt8> { try bind(tensor) }
  /// Returns the elements of a tensor of `uint8`; nil for nil.
  mutating func uint8(_ tensor: Tensor?) throws(BackendError) -> HostTensor<UInt8>? {
    if let tensor { try bind(tensor) } else { nil }
  }

  /// Returns the elements of a dense tensor of `float32`, such as a vector.
  mutating func vector(_ tensor: Tensor) throws(BackendError) -> UnsafeMutablePointer<Float> {
    try float32(tensor).pointer
  }
  /// Returns the elements of a dense tensor of `float32`, such as a vector; nil for nil.
  mutating func vector(_ tensor: Tensor?) throws(BackendError) -> UnsafeMutablePointer<Float>? {
    try float32(tensor)?.pointer
  }

  /// Returns the elements of a part of the workspace.
  func pointer<Element>(to part: Workspace.Part<Element>) throws(BackendError) -> UnsafeMutablePointer<Element> {
    try byte(part.offset).assumingMemoryBound(to: Element.self)
  }

  /// Returns the first worker's part of the workspace.
  func pointer(to parts: Workspace.WorkerParts) throws(BackendError) -> UnsafeMutableRawPointer {
    try byte(parts.offset)
  }

  /// Returns a copy of `elements` that the launch keeps.
  mutating func copy<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let buffer = FixedBuffer(elements)
    kept.append(buffer)
    return buffer.pointer
  }

  private func byte(_ offset: Int) throws(BackendError) -> UnsafeMutableRawPointer {
    guard let workspace else { throw .invalidOperation(operation: title, reason: "no workspace is given") }
    return workspace + offset
  }

  private mutating func bind<Element>(_ tensor: Tensor) throws(BackendError) -> HostTensor<Element> {
    let storage = tensor.storage
    guard let memory = storage.memory else {
      throw .invalidOperation(operation: title, reason: "\(storage.name) has no memory yet")
    }
    guard let host = memory as? HostMemory else { throw .foreignMemory(operation: title, tensor: storage.name) }
    guard storage.byteCount <= memory.byteCount else {
      throw .invalidOperation(
        operation: title,
        reason: "\(storage.name) has \(storage.byteCount) bytes, and its memory \(memory.byteCount)")
    }
    kept.append(host)
    return HostTensor(
      pointer: host.pointer.assumingMemoryBound(to: Element.self) + tensor.offset, shape: tensor.shape,
      pixelStride: tensor.pixelStride)
  }

  fileprivate func launch(_ body: @escaping Body) -> any Launch { HostLaunch(kept, body) }
}

/// A copy of an array's elements at an address that does not change.
private final class FixedBuffer<Element> {
  let pointer: UnsafeMutablePointer<Element>
  private let count: Int

  init(_ elements: [Element]) {
    count = elements.count
    pointer = .allocate(capacity: max(1, count))
    pointer.initialize(from: elements, count: count)
  }

  deinit {
    pointer.deinitialize(count: count)
    pointer.deallocate()
  }
}

/// An operation bound to host memory, which it keeps alive. `run` returns when the work is done.
private final class HostLaunch: Launch {
  private let kept: [AnyObject]
  private let body: Binding.Body

  init(_ kept: [AnyObject], _ body: @escaping Binding.Body) {
    self.kept = kept
    self.body = body
  }

  func run() throws(BackendError) { try body() }
}

extension PlannedOperation {
  /// - Parameters:
  ///   - title: the operation's title.
  ///   - bind: fetches the pointers of the operation's tensors and returns what a launch runs.
  init(
    _ title: String, _ workspace: Workspace = Workspace(),
    bind: @escaping (inout Binding) throws(BackendError) -> Binding.Body
  ) {
    self.init(title, workspaceByteCount: workspace.byteCount) { (memory) throws(BackendError) in
      var binding = try Binding(title, workspace: memory)
      let body = try bind(&binding)
      return binding.launch(body)
    }
  }
}
