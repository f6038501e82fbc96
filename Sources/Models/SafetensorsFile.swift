import Foundation

/// A safetensors file that is open for reading. Opening it reads and checks the header alone; the values of a tensor
/// are read when they are asked for, so that a large file takes no more memory than the tensors in use.
public final class SafetensorsFile: Sendable {
  public let url: URL
  /// What the writer noted down, such as the model and its width.
  public let metadata: [String: String]
  /// By name.
  public let tensors: [String: SafetensorsEntry]

  private let descriptor: FileDescriptorOwner
  private let dataOffset: Int

  /// Opens the file and checks that its header is whole and fits the rest of it.
  public init(reading url: URL) throws(SafetensorsError) {
    self.url = url
    let path = url.path
    func failure(_ problem: SafetensorsError.Problem) -> SafetensorsError {
      SafetensorsError(path: path, problem: problem)
    }
    guard let descriptor = FileDescriptorOwner(open(path, O_RDONLY | O_CLOEXEC)) else {
      throw failure(.system(action: "open", code: errno))
    }
    var status = stat()
    guard fstat(descriptor.value, &status) == 0 else { throw failure(.system(action: "open", code: errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw failure(.system(action: "read", code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL))
    }
    let fileByteCount = Int(status.st_size)
    guard fileByteCount >= 8 else { throw failure(.noHeader(fileByteCount: fileByteCount)) }

    var length: UInt64 = 0
    try withUnsafeMutableBytes(of: &length) { bytes throws(SafetensorsError) in
      try descriptor.read(into: bytes, at: 0, path: path)
    }
    length = UInt64(littleEndian: length)
    let limit = min(fileByteCount - 8, SafetensorsLayout.maximumHeaderByteCount)
    guard length <= UInt64(limit) else { throw failure(.headerTooLong(byteCount: length, limit: limit)) }
    let headerByteCount = Int(length)
    var header = [UInt8](repeating: 0, count: headerByteCount)
    try header.withUnsafeMutableBufferPointer { bytes throws(SafetensorsError) in
      try descriptor.read(into: UnsafeMutableRawBufferPointer(bytes), at: 8, path: path)
    }
    let layout = try SafetensorsLayout(
      header: header, dataByteCount: fileByteCount - 8 - headerByteCount, path: path)
    self.metadata = layout.metadata
    self.tensors = Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.name, $0) })
    self.descriptor = descriptor
    self.dataOffset = 8 + headerByteCount
  }

  /// The values of a tensor, its last extent innermost.
  ///
  /// Fails where the tensor is not in the file, holds another data type, or has another shape than `shape`.
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
    // The initializer that takes a closure does not carry the type of what the closure throws.
    var readFailure: SafetensorsError?
    let values = [Element](unsafeUninitializedCapacity: entry.count) { buffer, count in
      do throws(SafetensorsError) {
        let bytes = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: entry.byteRange.count)
        try descriptor.read(into: bytes, at: dataOffset + entry.byteRange.lowerBound, path: url.path)
        count = entry.count
      } catch {
        readFailure = error
      }
    }
    if let readFailure { throw readFailure }
    return values
  }

  private func failure(_ tensor: String, _ problem: SafetensorsError.Problem) -> SafetensorsError {
    SafetensorsError(path: url.path, tensor: tensor, problem: problem)
  }
}
