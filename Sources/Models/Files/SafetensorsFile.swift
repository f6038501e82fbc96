import Files
import Foundation

/// A safetensors file that is open for reading. Opening it reads and checks the header alone; the values of a tensor
/// are read when requested, so that a large file takes no more memory than the tensors in use.
public final class SafetensorsFile: Sendable {
  public let url: URL
  /// Metadata that the writer added, such as the model and its width.
  public let metadata: [String: String]
  /// By name.
  public let tensors: [String: SafetensorsEntry]

  private let file: FileDescriptor
  private let dataOffset: Int

  /// Opens the file and checks that its header is whole and fits the rest of it.
  public init(reading url: URL) throws(SafetensorsError) {
    let path = url.path
    let file = try SafetensorsError.converting { () throws(FileError) in
      try FileDescriptor(path: path, flags: O_RDONLY)
    }
    let fileByteCount = try SafetensorsError.converting { () throws(FileError) in try file.byteCount() }
    let header = try Self.header(of: file, fileByteCount: fileByteCount)
    dataOffset = 8 + header.count
    let layout = try SafetensorsLayout(header: header, dataByteCount: fileByteCount - dataOffset, path: path)
    self.url = url
    self.file = file
    metadata = layout.metadata
    tensors = Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.name, $0) })
  }

  /// Reads the header's bytes, without the eight of its length.
  private static func header(
    of file: borrowing FileDescriptor, fileByteCount: Int
  ) throws(SafetensorsError) -> [UInt8] {
    guard fileByteCount >= 8 else {
      throw SafetensorsError(path: file.path, problem: .noHeader(fileByteCount: fileByteCount))
    }
    let length = try read([UInt64].self, count: 1, at: 0, of: file)[0].littleEndian
    let limit = min(fileByteCount - 8, SafetensorsLayout.maximumHeaderByteCount)
    guard length <= UInt64(limit) else {
      throw SafetensorsError(path: file.path, problem: .headerTooLong(byteCount: length, limit: limit))
    }
    return try read([UInt8].self, count: Int(length), at: 8, of: file)
  }

  /// Reads the values of a tensor, its last extent innermost.
  /// - Throws: where the tensor is not in the file, holds another data type, or has another shape than `shape`.
  public func values<Element: SafetensorsElement>(
    _ name: String,
    as type: Element.Type = Element.self,
    shape: [Int]? = nil
  ) throws(SafetensorsError) -> [Element] {
    guard let entry = tensors[name] else { throw failure(name, .missing) }
    guard entry.dataType == Element.safetensorsDataType else {
      throw failure(name, .wrongDataType(expected: Element.safetensorsDataType, found: entry.dataType))
    }
    if let shape, shape != entry.shape { throw failure(name, .wrongShape(expected: shape, found: entry.shape)) }
    return try Self.read([Element].self, count: entry.count, at: dataOffset + entry.byteRange.lowerBound, of: file)
  }

  private static func read<Element: SafetensorsElement>(
    _: [Element].Type, count: Int, at offset: Int, of file: borrowing FileDescriptor
  ) throws(SafetensorsError) -> [Element] {
    // The initializer below would write its length, 0, into the one empty array that all threads share.
    guard count > 0 else { return [] }
    // The initializer that takes a closure does not carry the type of the closure's error.
    var failure: FileError?
    let values = [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      do throws(FileError) {
        let bytes = UnsafeMutableRawBufferPointer(
          start: buffer.baseAddress, count: count * MemoryLayout<Element>.stride)
        try file.fill(bytes, at: offset)
        initializedCount = count
      } catch {
        failure = error
      }
    }
    if let failure { throw SafetensorsError(failure) }
    return values
  }

  private func failure(_ tensor: String, _ problem: SafetensorsError.Problem) -> SafetensorsError {
    SafetensorsError(path: url.path, tensor: tensor, problem: problem)
  }
}
