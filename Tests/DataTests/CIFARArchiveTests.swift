import Files
import Foundation
import TestSupport
import Testing

@testable import Data

@Suite("Download of CIFAR-10")
struct CIFARArchiveTests {
  private let partName = "cifar-10-binary.tar.gz.part"

  /// A download that does not wait between attempts.
  private func download(_ server: FileServer, retries: Int = 0) -> Download {
    var download = Download(url: server.url)
    download.retryDelay = 0
    download.retries = retries
    return download
  }

  private func fetch(_ test: TestArchive, _ server: FileServer, into folder: TemporaryFolder, retries: Int = 0) throws {
    let path = try test.at(server.url).fetch(into: folder.path, download: download(server, retries: retries)) { _ in }
    #expect(path == "\(folder.path)/cifar-10-batches-bin")
    for member in TestArchive.members { #expect(try readFile("\(path)/\(member.name)") == member.bytes) }
    #expect(try Folder.names(in: path).count == TestArchive.members.count)
    #expect(try Folder.names(in: folder.path) == ["cifar-10-batches-bin"])
  }

  @Test("Archives are downloaded, checked and unpacked")
  func fetching() throws {
    let test = try TestArchive()
    let server = try FileServer(test.bytes)
    defer { server.stop() }
    let folder = try TemporaryFolder()
    try fetch(test, server, into: folder)
    #expect(try CIFAR10.load(.training, from: folder.path).count == 15)
    #expect(server.starts == [nil])
    // A complete data set is not downloaded again.
    try fetch(test, server, into: folder)
    #expect(server.starts.count == 1)
  }

  @Test("Members without checksums are checked by size")
  func sizes() throws {
    let test = try TestArchive()
    let server = try FileServer(test.bytes)
    defer { server.stop() }
    let folder = try TemporaryFolder()
    var archive = test.at(server.url)
    archive.members = TestArchive.members.map { CIFARArchive.Member(name: $0.name, byteCount: $0.bytes.count) }
    let path = try archive.fetch(into: folder.path)
    #expect(try archive.fetch(into: folder.path) == path)
    #expect(server.starts.count == 1)
    archive.members[0] = CIFARArchive.Member(name: archive.members[0].name, byteCount: 1)
    #expect(
      throws: DataError.occupied(folder: path, reason: "its \(archive.members[0].name) is not the published one")
    ) { _ = try archive.fetch(into: folder.path) }
  }

  @Test("Progress is reported")
  func progress() throws {
    let test = try TestArchive()
    let server = try FileServer(test.bytes)
    defer { server.stop() }
    let folder = try TemporaryFolder()
    var steps: [CIFARArchive.Progress] = []
    _ = try test.at(server.url).fetch(into: folder.path) { steps.append($0) }
    let total = test.bytes.count
    #expect(steps.contains(.downloading(received: total, total: total)))
    let end: [CIFARArchive.Progress] = [.checking] + TestArchive.members.map { .unpacking($0.name) }
    #expect(steps.suffix(end.count) == end[...])
  }

  @Test("Interrupted downloads are resumed in the next run")
  func interruptedRun() throws {
    let test = try TestArchive()
    let server = try FileServer(test.bytes, [.breakOff(after: 5000), .serve])
    defer { server.stop() }
    let folder = try TemporaryFolder()
    let error = #expect(throws: DataError.self) { try fetch(test, server, into: folder) }
    guard case .interruptedDownload(server.url, 5000, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try Folder.names(in: folder.path) == [partName])
    try fetch(test, server, into: folder)
    #expect(server.starts == [nil, 5000])
  }

  @Test("Interrupted connections are resumed")
  func interruptedConnection() throws {
    let test = try TestArchive()
    let server = try FileServer(test.bytes, [.breakOff(after: 4000), .breakOff(after: 3000), .serve])
    defer { server.stop() }
    try fetch(test, server, into: try TemporaryFolder(), retries: 5)
    #expect(server.starts == [nil, 4000, 7000])
  }

