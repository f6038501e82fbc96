import Files
import Glibc

/// Compiled programs on disk, so that a second start does not compile.
///
/// One file per program, named by the SHA-256 of everything the binary depends on; in it the SHA-256 of the binary,
/// then the binary. An entry that does not match its checksum is treated as absent and written anew; a folder that
/// cannot be written, or that other users may write, is as good as none: a binary is machine code. When the entries
/// take more room than they may, those go that were not used for longest.
public struct CLProgramCache: Sendable {
  public let folder: String
  /// Room that entries may take.
  public let byteLimit: Int

  public init(folder: String, byteLimit: Int = 256 << 20) {
    self.folder = folder
    self.byteLimit = byteLimit
  }

  /// `programs` in the cache folder; none where there is no such folder.
  public static func standard(
    environment: [String: String] = Environment.paths
  ) -> CLProgramCache? {
    CacheFolder.standard(environment: environment).map { CLProgramCache(folder: $0 + "/programs") }
  }

  /// The name of an entry; nil where no digest can be computed.
  func key(source: String, options: String, device: CLDevice) -> String? {
    try? SHA256.hexadecimal(of: [
      device.platformName, device.platformVersion, device.name, device.driverVersion, options, source,
    ])
  }

  /// An entry's binary; nil where there is none, or a damaged one.
  func binary(for key: String) -> [UInt8]? {
    guard CacheFolder.mayRead(path(of: key)), let bytes = try? readOrdinaryFile(path(of: key)),
      bytes.count > SHA256.byteCount
    else { return nil }
    let binary = Array(bytes[SHA256.byteCount...])
    guard let checksum = try? SHA256.bytes(of: binary), checksum == Array(bytes[..<SHA256.byteCount]) else {
      return nil
    }
    CacheFolder.noteUse(of: path(of: key))
    return binary
  }

  /// Writes an entry, which another process never sees before it is whole.
  func store(_ binary: [UInt8], for key: String) {
    guard CacheFolder.isTrusted(folder), let checksum = try? SHA256.bytes(of: binary) else { return }
    do {
      try CacheFolder.write(checksum + binary, to: path(of: key))
      prune(keeping: path(of: key))
    } catch {
      Remarks.warning(
        "compiled OpenCL programs cannot be kept in \(folder), so each start compiles them; set RECOLOR_CACHE to a "
          + "folder that can be written")
    }
  }

  /// Keeps a build log for the user to read; the file's path, or nil where it cannot be written.
  func storeLog(_ log: String, of program: String) -> String? {
    let path = "\(folder)/\(program).log"
    guard CacheFolder.isTrusted(folder) else { return nil }
    do {
      try CacheFolder.write(Array(log.utf8), to: path)
      return path
    } catch {
      return nil
    }
  }

  func path(of key: String) -> String { "\(folder)/\(key)\(suffix)" }

  private let suffix = ".bin"

  /// Removes the entries that were not used for longest, but never `newest`, until the rest fit the limit. Another
  /// process that loses an entry builds it anew.
  private func prune(keeping newest: String) {
    AtomicFile.removeLeftovers(in: folder) { $0.hasSuffix(suffix) || $0.hasSuffix(".log") }
    let names = ((try? Folder.names(in: folder)) ?? []).filter { $0.hasSuffix(suffix) }
    let entries = names.compactMap { name -> (path: String, used: timespec, size: Int)? in
      let path = "\(folder)/\(name)"
      guard let status = Folder.status(of: path, followingLinks: false), status.st_mode & S_IFMT == S_IFREG else {
        return nil
      }
      return (path, status.st_mtim, Int(status.st_size))
    }
    var total = entries.reduce(0) { $0 + $1.size }
    let oldestFirst = entries.sorted { ($0.used.tv_sec, $0.used.tv_nsec) < ($1.used.tv_sec, $1.used.tv_nsec) }
    for entry in oldestFirst where total > byteLimit && entry.path != newest {
      Folder.removeFile(entry.path)
      if !Folder.holdsName(entry.path, followingLinks: false) { total -= entry.size }
    }
  }
}

extension CLProgramCache {
  /// Returns whether `keep` was called for this question, device and driver, in this process or an earlier one.
  package func holds(_ question: String, for device: CLDevice) -> Bool {
    key(source: question, options: Self.answerOptions, device: device).map { binary(for: $0) != nil } ?? false
  }

  /// Caches that the answer to an expensive question is yes. The question names everything that the answer depends on
  /// except the device and its driver.
  package func keep(_ question: String, for device: CLDevice) {
    guard let key = key(source: question, options: Self.answerOptions, device: device) else { return }
    store(Array("yes".utf8), for: key)
  }

  /// In the place of build options, to keep answers and programs apart.
  private static let answerOptions = "answer"
}
