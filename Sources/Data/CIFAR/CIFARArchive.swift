import Files
import Glibc

/// The published archive of the binary version of CIFAR-10 or CIFAR-100: its address, its checksums and its download.
public struct CIFARArchive: Sendable {
  /// A file inside the archive.
  public struct Member: Sendable, Equatable {
    public let name: String
    /// Nil where unknown.
    public let byteCount: Int?
    /// 64 hexadecimal digits; nil where none is published.
    public let sha256: String?

    public init(name: String, byteCount: Int? = nil, sha256: String? = nil) {
      self.name = name
      self.byteCount = byteCount
      self.sha256 = sha256
    }
  }

  /// The progress of `fetch`.
  public enum Progress: Sendable, Equatable {
    case downloading(received: Int, total: Int)
    /// The archive's SHA-256 is being checked.
    case checking
    /// A member of the archive is being written and checked.
    case unpacking(String)
  }

  /// Name of the data set.
  public var name: String
  public var url: String
  /// Name of the archive's file.
  public var fileName: String
  /// Name of the folder that holds all members.
  public var folderName: String
  public var byteCount: Int
  public var sha256: String
  public var members: [Member]

  public init(
    name: String, url: String, fileName: String, folderName: String, byteCount: Int, sha256: String, members: [Member]
  ) {
    self.name = name
    self.url = url
    self.fileName = fileName
    self.folderName = folderName
    self.byteCount = byteCount
    self.sha256 = sha256
    self.members = members
  }

