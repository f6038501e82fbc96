import Files
import Glibc
import Imaging
import Runtime

/// The digests of a folder's files, kept so that unchanged files need not be read again.
///
/// On disk: fields that each end with a zero byte; the last is the digest of all bytes before it.
struct ContentIndex: Equatable {
  /// The identity and the digest of a file.
  struct Entry: Equatable {
    /// `FileIdentity.text` of the file when it was read.
    let identity: String
    /// SHA-256 of the file's bytes.
    let digest: String
  }

  /// The entries by the files' paths relative to the folder.
  private(set) var entries: [String: Entry] = [:]
  /// Keys of the latest file of images of each size: `64x64`, or `64x64 color` without toned images.
  var images: [String: String] = [:]

  private static let magic = "recolor image index 1"

  init() {}

  /// Reads an index; empty where the file does not exist or is damaged.
  init(reading path: String) {
    guard CacheFolder.mayRead(path), let bytes = try? readOrdinaryFile(path), bytes.last == 0 else { return }
    let body = bytes.dropLast().lastIndex(of: 0).map { $0 + 1 } ?? 0
    guard let digest = try? SHA256.hexadecimal(of: Array(bytes[..<body])),
      bytes[body...].dropLast().elementsEqual(digest.utf8)
    else { return }
    let fields = bytes[..<body].split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
      String(decoding: $0, as: UTF8.self)
    }
    guard fields.count >= 2, fields[0] == Self.magic, let imageCount = Int(fields[1]), imageCount >= 0,
      imageCount <= fields.count / 2, (fields.count - 2 - 2 * imageCount) % 3 == 0
    else { return }
    let files = 2 + 2 * imageCount
    for index in stride(from: 2, to: files, by: 2) { images[fields[index]] = fields[index + 1] }
    for index in stride(from: files, to: fields.count, by: 3) {
      entries[fields[index]] = Entry(identity: fields[index + 1], digest: fields[index + 2])
    }
  }

  /// Writes the index, completely or not at all.
  func write(to path: String) throws(FileError) {
    var fields = [Self.magic, "\(images.count)"]
    for (size, key) in images.sorted(by: { $0.key < $1.key }) { fields += [size, key] }
    for (name, entry) in entries.sorted(by: { $0.key < $1.key }) { fields += [name, entry.identity, entry.digest] }
    var bytes: [UInt8] = []
    for field in fields {
      bytes += field.utf8
      bytes.append(0)
    }
    guard let digest = try? SHA256.hexadecimal(of: bytes) else {
      throw FileError(path: path, problem: "cannot be written", reason: "no digest can be computed")
    }
    bytes += digest.utf8
    bytes.append(0)
    try CacheFolder.write(bytes, to: path)
  }

  /// Returns the contents of a folder's files. Files without an entry and those that may have changed are read; entries
  /// of files that are not among `names` are removed.
  /// - Parameter names: Paths relative to `folder`.
  /// - Throws: `DataError.file` where the system has no more file descriptors or memory: the files may be whole.
  mutating func contents(of names: [String], in folder: String, progress: (ImageFolder.Progress) -> Void)
    throws(DataError) -> [FileContents]
  {
    let now = time(nil)
    let known = entries
    // The identities are taken before the contents are read, so that a change in between is noticed the next time.
    let identities = Parallel.map(0..<names.count) { FileIdentity(path: "\(folder)/\(names[$0])") }
    var contents = names.indices.map { index -> FileContents? in
      guard let entry = known[names[index]], entry.identity == identities[index]?.text else { return nil }
      return .digest(entry.digest)
    }
    let unknown = contents.indices.filter { contents[$0] == nil }
    let chunk = 1024
    for first in stride(from: 0, to: unknown.count, by: chunk) {
      progress(.comparing(done: first, total: unknown.count))
      let part = first..<min(first + chunk, unknown.count)
      let found = Parallel.map(part) { Self.contents(of: "\(folder)/\(names[unknown[$0]])") }
      for (place, found) in zip(part, found) {
        switch found {
        case .success(let found): contents[unknown[place]] = found
        case .failure(let error): throw .file(error)
        }
      }
    }
    entries = [:]
    for (index, name) in names.enumerated() {
      guard case .digest(let digest)? = contents[index], let identity = identities[index],
        identity.isSettled(at: now) || known[name]?.identity == identity.text
      else { continue }
      entries[name] = Entry(identity: identity.text, digest: digest)
    }
    return contents.map { $0 ?? .unreadable("") }
  }

  /// Returns the contents of a file; a failure where the system has no more file descriptors or memory.
  private static func contents(of path: String) -> Result<FileContents, FileError> {
    do {
      return .success(.digest(try SHA256.hexadecimal(ofFile: path)))
    } catch {
      return error.isShortage ? .failure(error) : .success(.unreadable(error.description))
    }
  }
}

/// The contents of a file, as a digest.
enum FileContents: Equatable {
  /// SHA-256 of its bytes.
  case digest(String)
  /// The reason why the file cannot be read.
  case unreadable(String)
}

/// The identity of a file's contents, by the file system's attributes of the file. A change of the contents gives
/// another identity, even where the size and the time of modification are restored: the time of the inode's last change
/// cannot be set.
struct FileIdentity: Equatable {
  let text: String
  /// Time of the last change of the contents or the inode, in seconds since 1970.
  private let changed: Int

  /// Nil where there is no such file.
  init?(path: String) {
    guard let status = Folder.status(of: path) else { return nil }
    let (modified, changed) = (status.st_mtim, status.st_ctim)
    text = [
      "\(status.st_ino)", "\(status.st_size)", "\(modified.tv_sec).\(modified.tv_nsec)",
      "\(changed.tv_sec).\(changed.tv_nsec)",
    ].joined(separator: " ")
    self.changed = max(modified.tv_sec, changed.tv_sec)
  }

  /// Returns whether any change after the time `seconds` gives another identity. The resolution of file systems' times
  /// is up to two seconds, within which a file may be changed a second time.
  func isSettled(at seconds: Int) -> Bool { seconds - changed > 2 }
}
