import Files
import Glibc

/// Memory that is neither written nor freed while the program runs, such as an array that is compiled in.
public struct ConstantMemory: Sendable {
  // The bytes never change, so that any thread may read them.
  nonisolated(unsafe) fileprivate let start: UnsafeRawPointer
  public let count: Int

  /// - Parameter start: the first of `count` bytes that stay as they are until the program ends.
  public init(start: UnsafeRawPointer, count: Int) {
    self.start = start
    self.count = count
  }

  /// All bytes.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
}

/// The bytes of a safetensors file, in a file or in memory, read from any place.
struct SafetensorsBytes: ~Copyable, Sendable {
  private enum Source: ~Copyable, Sendable {
    case file(FileDescriptor)
    case memory(ConstantMemory)
  }

  /// The file's path, or the name of the memory.
  let name: String
  let count: Int
  private let source: Source

  /// Opens an ordinary file.
  init(path: String) throws(SafetensorsError) {
    let file = try SafetensorsError.converting { () throws(FileError) in
      try FileDescriptor(readingOrdinaryFile: path)
    }
    let count = try SafetensorsError.converting { () throws(FileError) in try file.byteCount() }
    self.init(name: path, count: count, source: .file(file))
  }

  init(_ memory: ConstantMemory, name: String) {
    self.init(name: name, count: memory.count, source: .memory(memory))
  }

  private init(name: String, count: Int, source: consuming Source) {
    self.name = name
    self.count = count
    self.source = source
  }

  /// Returns `count` values that start at byte `offset`.
  /// - Throws: where the file cannot be read or ends earlier.
  func read<Element: SafetensorsElement>(
    _: [Element].Type, count: Int, at offset: Int
  ) throws(SafetensorsError) -> [Element] {
    // The initializer below would write its length, 0, into the one empty array that all threads share.
    guard count > 0 else { return [] }
    // The initializer that takes a closure does not carry the type of the closure's error.
    var failure: FileError?
    let values = [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      do throws(FileError) {
        try fill(UnsafeMutableRawBufferPointer(buffer), at: offset)
        initializedCount = count
      } catch {
        failure = error
      }
    }
    if let failure { throw SafetensorsError(failure) }
    return values
  }

  private func fill(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    switch source {
    case .file(let file): try file.fill(bytes, at: offset)
    case .memory(let memory):
      guard offset <= memory.count, bytes.count <= memory.count - offset else {
        throw FileError(path: name, problem: "cannot be read", reason: "it ends too early")
      }
      bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory.bytes[offset..<offset + bytes.count]))
    }
  }
}