  @Test("Downloads start anew without ranges")
  func withoutRanges() throws {
    let test = try TestArchive()
    let server = try FileServer(test.bytes, [.breakOff(after: 4000), .ignoreRange])
    defer { server.stop() }
    try fetch(test, server, into: try TemporaryFolder(), retries: 5)
    #expect(server.starts == [nil, 4000])
  }

  @Test("Wrong bytes of an earlier run are dropped", arguments: [100, 100_000])
  func wrongBytes(count: Int) throws {
    let test = try TestArchive()
    let server = try FileServer(test.bytes)
    defer { server.stop() }
    let folder = try TemporaryFolder()
    try AtomicFile.write([UInt8](repeating: 7, count: count), to: "\(folder.path)/\(partName)")
    try fetch(test, server, into: folder)
    #expect(server.starts == [count, nil])
  }

  @Test("Complete archives of an earlier run need no server")
  func completeArchive() throws {
    let test = try TestArchive()
    let server = try FileServer(test.bytes)
    server.stop()
    let folder = try TemporaryFolder()
    try AtomicFile.write(test.bytes, to: "\(folder.path)/\(partName)")
    try Folder.create("\(folder.path)/cifar-10-batches-bin.tmp/rubbish")
    try fetch(test, server, into: folder)
  }