  /// CIFAR-10, as published by its author.
  public static let cifar10 = CIFARArchive(
    name: "CIFAR-10", url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    fileName: "cifar-10-binary.tar.gz", folderName: CIFAR10.folderName, byteCount: 170_052_171,
    sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    members: [
      Member(name: "data_batch_1.bin", sha256: "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
      Member(name: "data_batch_2.bin", sha256: "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
      Member(name: "data_batch_3.bin", sha256: "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
      Member(name: "data_batch_4.bin", sha256: "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
      Member(name: "data_batch_5.bin", sha256: "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
      Member(name: "test_batch.bin", sha256: "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
      Member(name: "batches.meta.txt"),
    ])

  /// CIFAR-100, as published by its author. Of its members only the sizes are known: 50,000 and 10,000 records.
  public static let cifar100 = CIFARArchive(
    name: "CIFAR-100", url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    fileName: "cifar-100-binary.tar.gz", folderName: CIFAR100.folderName, byteCount: 168_513_733,
    sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    members: [
      Member(name: "train.bin", byteCount: 153_700_000), Member(name: "test.bin", byteCount: 30_740_000),
      Member(name: "fine_label_names.txt"), Member(name: "coarse_label_names.txt"),
    ])

  /// Downloads, checks and unpacks the archive into `folder`, and returns the path of the folder of its members.
  ///
  /// At any time that folder is complete or does not exist. A download that was interrupted, in this run or an earlier
  /// one, is resumed: its bytes are kept in `folder` under the archive's name and `.part`. Nothing is downloaded where
  /// the folder exists and matches the checksums.
  /// - Throws: `DataError`; `occupied` where the folder exists and does not match. One of a download says what to do
  ///   without a network.
  public func fetch(into folder: String, progress: (Progress) -> Void = { _ in }) throws(DataError) -> String {
    try fetch(into: folder, download: Download(url: url), progress: progress)
  }

  func fetch(into folder: String, download: Download, progress: (Progress) -> Void) throws(DataError) -> String {
    let target = "\(folder)/\(folderName)"
    if Folder.exists(target) {
      try checkMembers(in: target, progress)
      return target
    }
    let existed = Folder.exists(folder)
    let partPath = "\(folder)/\(fileName).part"
    let locked = try withDataErrors { () throws(FileError) in
      try Folder.create(folder)
      // Two processes must not write the same file.
      return try FileDescriptor.locked(ownFile: partPath)
    }
    guard let part = locked else {
      throw .file(FileError(path: partPath, problem: "cannot be written", reason: "another download is going on"))
    }
    do throws(DataError) {
      try downloadAndCheck(part, download, progress)
    } catch {
      // Nothing to go on from.
      if (try? part.byteCount()) == 0 {
        Folder.removeFile(part.path)
        if !existed { Folder.removeIfEmpty(folder) }
      }
      guard case .download(let url, let reason) = error else { throw error }
      throw .download(
        url: url,
        reason: "\(reason); without a network, bring \(fileName) here by other means and name it by --from, or unpack "
          + "it so that its files are in \(target)")
    }
    try install(part.path, as: target, progress)
    Folder.removeFile(part.path)
    return target
  }

  /// Checks and unpacks the archive at `path`, which stays, into `folder`, and returns the path of the folder of its
  /// members. As `fetch` otherwise.
  public func unpack(
    _ path: String, into folder: String, progress: (Progress) -> Void = { _ in }
  ) throws(DataError) -> String {
    let target = "\(folder)/\(folderName)"
    if Folder.exists(target) {
      try checkMembers(in: target, progress)
      return target
    }
    progress(.checking)
    let found = try Self.sha256(ofFile: path)
    guard found == sha256 else { throw .checksum(path: path, expected: sha256, found: found) }
    let existed = Folder.exists(folder)
    try withDataErrors { () throws(FileError) in try Folder.create(folder) }
    do throws(DataError) {
      try install(path, as: target, progress)
    } catch {
      if !existed { Folder.removeIfEmpty(folder) }
      throw error
    }
    return target
  }

  /// Unpacks the archive at `path` to the folder `target`, which appears under its name only when it is complete.
  private func install(_ path: String, as target: String, _ progress: (Progress) -> Void) throws(DataError) {
    // Two processes must not write the same temporary folder; an earlier one may have left it.
    let lockPath = "\(target).lock"
    let lock = try withDataErrors { () throws(FileError) in
      try FileDescriptor.locked(ownFile: lockPath, isWaiting: true)
    }
    // Before the lock is released, so that those that wait for it lock a file of their own.
    defer { Self.remove(lockPath, lockedAs: lock) }
    // Another process may have unpacked it meanwhile.
    if Folder.exists(target) { return try checkMembers(in: target, progress) }
    let temporary = "\(target).tmp"
    Folder.remove(temporary)
    defer { Folder.remove(temporary) }
    try withDataErrors { () throws(FileError) in try Folder.create(temporary) }
    try extractMembers(of: path, into: temporary, progress)
    let result = temporary.withPathBytes { source in target.withPathBytes { rename(source, $0) } }
    guard result == 0 else {
      throw .file(FileError(path: target, problem: "cannot be made", reason: FileDescriptor.lastReason()))
    }
  }

  /// Removes a file while its lock is held.
  private static func remove(_ path: String, lockedAs lock: borrowing FileDescriptor?) { Folder.removeFile(path) }

  /// Downloads the missing bytes of the archive to `part`, and checks them.
  private func downloadAndCheck(_ part: borrowing FileDescriptor, _ download: Download, _ progress: (Progress) -> Void)
    throws(DataError)
  {
    let report = { (received: Int, total: Int?) in
      progress(.downloading(received: received, total: total ?? byteCount))
    }
    var mayHoldOldBytes = try withDataErrors { () throws(FileError) in try part.byteCount() > 0 }
    while true {
      let available = try withDataErrors { () throws(FileError) in try part.byteCount() }
      if available != byteCount { try download.run(into: part, limit: byteCount, progress: report) }
      progress(.checking)
      let found = try Self.sha256(ofFile: part.path)
      if found == sha256 { return }
      // Wrong bytes are dropped. Where an earlier run left them, downloading anew may help.
      guard ftruncate(part.rawValue, 0) == 0 else {
        throw .file(FileError(path: part.path, problem: "cannot be written", reason: FileDescriptor.lastReason()))
      }
      guard mayHoldOldBytes else { throw .checksum(path: Download.withoutSecrets(url), expected: sha256, found: found) }
      mayHoldOldBytes = false
    }
  }

  /// Compares the files of a folder with the published sizes and checksums.
  private func checkMembers(in folder: String, _ progress: (Progress) -> Void) throws(DataError) {
    progress(.checking)
    for member in members {
      let path = "\(folder)/\(member.name)"
      guard Folder.holdsFile(path) else {
        if member.sha256 == nil, member.byteCount == nil { continue }
        throw .occupied(folder: folder, reason: "it lacks \(member.name)")
      }
      if let byteCount = member.byteCount, try Self.byteCount(of: path) != byteCount {
        throw .occupied(folder: folder, reason: "its \(member.name) is not the published one")
      }
      if let sha256 = member.sha256, try Self.sha256(ofFile: path) != sha256 {
        throw .occupied(folder: folder, reason: "its \(member.name) is not the published one")
      }
    }
  }

  private static func byteCount(of path: String) throws(DataError) -> Int {
    try withDataErrors { () throws(FileError) in try FileDescriptor(readingOrdinaryFile: path).byteCount() }
  }

  private static func sha256(ofFile path: String) throws(DataError) -> String {
    try withDataErrors { () throws(FileError) in try SHA256.hexadecimal(ofFile: path) }
  }

  /// Writes the members into `folder`, and compares each with its checksum.
  private func extractMembers(
    of archive: String, into folder: String, _ progress: (Progress) -> Void
  ) throws(DataError) {
    let reader = try ArchiveReader(path: archive)
    var missing = Set(members.map(\.name))
    while let path = try reader.nextFile() {
      // Only known members are written, under their known names: other entries of an archive have no effect.
      guard let member = members.first(where: { path == "\(folderName)/\($0.name)" }),
        missing.remove(member.name) != nil
      else { continue }
      progress(.unpacking(member.name))
      let found = try reader.extract(to: "\(folder)/\(member.name)")
      if let expected = member.sha256, found != expected {
        throw .checksum(path: "\(archive), \(path)", expected: expected, found: found)
      }
    }
    if let name = missing.sorted().first { throw .archive(path: archive, reason: "it lacks \(name)") }
  }
}
