import ArgumentParser
import Files
import Glibc
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
    path((folder.hasSuffix("/") ? folder : folder + "/") + picture, suffix: "", as: format)
  }

  /// Returns the path of a colored picture beside its picture: `a/old-colored.png` for `a/old.jpg`.
  static func picture(beside picture: String, as format: ImageFormat) -> String {
    path(picture, suffix: suffix, as: format)
  }

  private static func path(_ picture: String, suffix: String, as format: ImageFormat) -> String {
    let end = ImageFormat.isImage(named: picture) ? picture.lastIndex(of: ".") : nil
    return "\(picture[..<(end ?? picture.endIndex)])\(suffix).\(format.writtenFileExtensions.first ?? "")"
  }

  /// Returns an absolute path without links, `.` and `..`, as far as its folders exist: the same for all names of a file.
  static func resolved(_ path: String) -> String {
    if let real = realpath(path, nil) {
      defer { free(real) }
      return String(cString: real)
    }
    let parent = Folder.parent(of: path)
    let name = path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    guard parent != path else { return path }
    let folder = resolved(parent)
    return name.isEmpty ? folder : "\(folder == "/" ? "" : folder)/\(name)"
  }
}
