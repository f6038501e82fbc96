import Glibc

extension Folder {
  /// Throws where the disk of the folder that holds `path` has no room for a file of so many bytes.
  public static func requireRoom(for byteCount: Int, path: String) throws(FileError) {
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else {
      throw FileError(path: path, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
    let (room, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    guard overflow || room >= UInt64(max(byteCount, 0)) else {
      throw FileError(
        path: path, problem: "cannot be written",
        reason: "it takes \(byteCount >> 20) MiB, and the disk has room for \(room >> 20) MiB")
    }
  }
}
