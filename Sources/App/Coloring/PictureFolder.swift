import Files
import Imaging

/// The pictures in a folder to color.
struct PictureFolder {
  /// Paths below the folder, sorted. Special files named like pictures are included, so that they are reported.
  private(set) var pictures: [String] = []
  /// The errors of folders inside it that could not be read, one line each.
  private(set) var problems: [String] = []
  /// The number of colored pictures, and of folders of such, that earlier runs put beside their originals. They are
  /// left out.
  private(set) var resultCount = 0
  /// Pictures of formats that are not read.
  private(set) var passedOver = PassedOverPictures()

  /// - Parameters:
  ///   - isRecursive: Whether to search the folders inside it. Links to folders are never followed.
  ///   - excluded: A folder that is left out, because the colored pictures are written there.
  init(_ folder: String, isRecursive: Bool, excluding excluded: String? = nil) throws(FileError) {
    let excluded = excluded.map(ColoredPath.resolved)
    // The folder itself is searched even if it is the excluded one: pictures may be colored into their own folder.
    try collect(folder, below: "", isRecursive: isRecursive, excluding: excluded)
  }

  private mutating func collect(
    _ folder: String, below prefix: String, isRecursive: Bool, excluding excluded: String?
  ) throws(FileError) {
    let names = try Folder.names(in: folder).filter { !$0.hasPrefix(".") }
    let results = ColoredPath.Results(of: names)
    for name in names {
      let path = "\(folder)/\(name)"
      if Folder.exists(path, followingLinks: false) {
        if isRecursive, ColoredPath.resolved(path) != excluded {
          guard !results.contains(name) else {
            resultCount += 1
            continue
          }
          do {
            try collect(path, below: "\(prefix)\(name)/", isRecursive: true, excluding: excluded)
          } catch {
            problems.append(error.description)
          }
        }
      } else if ImageFormat.isImage(named: name), !Folder.exists(path) {
        if results.contains(name) {
          resultCount += 1
        } else {
          pictures.append(prefix + name)
        }
      } else {
        passedOver.count(named: name)
      }
    }
  }
}
