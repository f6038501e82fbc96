import Files

/// The disk of the colored pictures is full, so that the other pictures find no room either and are not tried.
/// `description` is one line, in place of one for each picture.
struct FullDisk: Error, CustomStringConvertible {
  /// The error of the picture that found no room.
  let error: FileError
  /// Number of pictures that are not colored, that one among them.
  let missingCount: Int
  /// Number of all pictures to color.
  let count: Int
  /// The remedy once there is room.
  let advice: String

  var description: String {
    let folder = Folder.parent(of: error.path)
    // A user's share may be full where the disk has room.
    let room = Folder.room(in: folder).map { " (the disk has \(Format.bytes($0)) left)" } ?? ""
    return
      "\(folder): \(error.problem): \(error.reason)\(room); \(missingCount) of \(Format.counted(count, "picture")) "
      + "are not colored; make room, and \(advice)"
  }
}
