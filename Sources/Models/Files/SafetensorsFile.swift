import Files
import Foundation

/// A safetensors file that is open for reading. Opening it reads and checks the header alone; the values of a tensor
/// are read when requested, so that a large file takes no more memory than the tensors in use.
public final class SafetensorsFile: Sendable {
  /// The file's path, or the name of the memory that holds it.
  public let name: String
  /// Metadata that the writer added, such as the model and its width.
  public let metadata: [String: String]
  /// By name.
  public let tensors: [String: SafetensorsEntry]

  private let bytes: SafetensorsBytes
  private let dataOffset: Int

  /// Opens the file and checks that its header is whole and fits the rest of it.
  public convenience init(reading url: URL) throws(SafetensorsError) { try self.init(SafetensorsBytes(path: url.path)) }

  /// Opens a file that is in memory, under a name for messages.
  public convenience init(in memory: ConstantMemory, named name: String) throws(SafetensorsError) {
    try self.init(SafetensorsBytes(memory, name: name))
  }

  private init(_ bytes: consuming SafetensorsBytes) throws(SafetensorsError) {
    let header = try Self.header(of: bytes)
    dataOffset = 8 + header.count
    let layout = try SafetensorsLayout(header: header, dataByteCount: bytes.count - dataOffset, path: bytes.name)
    name = bytes.name
    metadata = layout.metadata
    tensors = Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.name, $0) })
    self.bytes = bytes
  }

  /// Reads the header's bytes, without the eight of its length.
  private static func header(of bytes: borrowing SafetensorsBytes) throws(SafetensorsError) -> [UInt8] {
    guard bytes.count >= 8 else {
      throw SafetensorsError(path: bytes.name, problem: .noHeader(fileByteCount: bytes.count))
    }
    let length = try bytes.read([UInt64].self, count: 1, at: 0)[0].littleEndian
    let limit = min(bytes.count - 8, SafetensorsLayout.maximumHeaderByteCount)
    guard length <= UInt64(limit) else {
      throw SafetensorsError(path: bytes.name, problem: .headerTooLong(byteCount: length, limit: limit))
    }
    return try bytes.read([UInt8].self, count: Int(length), at: 8)
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
    return try bytes.read([Element].self, count: entry.count, at: dataOffset + entry.byteRange.lowerBound)
  }

  /// Reads the values of a tensor of `float32` or `float16`, its last extent innermost; the latter are widened, which
  /// is exact.
  /// - Throws: as `values(_:as:shape:)`.
  public func floats(_ name: String, shape: [Int]? = nil) throws(SafetensorsError) -> [Float] {
    guard tensors[name]?.dataType == .float16 else { return try values(name, shape: shape) }
    return try values(name, as: Float16.self, shape: shape).map(Float.init)
  }

  private func failure(_ tensor: String, _ problem: SafetensorsError.Problem) -> SafetensorsError {
    SafetensorsError(path: name, tensor: tensor, problem: problem)
  }
}
