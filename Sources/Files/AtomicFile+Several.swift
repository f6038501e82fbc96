extension AtomicFile {
  /// Writes several files so that none appears under its name before all are on the disk: a full disk leaves what was there
  /// before.
  public static func write(_ files: [(path: String, bytes: [UInt8])]) throws(FileError) { try write(files[...]) }

  private static func write(_ files: ArraySlice<(path: String, bytes: [UInt8])>) throws(FileError) {
    guard let (path, bytes) = files.first else { return }
    let file = try AtomicFile(path: path)
    try bytes.withUnsafeBufferPointer { buffer throws(FileError) in try file.append(UnsafeRawBufferPointer(buffer)) }
    try file.synchronize()
    try write(files.dropFirst())
    try file.commit()
  }
}
