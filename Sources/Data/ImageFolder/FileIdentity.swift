import Glibc

/// What the file system says of a file without reading it. A file whose contents were changed has another one, even where its
/// size and its time of modification were put back: nobody can put back the time of the last change of the inode.
struct FileIdentity: Equatable {
  let text: String
  /// When the contents or the inode were changed last, in seconds since 1970.
  private let changed: Int

  /// Nil where there is no such file.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let (modified, changed) = (status.st_mtim, status.st_ctim)
    text = [
      "\(status.st_ino)", "\(status.st_size)", "\(modified.tv_sec).\(modified.tv_nsec)",
      "\(changed.tv_sec).\(changed.tv_nsec)",
    ].joined(separator: " ")
    self.changed = max(modified.tv_sec, changed.tv_sec)
  }

  /// Whether a change after this moment must give another identity. The clocks of file systems go in steps, of up to two
  /// seconds: a file that was changed just now may be changed again in the same step.
  func isSettled(at seconds: Int) -> Bool { seconds - changed > 2 }
}
