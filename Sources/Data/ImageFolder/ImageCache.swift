import Files
import FoundationEssentials
import Glibc
import Runtime

/// Where the decoded images of folders are kept: a file of images for each folder and size, and an index for each folder.
///
/// A file of images is found by what its bytes follow from: the names and the contents of the folder's files, the size, and
/// how images are decoded. So no change of a file can give the old images, and a folder that was moved, or whose files were
/// only touched, gives them without decoding. The index saves reading files only to learn that they are the same.
public struct ImageCache: Sendable {
  public let folder: String

  public init(folder: String) { self.folder = folder }

  /// `images` in the cache folder; none where there is no such folder.
  public static func standard(environment: [String: String] = ProcessInfo.processInfo.environment) -> ImageCache? {
    CacheFolder.standard(environment: environment).map { ImageCache(folder: $0 + "/images") }
  }

  /// Days without use after which a file goes.
  private static let keptDays = 90

  /// The decoded images of a folder, from the cache if they are there.
  func images(of decoder: FolderDecoder, progress: (ImageFolder.Progress) -> Void) throws(DataError) -> DecodedImages {
    guard let indexPath = path(forIndexOf: decoder.folder) else {
      return try decoder.decodeIntoMemory(progress: progress)
    }
    let known = ContentIndex(reading: indexPath)
    var index = known
    let contents = index.contents(of: decoder.names, in: decoder.folder, progress: progress)
    guard let key = Self.key(decoder, contents) else { throw .library("EVP_Digest") }
    let path = "\(folder)/\(key).images"
    let size = "\(decoder.width)x\(decoder.height)"
    let replaced = index.images.updateValue(key, forKey: size)

    // What could not be decoded once may lie in another folder by now, and there may be a decoder for it.
    var images = ImageCacheFile.read(path, width: decoder.width, height: decoder.height).flatMap { images in
      decoder.reasons(for: images.failures).map(images.with)
    }
    if images == nil {
      do throws(DataError) {
        try withDataErrors { () throws(FileError) in try Folder.create(folder) }
        prune()
        try ImageCacheFile.write(path, decoder, contents: contents, progress: progress)
        images = ImageCacheFile.read(path, width: decoder.width, height: decoder.height)?.asNew
        if let replaced, replaced != key { unlink("\(folder)/\(replaced).images") }
      } catch {
        guard case .file(let error) = error else { throw error }
        Remarks.warning("\(error); the images are held in memory, and are decoded again the next time")
      }
    }
    guard let images else { return try decoder.decodeIntoMemory(progress: progress) }
    for used in [path, indexPath] { utimensat(AT_FDCWD, used, nil, 0) }
    if index != known {
      do throws(FileError) {
        try index.write(to: indexPath)
      } catch {
        Remarks.warning("\(error); the next time, all files are read to see whether they changed")
      }
    }
    return images
  }

  /// The index is named after the folder's place; nil where the folder is not there.
  private func path(forIndexOf folder: String) -> String? {
    guard let place = realpath(folder, nil) else { return nil }
    defer { free(place) }
    // As much of the digest as tells a machine's folders apart.
    return Digest.sha256(of: [String(cString: place)]).map { "\(self.folder)/\($0.prefix(32)).index" }
  }

  /// Names the images: nil where no digest can be computed.
  private static func key(_ decoder: FolderDecoder, _ contents: [FileContents]) -> String? {
    var parts = ["images", "\(FolderDecoder.method)", "\(decoder.width)", "\(decoder.height)"]
    for (name, contents) in zip(decoder.names, contents) {
      switch contents {
      case .digest(let digest): parts += [name, digest]
      case .unreadable(let reason): parts += [name, "unreadable", reason]
      }
    }
    return Digest.sha256(of: parts)
  }

  /// Removes what nobody used for long, and what processes left that ended in the middle of writing.
  private func prune() {
    let now = time(nil)
    for name in (try? Folder.names(in: folder)) ?? [] {
      var status = stat()
      let days = name.hasSuffix(".tmp") ? 1 : Self.keptDays
      guard stat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        now - status.st_mtim.tv_sec > days * 86_400
      else { continue }
      unlink("\(folder)/\(name)")
    }
  }
}

extension DecodedImages {
  fileprivate func with(_ failures: [Failure]) -> DecodedImages {
    DecodedImages(bytes: bytes, sha256: sha256, failures: failures, isFromCache: isFromCache)
  }

  /// The same, decoded just now.
  fileprivate var asNew: DecodedImages {
    DecodedImages(bytes: bytes, sha256: sha256, failures: failures, isFromCache: false)
  }
}
