import Files

/// The bytes of a data set's images: in memory, or in a memory-mapped file.
public struct ImageBytes: Sendable {
  private enum Storage {
    case array([UInt8])
    case file(MappedFile, Range<Int>)
  }

  private let storage: Storage

  public init(_ bytes: [UInt8]) { storage = .array(bytes) }

  /// The bytes `range` of a file.
  init(_ file: MappedFile, _ range: Range<Int>) { storage = .file(file, range) }

  /// Whether the bytes are in memory of the process and not in a mapped file.
  public var isInMemory: Bool {
    if case .array = storage { true } else { false }
  }

  /// Returns the bytes of the places `range`, without a copy where they are in a mapped file.
  func slice(_ range: Range<Int>) -> ImageBytes {
    switch storage {
    case .array(let bytes): ImageBytes(Array(bytes[range]))
    case .file(let file, let all):
      ImageBytes(file, all.lowerBound + range.lowerBound..<all.lowerBound + range.upperBound)
    }
  }

  /// Returns the result of `body`, called with all bytes.
  public func withUnsafeBytes<Result, Failure>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch storage {
    case .array(let bytes):
      return try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
    case .file(let file, let range):
      defer { withExtendedLifetime(file) {} }
      return try body(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
    }
  }

  /// Returns the result of `body`, called with all bytes.
  public func withUnsafeBufferPointer<Result, Failure>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withUnsafeBytes { (bytes) throws(Failure) in try body(bytes.assumingMemoryBound(to: UInt8.self)) }
  }
}

extension ImageBytes: RandomAccessCollection {
  public var startIndex: Int { 0 }

  public var endIndex: Int {
    switch storage {
    case .array(let bytes): bytes.count
    case .file(_, let range): range.count
    }
  }

  public subscript(index: Int) -> UInt8 {
    switch storage {
    case .array(let bytes): bytes[index]
    case .file(let file, let range): file.bytes[range][range.lowerBound + index]
    }
  }

  public func withContiguousStorageIfAvailable<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result? {
    try withUnsafeBufferPointer(body)
  }
}

extension ImageBytes: Equatable {
  public static func == (one: ImageBytes, other: ImageBytes) -> Bool { one.elementsEqual(other) }
}
