import Files
import Glibc

/// The photographs of CIFAR-10 (Krizhevsky 2009) in their binary version: records of one label byte and 3,072 pixel
/// bytes, 1,024 red, then green, then blue, row by row.
public enum CIFAR10 {
  public enum Part: String, Sendable, CaseIterable {
    case training
    case test

    /// The files that make it up, in order.
    public var fileNames: [String] {
      switch self {
      case .training: (1...5).map { "data_batch_\($0).bin" }
      case .test: ["test_batch.bin"]
      }
    }
  }

  /// Names of the labels 0...9.
  public static let classNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  /// Name of the folder that the official archive unpacks to.
  public static let folderName = "cifar-10-batches-bin"

  /// Width and height of every photograph.
  public static let imageSize = 32

  /// Bytes of a record.
  static let recordByteCount = 1 + 3 * imageSize * imageSize

  /// The folder that holds the batch files: `folder` itself, or `cifar-10-batches-bin` inside it.
  public static func batchFolder(in folder: String) throws(DataError) -> String {
    for candidate in [folder, "\(folder)/\(folderName)"]
    where Part.allCases.contains(where: { $0.fileNames.contains { Folder.holdsFile("\(candidate)/\($0)") } }) {
      return candidate
    }
    throw .notCIFAR10(folder: folder)
  }

  /// The folder to use where none is named: that of the environment variable RECOLOR_CIFAR10, or else the first of the
  /// working folder, its `data`, and the folder of the user's data that holds CIFAR-10. Nil where there is none.
  public static func standardFolder(environment: [String: String]) -> String? {
    if let named = environment["RECOLOR_CIFAR10"], !named.isEmpty { return named }
    var candidates = [".", "data"]
    if let data = environment["XDG_DATA_HOME"], !data.isEmpty {
      candidates.append("\(data)/recolor")
    } else if let home = environment["HOME"], !home.isEmpty {
      candidates.append("\(home)/.local/share/recolor")
    }
    return candidates.first { (try? batchFolder(in: $0)) != nil }
  }

  /// Reads one part of the data set from `folder`, which holds the batch files or the folder of them. A file may hold any
  /// number of whole records.
  /// - Parameter limit: Only the first so many photographs, in file order; all files must be there and whole even so.
  public static func load(_ part: Part, from folder: String, limit: Int? = nil) throws(DataError) -> ImageDataset {
    let batchFolder = try batchFolder(in: folder)
    let paths = part.fileNames.map { "\(batchFolder)/\($0)" }
    var counts: [Int] = []
    for path in paths { counts.append(try recordCount(of: path)) }
    let total = counts.reduce(0, +)
    let count = min(limit ?? total, total)
    guard count > 0 else { throw .imageCount("\(batchFolder): 0 photographs were asked for") }
    var bytes = [UInt8](
      repeating: 0, count: try ImageDataset.byteCount(width: imageSize, height: imageSize, count: count))
    var labels: [UInt8] = []
    labels.reserveCapacity(count)
    for (path, available) in zip(paths, counts) where labels.count < count {
      try read(path, min(available, count - labels.count), into: &bytes, labels: &labels)
    }
    return ImageDataset(
      name: "CIFAR-10 \(part.rawValue)", source: batchFolder, width: imageSize, height: imageSize, bytes: bytes,
      labels: labels, classNames: classNames)
  }

  /// Number of records in a batch file, from its size.
  private static func recordCount(of path: String) throws(DataError) -> Int {
    let byteCount = try withDataErrors { () throws(FileError) in
      try FileDescriptor(path: path, flags: O_RDONLY, problem: "cannot be read").byteCount()
    }
    guard byteCount > 0 else { throw .damagedBatch(path: path, byte: 0, reason: "the file is empty") }
    let rest = byteCount % recordByteCount
    guard rest == 0 else {
      throw .damagedBatch(
        path: path, byte: byteCount - rest,
        reason: "\(byteCount) bytes are not whole records of \(recordByteCount) bytes, \(rest) are left over; "
          + "truncated or not a batch file, `recolor data fetch` downloads it again")
    }
    return byteCount / recordByteCount
  }

  /// Appends the first `count` records of a file to `labels`, and puts their pixels, interleaved, where they belong.
  private static func read(_ path: String, _ count: Int, into bytes: inout [UInt8], labels: inout [UInt8])
    throws(DataError)
  {
    var records = [UInt8](repeating: 0, count: count * recordByteCount)
    try withDataErrors { () throws(FileError) in
      let file = try FileDescriptor(path: path, flags: O_RDONLY, problem: "cannot be read")
      let filled = try records.withUnsafeMutableBufferPointer { buffer throws(FileError) in
        try file.fill(UnsafeMutableRawBufferPointer(buffer))
      }
      guard filled == records.count else {
        throw FileError(path: path, problem: "cannot be read", reason: "it became shorter")
      }
    }
    for record in 0..<count {
      let label = records[record * recordByteCount]
      guard label < classNames.count else {
        throw .damagedBatch(
          path: path, byte: record * recordByteCount,
          reason: "label \(label) of record \(record) is not one of 0 to 9; `recolor data fetch` downloads it again")
      }
    }
    let planeCount = imageSize * imageSize
    let firstImage = labels.count
    records.withUnsafeBufferPointer { records in
      bytes.withUnsafeMutableBufferPointer { bytes in
        for record in 0..<count {
          let source = record * recordByteCount + 1
          let target = (firstImage + record) * 3 * planeCount
          for pixel in 0..<planeCount {
            bytes[target + 3 * pixel] = records[source + pixel]
            bytes[target + 3 * pixel + 1] = records[source + planeCount + pixel]
            bytes[target + 3 * pixel + 2] = records[source + 2 * planeCount + pixel]
          }
        }
      }
    }
    for record in 0..<count { labels.append(records[record * recordByteCount]) }
  }
}
