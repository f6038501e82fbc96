import ArgumentParser
import Files
import Imaging

/// The paths of colored pictures.
enum ColoredPath {
  /// The end of the names of colored pictures, and of their folders, beside their originals.
  private static let suffix = "-colored"

  /// Returns the folder for the colored pictures of a folder, which is beside it under its name: `scans-colored` for
  /// `scans/`, `../scans-colored` for `.` where this is `scans`.
  /// - Throws: `ValidationError` where the folder is the root of the file system, which has no name.
  static func folder(beside input: String) throws(ValidationError) -> String {
    var path = input[...]
    while path.hasSuffix("/") || path.hasSuffix("/.") { path.removeLast() }
    switch path.split(separator: "/").last {
    case nil, ".", "..":
      let name = resolved(input).split(separator: "/").last
      guard let name else { throw ValidationError("\(input): no folder can be beside it; name one by --out.") }
      return "\(path == "." ? "" : "\(path)/")../\(name)\(suffix)"
    default: return path + suffix
    }
  }

  /// Returns the path of a colored picture in a folder: `out/a/old.png` for `a/old.jpg`.
  static func picture(_ picture: String, in folder: String, as format: ImageFormat) -> String {
    path(Folder.path(of: picture, in: folder), suffix: "", as: format)
  }

  /// Returns the path of the colored picture of a file in a folder: `out/a/old.png` for `a/old.jpg`, or
  /// `out/a/old-colored.png` where the file itself is in `out/a`, so that it is neither replaced nor mistaken for its
  /// colored picture.
  /// - Parameters:
  ///   - name: The path below `folder`.
  ///   - source: The path of the file.
  static func picture(_ name: String, of source: String, in folder: String, as format: ImageFormat) -> String {
    let path = picture(name, in: folder, as: format)
    guard resolved(Folder.parent(of: path)) == resolved(Folder.parent(of: source)) else { return path }
    return picture(beside: Folder.path(of: name, in: folder), as: format)
  }

  /// Returns the path of a colored picture beside its picture: `a/old-colored.png` for `a/old.jpg`.
  static func picture(beside picture: String, as format: ImageFormat) -> String {
    path(picture, suffix: suffix, as: format)
  }

  private static func path(_ picture: String, suffix: String, as format: ImageFormat) -> String {
    "\(stem(of: picture))\(suffix).\(format.writtenFileExtensions.first ?? "")"
  }

  /// Returns a path without the ending of a picture's name.
  private static func stem(of path: String) -> String {
    guard ImageFormat(named: path) != nil, let end = path.lastIndex(of: ".") else { return path }
    return String(path[..<end])
  }

  /// The paths of the colored pictures, and of the folders of such, that earlier runs put beside their originals.
  struct Results {
    /// Paths of pictures without their endings, since a colored picture may have another one.
    private let pictures: Set<String>
    private let folders: Set<String>

    /// - Parameter originals: Paths of pictures and folders, results among them.
    init(of originals: [String]) {
      pictures = Set(originals.filter { ImageFormat(named: $0) != nil }.map(stem))
      folders = Set(originals.filter { ImageFormat(named: $0) == nil }.map(Folder.withoutSlashes))
    }

    /// Returns whether a path is that of a result of one of the originals.
    func contains(_ path: String) -> Bool {
      let isPicture = ImageFormat(named: path) != nil
      let stem = isPicture ? stem(of: path) : Folder.withoutSlashes(path)
      guard stem.hasSuffix(suffix) else { return false }
      return (isPicture ? pictures : folders).contains(String(stem.dropLast(suffix.count)))
    }
  }

  /// Returns an absolute path without links, `.` and `..`, as far as its folders exist: the same for all names of a
  /// file.
  static func resolved(_ path: String) -> String {
    if let real = Folder.realPath(path) { return real }
    let parent = Folder.parent(of: path)
    let name = Folder.name(of: path)
    guard parent != path else { return path }
    let folder = resolved(parent)
    return name.isEmpty ? folder : "\(folder == "/" ? "" : folder)/\(name)"
  }
}
