import Files
import Imaging

/// A data set made of the image files in a folder and the folders inside it.
public enum ImageFolder {
  /// The progress of `load`.
  public enum Progress: Sendable, Equatable {
    /// Files that may have changed since they were last read are being read.
    case comparing(done: Int, total: Int)
    case decoding(done: Int, total: Int)
  }

  /// An image, or a folder of images, that cannot be read and is left out.
  public struct Unreadable: Sendable, Equatable {
    public let path: String
    /// One line that names the file.
    public let reason: String
  }

  /// A data set, and the files and folders that are left out of it.
  public struct Contents: Sendable {
    public let dataset: ImageDataset
    public let unreadable: [Unreadable]
    /// Number of gray and toned images that are left out.
    public let tonedCount: Int
    /// Pictures that are no part of the data set, because they are of formats that are not read.
    public let passedOver: PassedOverPictures
    /// Whether the images came from the cache.
    public let isFromCache: Bool
  }

  /// Returns the paths of the images in `folder` and the folders inside it, sorted by path. Names that start with a
  /// dot, links to folders, and inner folders that cannot be read are skipped.
  public static func paths(in folder: String) throws(DataError) -> [String] {
    try members(of: folder, parts: nil).names.map { "\(folder)/\($0)" }
  }

  /// Returns the numbers of pictures in `folder` and the folders inside it that `paths(in:)` leaves out, because they
  /// are of formats that are not read.
  public static func passedOver(in folder: String) throws(DataError) -> PassedOverPictures {
    try members(of: folder, parts: nil).passedOver
  }

  /// The images in a folder.
  private struct Members {
    /// Paths relative to the folder.
    var names: [String] = []
    /// Errors of inner folders that cannot be read.
    var unreadable: [FileError] = []
    /// The indices in `names` of the images of each part; all of them without parts.
    var parts: [(folder: String, images: Range<Int>)] = []
    var passedOver = PassedOverPictures()
  }

  /// - Parameter parts: Names of folders in `folder`, whose images are taken one folder after the other; nil for all.
  private static func members(of folder: String, parts: [String]?) throws(DataError) -> Members {
    var found = Members()
    for part in parts ?? [""] {
      let start = found.names.count
      let place = part.isEmpty ? folder : "\(folder)/\(part)"
      try withDataErrors { () throws(FileError) in
        try collect(place, part.isEmpty ? "" : "\(part)/", into: &found)
      }
      found.names[start...].sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      found.parts.append((place, start..<found.names.count))
    }
    return found
  }

