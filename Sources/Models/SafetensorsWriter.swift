import Foundation

/// Writes a safetensors file tensor by tensor, so that no more than one of them need be in memory.
///
/// The file comes into being under a temporary name beside its place and takes its name in `finish`, when every byte is
/// on the disk: whoever looks sees the old file or the new one, whole. A writer that goes without `finish` leaves
/// nothing behind.
public final class SafetensorsWriter {
  /// What a tensor to be written is.
  public struct Description: Equatable, Sendable {
    public var dataType: SafetensorsDataType
    /// Extents, outermost first; `[]` is a single value.
    public var shape: [Int]

    public init(_ dataType: SafetensorsDataType, _ shape: [Int]) {
      self.dataType = dataType
      self.shape = shape
    }
  }

  /// What is to be written, in the order in which it will lie in the file.
  public let entries: [SafetensorsEntry]

  private let url: URL
  private let temporaryPath: String
  private let descriptor: FileDescriptorOwner
  private let dataOffset: Int
  private let entriesByName: [String: SafetensorsEntry]
  private var written: Set<String> = []
  private var isFinished = false

  /// Starts a file that will hold exactly these tensors.
  public init(
    writing url: URL,
    tensors: [String: Description],
    metadata: [String: String] = [:]
  ) throws(SafetensorsError) {
    let layout = try SafetensorsLayout(
      placing: tensors.mapValues { ($0.dataType, $0.shape) }, metadata: metadata, path: url.path)
    let header = layout.serialized()
    self.url = url
    self.entries = layout.entries
    self.entriesByName = Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.name, $0) })
    self.dataOffset = header.count
    let suffix = String(UInt32.random(in: .min ... .max), radix: 36)
    temporaryPath =
      url.deletingLastPathComponent().appendingPathComponent(
        ".\(url.lastPathComponent).partial-\(suffix)"
      ).path
    guard let descriptor = FileDescriptorOwner(open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666))
    else { throw SafetensorsError(path: url.path, problem: .system(action: "create", code: errno)) }
    self.descriptor = descriptor
    // All properties are set: from here on a failure runs `deinit`, which removes the temporary file.
    try header.withUnsafeBufferPointer { bytes throws(SafetensorsError) in
      try self.descriptor.write(UnsafeRawBufferPointer(bytes), at: 0, path: url.path)
    }
  }

  deinit {
    if !isFinished { unlink(temporaryPath) }
  }

  /// Writes one of the announced tensors; the order is free.
  public func write<Element: SafetensorsElement>(_ name: String, _ values: [Element]) throws(SafetensorsError) {
    guard let entry = entriesByName[name] else { throw failure(name, .missing) }
    guard entry.dataType == Element.safetensorsDataType else {
      throw failure(name, .wrongDataType(expected: entry.dataType, found: Element.safetensorsDataType))
    }
    guard entry.count == values.count else {
      throw failure(name, .wrongValueCount(expected: entry.count, found: values.count))
    }
    try values.withUnsafeBufferPointer { bytes throws(SafetensorsError) in
      try descriptor.write(
        UnsafeRawBufferPointer(bytes), at: dataOffset + entry.byteRange.lowerBound, path: url.path)
    }
    written.insert(name)
  }

  /// Brings the file to the disk and gives it its name.
  public func finish() throws(SafetensorsError) {
    if let entry = entries.first(where: { !written.contains($0.name) }) { throw failure(entry.name, .notWritten) }
    guard fsync(descriptor.value) == 0 else { throw failure(nil, .system(action: "write", code: errno)) }
    guard rename(temporaryPath, url.path) == 0 else { throw failure(nil, .system(action: "replace", code: errno)) }
    isFinished = true
    // The new name is safe once the folder is on the disk too. Some file systems cannot do that for a folder: EINVAL.
    guard let folder = FileDescriptorOwner(open(url.deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)) else {
      throw failure(nil, .system(action: "write", code: errno))
    }
    let code = fsync(folder.value) == 0 ? 0 : errno
    guard code == 0 || code == EINVAL else { throw failure(nil, .system(action: "write", code: code)) }
  }

  private func failure(_ tensor: String?, _ problem: SafetensorsError.Problem) -> SafetensorsError {
    SafetensorsError(path: url.path, tensor: tensor, problem: problem)
  }
}
