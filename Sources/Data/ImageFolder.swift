import Files
import Imaging

/// A folder of images, and of folders of them, as a data set.
public enum ImageFolder {
  /// Endings of the names that are taken for images, in small letters.
  static let extensions = ImageFormat.fileExtensions

  /// Paths of the images in `folder` and the folders inside it, sorted by path. Names that start with a dot and links to
  /// folders are passed over.
  public static func paths(in folder: String) throws(DataError) -> [String] {
    var found: [String] = []
    try withDataErrors { () throws(FileError) in try collect(folder, into: &found) }
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Reads the images of `folder` and the folders inside it, each cut to the middle part with the right proportions and
  /// brought to `width` × `height`.
  /// - Parameter limit: Only the first so many images, in the order of their paths.
  public static func load(_ folder: String, width: Int, height: Int, limit: Int? = nil) throws(DataError)
    -> ImageDataset
  {
    let all = try paths(in: folder)
    guard !all.isEmpty else { throw .noImages(folder: folder) }
    let paths = all.prefix(limit ?? all.count)
    guard !paths.isEmpty else { throw .imageCount("\(folder): 0 images were asked for") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(try ImageDataset.byteCount(width: width, height: height, count: paths.count))
    for path in paths {
      do {
        bytes += try RGBImage(contentsOf: path).filled(width: width, height: height).bytes
      } catch {
        throw .image(error)
      }
    }
    return ImageDataset(name: "images", source: folder, width: width, height: height, bytes: bytes)
  }

  private static func collect(_ folder: String, into found: inout [String]) throws(FileError) {
    for name in try Folder.names(in: folder) where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      if Folder.exists(path, followingLinks: false) {
        try collect(path, into: &found)
      } else if let dot = name.lastIndex(of: "."), extensions.contains(name[name.index(after: dot)...].lowercased()),
        Folder.holdsFile(path)
      {
        found.append(path)
      }
    }
  }
}
