import Glibc

/// All bytes of the file at `path`, which may be a pipe. A file larger than `limit` bytes is an error.
public func readFile(_ path: String, limit: Int = .max) throws(FileError) -> [UInt8] {
  try FileDescriptor(path: path, flags: O_RDONLY, problem: "cannot be read").readToEnd(limit: limit)
}

extension FileDescriptor {
  /// All bytes from the file's position on, behind `beginning`, which was read before. More than `limit` are an error.
  public func readToEnd(after beginning: [UInt8] = [], limit: Int = .max) throws(FileError) -> [UInt8] {
    let tooLarge = FileError(path: path, problem: "cannot be read", reason: "it is larger than \(limit) bytes")
    let expected = try byteCount()
    // Before memory is taken for it: a file may claim any size.
    guard expected <= limit else { throw tooLarge }
    var bytes = beginning
    // One byte more than expected, so that the end of an ordinary file shows in the first read.
    var room = max(0, expected - beginning.count) + 1
    while true {
      let start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: room))
      let filled = try bytes.withUnsafeMutableBufferPointer { all throws(FileError) in
        try fill(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: all[start...])))
      }
      bytes.removeLast(room - filled)
      guard bytes.count <= limit else { throw tooLarge }
      if filled < room { return bytes }
      room = 1 << 16
    }
  }
}