  private func expectFailure(
    _ archive: CIFARArchive, _ server: FileServer, keeping names: [String], _ matches: (DataError) -> Bool
  ) throws {
    let folder = try TemporaryFolder()
    let error = try #require(
      #expect(throws: DataError.self) {
        _ = try archive.fetch(into: folder.path, download: download(server)) { _ in }
      })
    #expect(matches(error), "\(error)")
    #expect(!error.description.contains("\n"))
    #expect(try Folder.names(in: folder.path) == names)
  }

  @Test("Wrong archives are refused")
  func wrongArchives() throws {
    let test = try TestArchive()
    var damaged = test.bytes
    damaged[3000] ^= 1
    let server = try FileServer(damaged)
    defer { server.stop() }
    try expectFailure(test.at(server.url), server, keeping: []) {
      if case .checksum(server.url, test.archive.sha256, _) = $0 { true } else { false }
    }
    #expect(server.starts == [nil])
    let longer = try FileServer(test.bytes + [0])
    defer { longer.stop() }
    try expectFailure(test.at(longer.url), longer, keeping: [partName]) {
      if case .download(longer.url, let reason) = $0 { reason.contains("more than") } else { false }
    }
    let shorter = try FileServer(Array(test.bytes.dropLast()))
    defer { shorter.stop() }
    try expectFailure(test.at(shorter.url), shorter, keeping: []) {
      if case .checksum = $0 { true } else { false }
    }
  }

  @Test("Failing servers are named")
  func failingServers() throws {
    let test = try TestArchive()
    let server = try FileServer(test.bytes, [.status(404)])
    try expectFailure(test.at(server.url), server, keeping: []) {
      if case .download(server.url, let reason) = $0 { reason.contains("404") } else { false }
    }
    server.stop()
    try expectFailure(test.at(server.url), server, keeping: []) {
      if case .download(server.url, _) = $0 { true } else { false }
    }
    let folder = try TemporaryFolder()
    #expect(throws: DataError.self) { try test.at("file:///etc/passwd").fetch(into: folder.path) }
  }

  @Test("Without a network, the message says where the archive may be put")
  func withoutNetwork() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: DataError.self) {
      try TestArchive().at("http://127.0.0.1:1/a").fetch(into: folder.path)
    }
    let text = try #require(error?.description)
    for part in ["cifar-10-binary.tar.gz", "--from", "\(folder.path)/cifar-10-batches-bin"] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test("An archive that is at hand is checked, unpacked and kept")
  func atHand() throws {
    let test = try TestArchive()
    let folder = try TemporaryFolder()
    let (path, target) = ("\(folder.path)/stick.tgz", "\(folder.path)/new/cifar-10-batches-bin")
    try AtomicFile.write(test.bytes + [0], to: path)
    let found = try SHA256.hexadecimal(ofFile: path)
    #expect(throws: DataError.checksum(path: path, expected: test.archive.sha256, found: found)) {
      try test.archive.unpack(path, into: "\(folder.path)/new")
    }
    #expect(try Folder.names(in: folder.path) == ["stick.tgz"])
    try AtomicFile.write(test.bytes, to: path)
    try Folder.create("\(target).tmp/rubbish")
    for _ in 0..<2 { #expect(try test.archive.unpack(path, into: "\(folder.path)/new") == target) }
    for member in TestArchive.members { #expect(try readFile("\(target)/\(member.name)") == member.bytes) }
    #expect(try Folder.names(in: "\(folder.path)/new") == ["cifar-10-batches-bin"])
    #expect(try readFile(path) == test.bytes)
    #expect(throws: DataError.self) { try test.archive.unpack("\(path).none", into: "\(folder.path)/other") }
    #expect(!Folder.exists("\(folder.path)/other"))
  }

  @Test("Redirects are followed to HTTP and HTTPS alone")
  func redirects() throws {
    let test = try TestArchive()
    let target = try FileServer(test.bytes)
    defer { target.stop() }
    let server = try FileServer(test.bytes, [.redirect(to: target.url)])
    defer { server.stop() }
    try fetch(test, server, into: try TemporaryFolder())
    #expect(target.starts == [nil])
    // The same place by another scheme: a server of FTP would be asked for the file.
    let ftp = target.url.replacing("http://", with: "ftp://")
    for place in [ftp, "file:///etc/passwd", "gopher://127.0.0.1/"] {
      let other = try FileServer(test.bytes, [.redirect(to: place)])
      defer { other.stop() }
      try expectFailure(test.at(other.url), other, keeping: []) {
        if case .download(other.url, let reason) = $0 {
          reason.hasPrefix("the server redirects to \(place), which does not start with https:// or http://; ")
        } else {
          false
        }
      }
    }
    #expect(target.starts == [nil])
  }

  @Test(
    "Redirects from HTTPS lead to HTTPS alone",
    .enabled(if: SecureServer.isAvailable, "the program openssl, which serves HTTPS here, is missing"))
  func secureRedirects() throws {
    let test = try TestArchive()
    let plain = try FileServer(test.bytes)
    defer { plain.stop() }
    let secure = try SecureServer(
      test.bytes, redirects: ["down": plain.url + "?key=secret", "up": SecureServer.itself])
    defer { secure.stop() }
    func fetch(_ name: String, into folder: TemporaryFolder) throws {
      var download = Download(url: secure.url + name)
      download.certificates = secure.certificate
      _ = try test.at(download.url).fetch(into: folder.path, download: download) { _ in }
    }
    let folder = try TemporaryFolder()
    let error = #expect(throws: DataError.self) { try fetch("down", into: folder) }
    guard case .download(secure.url + "down", let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(
      reason.hasPrefix("the server redirects to \(plain.url)?…, which does not start with https:// as this address"))
    #expect(plain.starts.isEmpty)
    #expect(try Folder.names(in: folder.path).isEmpty)
    for name in [SecureServer.file, "up"] {
      let folder = try TemporaryFolder()
      try fetch(name, into: folder)
      #expect(try Folder.names(in: folder.path) == ["cifar-10-batches-bin"])
    }
  }

  @Test(
    "Messages show addresses without passwords and keys",
    arguments: [
      ("https://me:secret@host:8080/a/b.tar.gz", "https://host:8080/a/b.tar.gz"),
      ("https://secret@host", "https://host"), ("ftp://me:se@cret@host/x@y", "ftp://host/x@y"),
      ("https://host/a?key=secret&b=c", "https://host/a?…"), ("https://host?u=me@secret", "https://host?…"),
      ("me:secret@host/a", "host/a"), ("https://host/a.tar.gz", "https://host/a.tar.gz"), ("", ""),
    ])
  func addresses(url: String, shown: String) { #expect(Download.withoutSecrets(url) == shown) }

  @Test("Errors do not show the password of an address", arguments: ["http", "ftp"])
  func passwords(scheme: String) throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: DataError.self) {
      try TestArchive().at("\(scheme)://me:secret@127.0.0.1:1/a?key=secret").fetch(into: folder.path)
    }
    let text = try #require(error?.description)
    #expect(text.hasPrefix("\(scheme)://127.0.0.1:1/a?…: ") && !text.contains("secret") && !text.contains("me:"))
  }

  /// The members are checked even where the archive has the right checksum.
  @Test("Wrong members are refused")
  func wrongMembers() throws {
    var entries = TestArchive.members.map { TestArchive.Entry.file("cifar-10-batches-bin/\($0.name)", $0.bytes) }
    entries[2] = .file("cifar-10-batches-bin/data_batch_3.bin", [UInt8](repeating: 1, count: 3 * 3073))
    let wrong = try TestArchive(entries)
    let server = try FileServer(wrong.bytes)
    defer { server.stop() }
    try expectFailure(wrong.at(server.url), server, keeping: [partName]) {
      if case .checksum(let path, _, _) = $0 { path.hasSuffix("data_batch_3.bin") } else { false }
    }
    let lacking = try TestArchive(Array(entries.dropFirst(3)))
    let other = try FileServer(lacking.bytes)
    defer { other.stop() }
    try expectFailure(lacking.at(other.url), other, keeping: [partName]) {
      if case .archive(_, "it lacks data_batch_1.bin") = $0 { true } else { false }
    }
  }

  @Test("Members with foreign paths are not written")
  func foreignPaths() throws {
    let folder = try TemporaryFolder()
    let inner = "\(folder.path)/inner"
    let usual = TestArchive.members.map { TestArchive.Entry.file("cifar-10-batches-bin/\($0.name)", $0.bytes) }
    let test = try TestArchive(
      [
        .file("../evil", [1]), .file("\(folder.path)/evil", [1]), .link("cifar-10-batches-bin", to: folder.path),
        .link("cifar-10-batches-bin/data_batch_1.bin", to: "\(folder.path)/evil"),
        .file("cifar-10-batches-bin/../evil", [1]),
      ] + usual + [.file("cifar-10-batches-bin/data_batch_1.bin", [6, 6, 6])])
    let server = try FileServer(test.bytes)
    defer { server.stop() }
    let path = try test.at(server.url).fetch(into: inner, download: download(server)) { _ in }
    for member in TestArchive.members { #expect(try readFile("\(path)/\(member.name)") == member.bytes) }
    #expect(try Folder.names(in: inner) == ["cifar-10-batches-bin"])
    #expect(try Folder.names(in: folder.path) == ["inner"])
  }

  @Test("Files that are no archives are named")
  func noArchives() throws {
    let rubbish = [UInt8](repeating: 65, count: 5000)
    let folder = try TemporaryFolder()
    try AtomicFile.write(rubbish, to: "\(folder.path)/rubbish")
    let sum = try SHA256.hexadecimal(ofFile: "\(folder.path)/rubbish")
    let test = try TestArchive()
    let server = try FileServer(rubbish)
    defer { server.stop() }
    let archive = CIFARArchive(
      name: "CIFAR-10", url: server.url, fileName: "cifar-10-binary.tar.gz", folderName: CIFAR10.folderName,
      byteCount: rubbish.count, sha256: sum, members: test.archive.members)
    try expectFailure(archive, server, keeping: [partName]) {
      if case .archive = $0 { true } else { false }
    }
  }

  @Test("Folders with other contents are kept")
  func otherContents() throws {
    let test = try TestArchive()
    let folder = try TemporaryFolder()
    let target = "\(folder.path)/cifar-10-batches-bin"
    try Folder.create(target)
    #expect(throws: DataError.occupied(folder: target, reason: "it lacks data_batch_1.bin")) {
      try test.archive.fetch(into: folder.path)
    }
    for member in TestArchive.members { try AtomicFile.write(member.bytes, to: "\(target)/\(member.name)") }
    #expect(try test.archive.fetch(into: folder.path) == target)
    try AtomicFile.write([1], to: "\(target)/test_batch.bin")
    #expect(throws: DataError.occupied(folder: target, reason: "its test_batch.bin is not the published one")) {
      try test.archive.fetch(into: folder.path)
    }
  }

  @Test("Links under the names of a download are not followed")
  func links() throws {
    let test = try TestArchive()
    let server = try FileServer(test.bytes)
    defer { server.stop() }
    let (folder, others) = (try TemporaryFolder(), try TemporaryFolder())
    try AtomicFile.write([1, 2, 3], to: "\(others.path)/file")
    #expect(symlink("\(others.path)/file", "\(folder.path)/\(partName)") == 0)
    let error = #expect(throws: DataError.self) { try fetch(test, server, into: folder) }
    #expect(error?.description.contains("it is a link") == true)
    Folder.removeFile("\(folder.path)/\(partName)")
    #expect(symlink(others.path, "\(folder.path)/cifar-10-batches-bin.tmp") == 0)
    try fetch(test, server, into: folder)
    #expect(try readFile("\(others.path)/file") == [1, 2, 3])
    #expect(try Folder.names(in: others.path) == ["file"])
  }

  @Test("A failed download leaves no folder that it made")
  func failedDownloadsLeaveNoFolder() throws {
    let test = try TestArchive()
    let server = try FileServer(test.bytes, [.status(404)])
    defer { server.stop() }
    let folder = try TemporaryFolder()
    #expect(throws: DataError.self) {
      _ = try test.at(server.url).fetch(into: "\(folder.path)/new", download: download(server)) { _ in }
    }
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test("Archives are unpacked beside each other, one process after another")
  func concurrentUnpacking() throws {
    let test = try TestArchive()
    let folder = try TemporaryFolder()
    let (path, inner) = ("\(folder.path)/stick.tgz", "\(folder.path)/inner")
    try AtomicFile.write(test.bytes, to: path)
    try Folder.create(inner)
    // Another program's lock of the folder that holds the data sets.
    let other = try FileDescriptor(path: inner, flags: O_RDONLY | O_DIRECTORY)
    #expect(flock(other.rawValue, LOCK_EX) == 0)
    let threads = (0..<3).compactMap { _ in
      WorkerThread { #expect(throws: Never.self) { try test.archive.unpack(path, into: inner) } }
    }
    for thread in threads { thread.join() }
    #expect(threads.count == 3)
    #expect(try Folder.names(in: inner) == ["cifar-10-batches-bin"])
    // An open descriptor holds the lock.
    #expect(other.rawValue >= 0)
  }

  @Test("Archives are unpacked into folders that may not be listed")
  func unlistedFolder() throws {
    let test = try TestArchive()
    try OrdinaryUser.run {
      let folder = try TemporaryFolder()
      let (path, inner) = ("\(folder.path)/stick.tgz", "\(folder.path)/inner")
      try AtomicFile.write(test.bytes, to: path)
      try Folder.create(inner)
      #expect(chmod(inner, 0o300) == 0)
      defer { chmod(inner, 0o700) }
      #expect(throws: FileError.self) { try Folder.names(in: inner) }
      let target = try test.archive.unpack(path, into: inner)
      for member in TestArchive.members { #expect(try readFile("\(target)/\(member.name)") == member.bytes) }
    }
  }

  @Test("Concurrent downloads are refused")
  func concurrentDownloads() throws {
    let test = try TestArchive()
    let folder = try TemporaryFolder()
    let other = try FileDescriptor(path: "\(folder.path)/\(partName)", flags: O_RDWR | O_CREAT)
    #expect(flock(other.rawValue, LOCK_EX) == 0)
    let error = #expect(throws: DataError.self) { try test.archive.fetch(into: folder.path) }
    #expect(error?.description == "\(folder.path)/\(partName): cannot be written: another download is going on")
  }
}
