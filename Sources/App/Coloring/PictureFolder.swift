import Files
import FoundationEssentials
import Imaging

/// The pictures of a folder that is to be colored.
struct PictureFolder {
  /// Paths below the folder, sorted. What is no ordinary file but named like a picture is among them: it is said then, and
  /// not passed over in silence.
  private(set) var pictures: [String] = []
  /// Why folders inside it could not be looked into: a line each. The others are gone through all the same.
  private(set) var problems: [String] = []

  /// - Parameters:
  ///   - isRecursive: whether to look into the folders inside it. Links to folders are never followed.
  ///   - excluded: a folder that is left out, for what is written there is no picture to color.
  init(_ folder: String, isRecursive: Bool, excluding excluded: String) throws(FileError) {
    let excluded = Self.resolved(excluded)
    // The folder itself is gone through in any case: pictures may be colored into the folder that they lie in.
    try collect(folder, below: "", isRecursive: isRecursive, excluding: excluded)
  }

  private mutating func collect(
    _ folder: String, below prefix: String, isRecursive: Bool, excluding excluded: String
  ) throws(FileError) {
    for name in try Folder.names(in: folder) where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      if Folder.exists(path, followingLinks: false) {
        if isRecursive, Self.resolved(path) != excluded {
          do {
            try collect(path, below: "\(prefix)\(name)/", isRecursive: true, excluding: excluded)
          } catch {
            problems.append(error.description)
          }
        }
      } else if ImageFormat.isImage(named: name), !Folder.exists(path) {
        pictures.append(prefix + name)
      }
    }
  }

  private static func resolved(_ path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().path }
}
