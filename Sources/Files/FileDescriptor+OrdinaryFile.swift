import Glibc

extension FileDescriptor {
  /// Opens the ordinary file `path` to read. Anything else is refused at once: opening a pipe would wait for its writer.
  public init(readingOrdinaryFile path: String) throws(FileError) {
    // O_NONBLOCK concerns the opening of pipes and devices only.
    let file = try FileDescriptor(path: path, flags: O_RDONLY | O_NONBLOCK, problem: "cannot be read")
    // Throws for a folder, in its own words.
    _ = try file.byteCount()
    var status = stat()
    guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path: path, problem: "cannot be read", reason: "it is no ordinary file")
    }
    self = file
  }
}
