import Glibc

/// All bytes of the file at `path`, which may be a pipe. A file larger than `limit` bytes is an error.
public func readFile(_ path: String, limit: Int = .max) throws(FileError) -> [UInt8] {
  let file = try FileDescriptor(path: path, flags: O_RDONLY, problem: "cannot be read")
  let expected = try file.byteCount()
  var bytes: [UInt8] = []
  // One byte more than expected, so that the end of an ordinary file shows in the first read.
  var room = min(expected, limit) &+ 1
  while true {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: room))
    let filled = try bytes.withUnsafeMutableBufferPointer { all throws(FileError) in
      try file.fill(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: all[start...])))
    }
    bytes.removeLast(room - filled)
    guard bytes.count <= limit else {
      throw FileError(path: path, problem: "cannot be read", reason: "it is larger than \(limit) bytes")
    }
    if filled < room { return bytes }
    room = 1 << 16
  }
}
