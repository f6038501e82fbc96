import Files

/// The format of the binary versions of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of one or two label bytes and
/// the 3,072 bytes of a 32 × 32 image, `[3, height, width]`.
struct CIFARRecords {
  /// Number of classes of each label byte of a record; the last byte becomes the image's label.
  let classCounts: [Int]
  /// The remedy for a damaged file, for messages.
  let remedy: String

  static let imageSize = 32
  private static let imageByteCount = 3 * imageSize * imageSize

  var byteCount: Int { classCounts.count + Self.imageByteCount }

  /// Reads the records of all files, of which each may hold any number.
  /// - Parameter limit: Number of images to read, by default all. Every file must exist and hold whole records even so.
  /// - Returns: `[count, height, width, 3]` bytes and `[count]` labels.
  func read(_ paths: [String], limit: Int?) throws(DataError) -> (bytes: [UInt8], labels: [UInt16]) {
    var counts: [Int] = []
    for path in paths { counts.append(try recordCount(of: path)) }
    let total = counts.reduce(0, +)
    let count = min(limit ?? total, total)
    guard count > 0 else { throw .imageCount("\(paths.first ?? ""): 0 images were asked for") }
    var bytes = [UInt8](
      repeating: 0,
      count: try ImageDataset.byteCount(width: Self.imageSize, height: Self.imageSize, count: count))
    var labels: [UInt16] = []
    labels.reserveCapacity(count)
    for (path, available) in zip(paths, counts) where labels.count < count {
      try read(path, min(available, count - labels.count), into: &bytes, labels: &labels)
    }
    return (bytes, labels)
  }

  /// Returns the number of records in a file, from its size.
  private func recordCount(of path: String) throws(DataError) -> Int {
    let byteCount = try withDataErrors { () throws(FileError) in
      try FileDescriptor(readingOrdinaryFile: path).byteCount()
    }
    guard byteCount > 0 else { throw .damagedBatch(path: path, byte: 0, reason: "the file is empty") }
    let rest = byteCount % self.byteCount
    guard rest == 0 else {
      throw .damagedBatch(
        path: path, byte: byteCount - rest,
        reason: "\(byteCount) bytes are not whole records of \(self.byteCount) bytes, \(rest) are left over; "
          + "truncated or not a batch file, \(remedy)")
    }
    return byteCount / self.byteCount
  }

  /// Appends the labels of a file's first `count` records to `labels`, and writes their pixels, interleaved, to their
  /// place in `bytes`.
  private func read(_ path: String, _ count: Int, into bytes: inout [UInt8], labels: inout [UInt16]) throws(DataError) {
    var records = [UInt8](repeating: 0, count: count * byteCount)
    try withDataErrors { () throws(FileError) in
      let file = try FileDescriptor(readingOrdinaryFile: path)
      let filled = try records.withUnsafeMutableBufferPointer { buffer throws(FileError) in
        try file.fill(UnsafeMutableRawBufferPointer(buffer))
      }
      guard filled == records.count else {
        throw FileError(path: path, problem: "cannot be read", reason: "it became shorter")
      }
    }
    for record in 0..<count {
      for (place, classCount) in classCounts.enumerated() {
        let label = Int(records[record * byteCount + place])
        guard label < classCount else {
          throw .damagedBatch(
            path: path, byte: record * byteCount + place,
            reason: "label \(label) of record \(record) is not one of 0 to \(classCount - 1); \(remedy)")
        }
      }
    }
    let planeCount = Self.imageSize * Self.imageSize
    let firstImage = labels.count
    records.withUnsafeBufferPointer { records in
      bytes.withUnsafeMutableBufferPointer { bytes in
        for record in 0..<count {
          let source = record * byteCount + classCounts.count
          let target = (firstImage + record) * 3 * planeCount
          for pixel in 0..<planeCount {
            bytes[target + 3 * pixel] = records[source + pixel]
            bytes[target + 3 * pixel + 1] = records[source + planeCount + pixel]
            bytes[target + 3 * pixel + 2] = records[source + 2 * planeCount + pixel]
          }
        }
      }
    }
    for record in 0..<count { labels.append(UInt16(records[record * byteCount + classCounts.count - 1])) }
  }
}

extension CIFARRecords {
  /// Returns the folder that `variable` of the environment names, or else the first of the working folder, its `data`,
  /// and the folder of the user's data for which `holdsSet` is true. Nil where there is none.
  static func standardFolder(_ variable: String, environment: [String: String], holdsSet: (String) -> Bool) -> String? {
    if let named = environment[variable], !named.isEmpty { return named }
    var candidates = [".", "data"]
    if let data = environment["XDG_DATA_HOME"], !data.isEmpty {
      candidates.append("\(data)/recolor")
    } else if let home = environment["HOME"], !home.isEmpty {
      candidates.append("\(home)/.local/share/recolor")
    }
    return candidates.first(where: holdsSet)
  }
}
