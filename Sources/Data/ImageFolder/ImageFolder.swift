import Files
import Imaging

/// A folder of images, and of folders of them, as a data set.
public enum ImageFolder {
  /// What `load` is at.
  public enum Progress: Sendable, Equatable {
    /// Finding out whether files that were touched since they were last read have other contents.
    case comparing(done: Int, total: Int)
    case decoding(done: Int, total: Int)
  }

  /// An image that is left out, or a folder whose images are.
  public struct Unreadable: Sendable, Equatable {
    public let path: String
    /// Why, in a line that names the file.
    public let reason: String
  }

  /// A data set, and what of the folder is not in it.
  public struct Contents: Sendable {
    public let dataset: ImageDataset
    public let unreadable: [Unreadable]
    /// Whether the images came from the cache.
    public let isFromCache: Bool
  }

  /// Paths of the images in `folder` and the folders inside it, sorted by path. Names that start with a dot and links to
  /// folders are passed over, and so are folders inside it that cannot be read.
  public static func paths(in folder: String) throws(DataError) -> [String] {
    try members(of: folder).names.map { "\(folder)/\($0)" }
  }

  /// What was found in a folder.
  private struct Members {
    /// Paths of images below the folder.
    var names: [String] = []
    /// Folders that could not be looked into.
    var unreadable: [FileError] = []
  }

  private static func members(of folder: String) throws(DataError) -> Members {
    var found = Members()
    try withDataErrors { () throws(FileError) in try collect(folder, "", into: &found) }
    found.names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return found
  }

  private static func collect(_ folder: String, _ prefix: String, into found: inout Members) throws(FileError) {
    for name in try Folder.names(in: folder) where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      if Folder.exists(path, followingLinks: false) {
        do {
          try collect(path, "\(prefix)\(name)/", into: &found)
        } catch {
          found.unreadable.append(error)
        }
      } else if ImageFormat.isImage(named: name), Folder.holdsFile(path) {
        found.names.append(prefix + name)
      }
    }
  }

  /// Reads the images of `folder` and the folders inside it, each cut to the middle part with the right proportions and
  /// brought to `width` × `height`, on all cores. Images and inner folders that cannot be read are left out.
  ///
  /// With a cache, the images' bytes are kept there in a file, which is mapped into memory instead of being read, so that a
  /// data set may be larger than memory; the next time nothing is decoded unless some file's contents changed. Where the
  /// cache's disk has no room, or there is no cache, the images are held in memory.
  /// - Throws: `DataError`; `noReadableImages` where every single one is left out.
  public static func load(
    _ folder: String, width: Int, height: Int, cache: ImageCache? = .standard(),
    progress: (Progress) -> Void = { _ in }
  ) throws(DataError) -> Contents {
    let members = try members(of: folder)
    let names = members.names
    guard !names.isEmpty else {
      guard let first = members.unreadable.first else { throw .noImages(folder: folder) }
      throw .file(first)
    }
    // Refuses sizes that nothing can hold.
    _ = try ImageDataset.byteCount(width: width, height: height, count: names.count, limit: .max)
    let decoder = FolderDecoder(folder: folder, names: names, width: width, height: height)
    let images: DecodedImages
    if let cache {
      images = try cache.images(of: decoder, progress: progress)
    } else {
      images = try decoder.decodeIntoMemory(progress: progress)
    }
    let unreadable = images.failures.map { Unreadable(path: "\(folder)/\(names[$0.index])", reason: $0.reason) }
    guard unreadable.count < names.count else {
      throw .noReadableImages(folder: folder, count: names.count, reason: unreadable.first?.reason ?? "")
    }
    let classes = FolderClasses(names)
    let failed = Set(images.failures.map(\.index))
    let labels = classes.map { classes in names.indices.filter { !failed.contains($0) }.map { classes.labels[$0] } }
    let folders = members.unreadable.map { Unreadable(path: $0.path, reason: $0.description) }
    let dataset = ImageDataset(
      name: "images", source: folder, width: width, height: height, bytes: images.bytes, labels: labels,
      classNames: classes?.names ?? [], sha256: images.sha256)
    return Contents(dataset: dataset, unreadable: folders + unreadable, isFromCache: images.isFromCache)
  }
}