  private static func collect(_ folder: String, _ prefix: String, into found: inout Members) throws(FileError) {
    for name in try Folder.names(in: folder) where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      if Folder.exists(path, followingLinks: false) {
        do {
          try collect(path, "\(prefix)\(name)/", into: &found)
        } catch {
          if error.isShortage { throw error }
          found.unreadable.append(error)
        }
      } else if !ImageFormat.isImage(named: name) {
        found.passedOver.count(named: name)
      } else if Folder.holdsFile(path) {
        found.names.append(prefix + name)
      } else if !Folder.exists(path) {
        found.passedOver.countSpecial()
      }
    }
  }

  /// Reads the images of `folder` and the folders inside it on all cores. Each is cropped about its center to the
  /// aspect ratio of `width` × `height`, or into several parts of it, and resized. Images and inner folders that cannot
  /// be read are left out.
  ///
  /// With a cache, the decoded images are kept in a file, which is mapped into memory, so that a data set may be larger
  /// than memory; the next time nothing is decoded unless the contents of a file changed. Without a cache, or where its
  /// disk is full, the images are held in memory.
  /// - Parameters:
  ///   - parts: Names of folders in `folder`, whose images become the data set, one folder after the other; nil for all
  ///     images. Those of the second folder are for validation alone. The classes are folders inside these.
  ///   - crop: The parts of each photograph that become images.
  ///   - toned: Whether gray and toned images are left out; decided at the size to which they are resized.
  /// - Throws: `DataError`; `noReadableImages` where no image of a part can be read, `onlyToned` where all others are
  ///   left out.
  public static func load(
    _ folder: String, parts: [String]? = nil, width: Int, height: Int, crop: Crop = .center,
    toned: TonedImages = .keep, cache: ImageCache? = .standard(), progress: (Progress) -> Void = { _ in }
  ) throws(DataError) -> Contents {
    let members = try members(of: folder, parts: parts)
    let names = members.names
    for part in members.parts where part.images.isEmpty {
      guard let first = members.unreadable.first(where: { $0.path.hasPrefix(part.folder) }) else {
        throw members.passedOver.isEmpty
          ? .noImages(folder: part.folder) : .onlyUnread(folder: part.folder, kinds: members.passedOver.explanation)
      }
      throw .file(first)
    }
    // Throws for sizes whose byte count overflows.
    _ = try ImageDataset.byteCount(width: width, height: height, count: names.count, limit: .max)
    let decoder = FolderDecoder(
      folder: folder, names: names, width: width, height: height, crop: crop, toned: toned)
    let images: DecodedImages
    if let cache {
      images = try cache.images(of: decoder, progress: progress)
    } else {
      images = try decoder.decodeIntoMemory(progress: progress)
    }
    let omissions = images.omissions
    let unreadable = omissions.failures.map { Unreadable(path: "\(folder)/\(names[$0.index])", reason: $0.reason) }
    let partCounts = try members.parts.map { (part) throws(DataError) -> Int in
      let failures = omissions.failures.filter { part.images.contains($0.index) }
      guard failures.count < part.images.count else {
        throw .noReadableImages(folder: part.folder, count: failures.count, reason: failures.first?.reason ?? "")
      }
      let tonedCount = omissions.toned.count(where: part.images.contains)
      let count = part.images.count - failures.count - tonedCount
      guard count > 0 else { throw .onlyToned(folder: part.folder, count: tonedCount) }
      return count
    }
    // The names of parts are no classes.
    let classes = FolderClasses(parts == nil ? names : names.map { String($0.drop { $0 != "/" }.dropFirst()) })
    let left = Set(omissions.failures.map(\.index) + omissions.toned)
    let kept = names.indices.filter { !left.contains($0) }
    let labels = classes.map { classes in
      zip(kept, images.pieceCounts ?? kept.map { _ in 1 }).flatMap { repeatElement(classes.labels[$0], count: $1) }
    }
    let folders = members.unreadable.map { Unreadable(path: $0.path, reason: $0.description) }
    let dataset = ImageDataset(
      name: folder.split(separator: "/").last.map(String.init) ?? folder, source: folder, width: width, height: height,
      bytes: images.bytes, labels: labels, classNames: classes?.names ?? [],
      heldOutCount: partCounts.count > 1 ? partCounts.dropFirst().reduce(0, +) : nil,
      pieceCounts: images.pieceCounts, sha256: images.sha256)
    return Contents(
      dataset: dataset, unreadable: folders + unreadable, tonedCount: omissions.toned.count,
      passedOver: members.passedOver, isFromCache: images.isFromCache)
  }
}

/// The classes of images, given by the folders of the first level.
struct FolderClasses {
  /// Names of the classes, sorted by their bytes.
  let names: [String]
  /// The index in `names` of every path.
  let labels: [UInt16]

  /// Nil unless every path begins with a folder and there are at least two of these: otherwise the folders are no
  /// classes.
  /// - Parameter paths: Paths relative to the data set's folder.
  init?(_ paths: [String]) {
    var folders: [Substring] = []
    for path in paths {
      guard let slash = path.firstIndex(of: "/") else { return nil }
      folders.append(path[..<slash])
    }
    let distinct = Set(folders).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard distinct.count > 1, distinct.count <= Int(UInt16.max) else { return nil }
    let numbers = Dictionary(uniqueKeysWithValues: zip(distinct, 0...))
    names = distinct.map(String.init)
    labels = folders.map { UInt16(numbers[$0] ?? 0) }
  }
}

/// Whether gray, sepia and otherwise toned images of a folder are used. Colors cannot be learned from them, nor can
/// they be compared with them; see `TonalCurve`.
public enum TonedImages: String, Codable, CaseIterable, Sendable {
  case keep, drop

  /// Version of the distinction: changes whenever other images count as toned.
  static let method = 1
}
