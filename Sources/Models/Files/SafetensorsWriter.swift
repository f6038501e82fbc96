import Files
import Foundation

/// A writer of a safetensors file, tensor by tensor, so that no more than one of them need be in memory.
///
/// The file is created under a temporary name beside its place and takes its name in `finish`, when every byte is on
/// the disk: readers see the old file or the new one, whole. A writer that is released without `finish` leaves nothing
/// behind.
public final class SafetensorsWriter {
  /// The type and shape of a tensor to be written.
  public struct Description: Equatable, Sendable {
    public var dataType: SafetensorsDataType
    /// Extents, outermost first; `[]` is a single value.
    public var shape: [Int]

    public init(_ dataType: SafetensorsDataType, _ shape: [Int]) {
      self.dataType = dataType
      self.shape = shape
    }
  }

  /// The tensors to be written, in the order of their data in the file.
  public let entries: [SafetensorsEntry]

  private let path: String
  /// nil after `finish`.
  private var file: AtomicFile?
  private let dataOffset: Int
  private let entriesByName: [String: SafetensorsEntry]
  private var written: Set<String> = []

  /// Creates a file for exactly these tensors.
  /// - Parameter followingLinks: See `AtomicFile.init`; false for a name that the program owns.
  public init(
    writing url: URL,
    tensors: [String: Description],
    metadata: [String: String] = [:],
    followingLinks: Bool = true
  ) throws(SafetensorsError) {
    path = url.path
    let layout = try SafetensorsLayout(
      placing: tensors.mapValues { ($0.dataType, $0.shape) }, metadata: metadata, path: path)
    let header = layout.serialized()
    entries = layout.entries
    entriesByName = Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.name, $0) })
    dataOffset = header.count
    file = try SafetensorsError.converting { () throws(FileError) in
      try AtomicFile(path: url.path, followingLinks: followingLinks)
    }
    try write(header, at: 0)
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
    try write(values, at: dataOffset + entry.byteRange.lowerBound)
    written.insert(name)
  }

  /// Writes all bytes to the disk, so that only the name is missing: several files can be completed before the first of
  /// them takes its name.
  public func synchronize() throws(SafetensorsError) {
    if let entry = entries.first(where: { !written.contains($0.name) }) { throw failure(entry.name, .notWritten) }
    try SafetensorsError.converting { () throws(FileError) in try file?.synchronize() }
  }

  /// Writes the file to the disk and gives it its name. Nothing can be written after that.
  public func finish() throws(SafetensorsError) {
    if let entry = entries.first(where: { !written.contains($0.name) }) { throw failure(entry.name, .notWritten) }
    guard let file = file.take() else { throw failure(nil, .finished) }
    do { try file.commit() } catch { throw SafetensorsError(error) }
  }

  private func write<Element: SafetensorsElement>(_ values: [Element], at offset: Int) throws(SafetensorsError) {
    guard file != nil else { throw failure(nil, .finished) }
    try SafetensorsError.converting { () throws(FileError) in
      try values.withUnsafeBufferPointer { elements throws(FileError) in
        try file?.overwrite(UnsafeRawBufferPointer(elements), at: offset)
      }
    }
  }

  private func failure(_ tensor: String?, _ problem: SafetensorsError.Problem) -> SafetensorsError {
    SafetensorsError(path: path, tensor: tensor, problem: problem)
  }
}
