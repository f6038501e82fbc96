import Files
import FoundationEssentials
import Glibc
import Runtime

/// A cache of decoded images on disk: a file of images for each folder and size, and an index for each folder.
///
/// The key of a file of images is a digest of all that its bytes depend on: the names and the contents of the folder's
/// files, the size, and the version of the decoding. So the cache is never out of date, and it is also used for a
/// folder that was moved or whose files were only touched. The index makes it unnecessary to read all files to compute
/// the key.
///
/// The images may be private, so only this user may read the cache. One that others may write is not used.
public struct ImageCache: Sendable {
  public let folder: String

  public init(folder: String) { self.folder = folder }

  /// Returns the cache in the folder `images` of the cache folder; nil where there is no cache folder.
  public static func standard(environment: [String: String] = Environment.paths) -> ImageCache? {
    CacheFolder.standard(environment: environment).map { ImageCache(folder: $0 + "/images") }
  }

  /// Days without use after which a file is removed.
  private static let keptDays = 90

  /// Returns the decoded images of a folder, from the cache where it holds them.
  func images(of decoder: FolderDecoder, progress: (ImageFolder.Progress) -> Void) throws(DataError) -> DecodedImages {
    guard CacheFolder.isTrusted(folder), let indexPath = path(forIndexOf: decoder.folder) else {
      return try decoder.decodeIntoMemory(progress: progress)
    }
    // Closes a folder that an earlier version left open to others.
    try? CacheFolder.prepare(folder)
    let known = ContentIndex(reading: indexPath)
    var index = known
    let contents = try index.contents(of: decoder.names, in: decoder.folder, progress: progress)
    let key = try withDataErrors { () throws(SHA256.Failure) in try Self.key(decoder, contents) }
    let path = "\(folder)/\(key).images"
    let size =
      "\(decoder.width)x\(decoder.height)" + (decoder.toned == .drop ? " color" : "")
      + (decoder.crop == .center ? "" : " \(decoder.crop.rawValue)")
    let replaced = index.images.updateValue(key, forKey: size)

    // The reasons of failures name the files' paths, and a new version of a library may decode the files.
    var images = ImageCacheFile.read(path, width: decoder.width, height: decoder.height).flatMap { images in
      images.isWhole(decoder) ? decoder.reasons(for: images.omissions.failures).map(images.with) : nil
    }
    if images == nil {
      do throws(DataError) {
        try withDataErrors { () throws(FileError) in try CacheFolder.prepare(folder) }
        prune()
        try ImageCacheFile.write(path, decoder, contents: contents, progress: progress)
        images = ImageCacheFile.read(path, width: decoder.width, height: decoder.height)?.asNew
        if let replaced, replaced != key { Folder.removeFile("\(folder)/\(replaced).images") }
      } catch {
        guard case .file(let error) = error else { throw error }
        Remarks.warning("\(error); the images are held in memory, and are decoded again the next time")
      }
    }
    guard let images else { return try decoder.decodeIntoMemory(progress: progress) }
    for used in [path, indexPath] { CacheFolder.noteUse(of: used) }
    if index != known {
      do throws(FileError) {
        try index.write(to: indexPath)
      } catch {
        Remarks.warning("\(error); the next time, all files are read to see whether they changed")
      }
    }
    return images
  }

  /// Returns the path of the index, which is named by the folder's path; nil where the folder does not exist.
  private func path(forIndexOf folder: String) -> String? {
    guard let place = Folder.realPath(folder) else { return nil }
    // Half of the digest is enough to distinguish the folders of a machine.
    let digest = try? SHA256.hexadecimal(of: [place])
    return digest.map { "\(self.folder)/\($0.prefix(32)).index" }
  }

  /// Returns the key of a file of images.
  private static func key(_ decoder: FolderDecoder, _ contents: [FileContents]) throws(SHA256.Failure) -> String {
    var parts = ["images", "\(FolderDecoder.method)", "\(decoder.width)", "\(decoder.height)"]
    // The keys of files of all images are as they were before toned images could be left out.
    if decoder.toned == .drop { parts += ["without toned images", "\(TonedImages.method)"] }
    if decoder.crop != .center { parts += ["crop", decoder.crop.rawValue, "\(Crop.method)"] }
    for (name, contents) in zip(decoder.names, contents) {
      switch contents {
      case .digest(let digest): parts += [name, digest]
      case .unreadable(let reason): parts += [name, "unreadable", reason]
      }
    }
    return try SHA256.hexadecimal(of: parts)
  }

  /// Removes files that were not used for `keptDays`, and temporary files of processes that ended while they wrote.
  private func prune() {
    let now = time(nil)
    for name in (try? Folder.names(in: folder)) ?? [] {
      let path = "\(folder)/\(name)"
      let days = name.hasSuffix(".tmp") ? 1 : Self.keptDays
      guard let status = Folder.status(of: path), status.st_mode & S_IFMT == S_IFREG,
        now - status.st_mtim.tv_sec > days * 86_400
      else { continue }
      Folder.removeFile(path)
    }
  }
}

extension DecodedImages {
  /// Whether the images and the files that are left out are all files of a folder, each once.
  fileprivate func isWhole(_ decoder: FolderDecoder) -> Bool {
    let left = omissions.failures.map(\.index) + omissions.toned
    let photographCount = pieceCounts?.count ?? bytes.count / decoder.imageByteCount
    return photographCount + left.count == decoder.names.count && Set(left).count == left.count
      && left.allSatisfy(decoder.names.indices.contains)
  }

  fileprivate func with(_ failures: [Failure]) -> DecodedImages {
    DecodedImages(
      bytes: bytes, sha256: sha256, omissions: .init(failures: failures, toned: omissions.toned),
      pieceCounts: pieceCounts, isFromCache: isFromCache)
  }

  /// The same images, marked as decoded in this run.
  fileprivate var asNew: DecodedImages {
    DecodedImages(bytes: bytes, sha256: sha256, omissions: omissions, pieceCounts: pieceCounts, isFromCache: false)
  }
}
