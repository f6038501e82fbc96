import Files
import Glibc

/// The digests of a folder's files, kept so that a file need not be read again to know that it is the same.
///
/// On disk: fields that each end with a zero byte, the last of which is the digest of all before it.
struct ContentIndex: Equatable {
  /// A file whose contents are known.
  struct Entry: Equatable {
    /// As `FileIdentity.text`, when the file was read.
    let identity: String
    /// SHA-256 of its bytes.
    let digest: String
  }

  /// By the paths below the folder.
  private(set) var entries: [String: Entry] = [:]
  /// Keys of the images that were made of the folder last, by their size: `64x64`.
  var images: [String: String] = [:]

  private static let magic = "recolor image index 1"

  init() {}

  /// What a file holds; nothing where there is none, or it is damaged.
  init(reading path: String) {
    guard Folder.holdsFile(path), let bytes = try? readFile(path), bytes.last == 0 else { return }
    let body = bytes.dropLast().lastIndex(of: 0).map { $0 + 1 } ?? 0
    guard
      SHA256.hexadecimal(of: Array(bytes[..<body])).map({ Array($0.utf8) == Array(bytes[body...].dropLast()) }) == true
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

  /// Writes the file, whole or not at all.
  func write(to path: String) throws(FileError) {
    var fields = [Self.magic, "\(images.count)"]
    for (size, key) in images.sorted(by: { $0.key < $1.key }) { fields += [size, key] }
    for (name, entry) in entries.sorted(by: { $0.key < $1.key }) { fields += [name, entry.identity, entry.digest] }
    var bytes: [UInt8] = []
    for field in fields {
      bytes += field.utf8
      bytes.append(0)
    }
    guard let digest = SHA256.hexadecimal(of: bytes) else {
      throw FileError(path: path, problem: "cannot be written", reason: "no digest can be computed")
    }
    bytes += digest.utf8
    bytes.append(0)
    try AtomicFile.write(bytes, to: path)
  }

  /// What is in the files of a folder. Those that are not known, or may have changed since, are read; those that are no longer
  /// there are forgotten.
  /// - Parameter names: paths below `folder`.
  mutating func contents(of names: [String], in folder: String, progress: (ImageFolder.Progress) -> Void)
    -> [FileContents]
  {
    let now = time(nil)
    let known = entries
    // The identity comes before the contents: whatever happens in between shows the next time.
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
      for (place, found) in zip(part, found) { contents[unknown[place]] = found }
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

  private static func contents(of path: String) -> FileContents {
    do {
      return .digest(try SHA256.ofFile(path))
    } catch {
      return .unreadable(error.description)
    }
  }
}
