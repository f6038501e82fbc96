import Files
import Foundation
import Imaging

/// The folder of a training run: `config.json`, `metrics.csv`, `samples/epoch_001.png`, `checkpoints/last.safetensors`,
/// `checkpoints/best.safetensors` and `checkpoints/last.state.safetensors`. Every file in it is whole at any moment,
/// but for TensorBoard's `events.out.tfevents.*`, which grow.
///
/// A process that trains in it holds the lock on its file `.lock`.
public struct RunDirectory {
  public let url: URL
  /// Held as long as the run may write; nil for reading.
  private var lock: FileLock?

  public var configuration: URL { url.appendingPathComponent("config.json") }
  public var metrics: URL { url.appendingPathComponent("metrics.csv") }
  public var last: URL { checkpoints.appendingPathComponent("last.safetensors") }
  public var best: URL { checkpoints.appendingPathComponent("best.safetensors") }
  /// The state for resuming the run.
  public var state: URL { checkpoints.appendingPathComponent("last.state.safetensors") }
  private var checkpoints: URL { url.appendingPathComponent("checkpoints") }
  private var samples: URL { url.appendingPathComponent("samples") }

  /// The sheet of an epoch, counted from 1.
  public func sample(epoch: Int) -> URL { samples.appendingPathComponent("epoch_\(Self.number(epoch, digits: 3)).png") }

  /// The weights after an epoch, counted from 1, where they are kept.
  public func kept(epoch: Int) -> URL { kept("epoch_\(Self.number(epoch, digits: 3)).safetensors") }

  /// The weights after a step in the middle of an epoch, where they are kept.
  public func kept(step: Int) -> URL { kept("step_\(Self.number(step, digits: 6)).safetensors") }

  /// Whether a file of this name is one of those above.
  static func isKept(_ name: String) -> Bool {
    // Without a regular expression: a state may name a hundred thousand.
    let (name, ending) = (name.utf8, ".safetensors".utf8)
    return ["epoch_".utf8, "step_".utf8].contains { beginning in
      let number = name.dropFirst(beginning.count).dropLast(ending.count)
      return name.starts(with: beginning) && name.suffix(ending.count).elementsEqual(ending) && !number.isEmpty
        && number.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
  }

  /// A kept checkpoint by its name.
  func kept(_ name: String) -> URL { checkpoints.appendingPathComponent(name) }

  private static func number(_ value: Int, digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// Makes the folder of a new run, locks it and writes its configuration. The folder may exist if it is empty, or if
  /// it holds no more than a process leaves that ended while it made one.
  public init(creating url: URL, _ configuration: RunConfiguration) throws(RunError) {
    self.url = url
    let existed = Folder.exists(url.path)
    var isMade = false
    do {
      guard try !existed || isUnbegun() else { throw RunError.folderNotEmpty(path: url.path) }
      try Folder.requireWritable(url.path)
      try Folder.create(url.path)
      isMade = !existed
      lock = try takeLock()
      // Another process may have begun a run meanwhile.
      guard try isUnbegun() else { throw RunError.folderNotEmpty(path: url.path) }
      try Folder.create(checkpoints.path)
      try Folder.create(samples.path)
      try write(configuration)
    } catch let error as RunError where !error.isOfFile {
      throw error
    } catch {
      // Remains of a run that could not begin would keep the next one out. Only what this made: `url` may be a link,
      // and its files another process's.
      if lock != nil {
        for folder in [checkpoints, samples] { Folder.removeIfEmpty(folder.path) }
        Folder.removeFile(lockFile.path)
      }
      if isMade { Folder.removeIfEmpty(url.path) }
      throw .file(path: url.path, reason: "cannot be made: \((error as? FileError)?.reason ?? "\(error)")")
    }
  }

  /// Opens the folder of a run, to read it.
  public init(opening url: URL) { self.url = url }

  /// Opens and locks the folder of a run to resume it, and removes half-written files of a process that was killed.
  public init(resuming url: URL) throws(RunError) {
    self.url = url
    guard Folder.holdsName(configuration.path) else {
      if Folder.exists(url.path), (try? isUnbegun()) == true { throw .unbegun(path: url.path) }
      throw .notARun(path: url.path, reason: "config.json cannot be read: No such file or directory")
    }
    lock = try takeLock()
    removeLeftovers()
  }

  /// Reads `config.json`, and refuses values that no run can have.
  public func readConfiguration() throws(RunError) -> RunConfiguration {
    do {
      let configuration = try JSONDecoder().decode(RunConfiguration.self, from: Data(configurationText().utf8))
      try configuration.model.validate(height: configuration.imageHeight, width: configuration.imageWidth)
      try configuration.validateValues()
      return configuration
    } catch {
      throw .notARun(path: url.path, reason: "config.json \(Self.reason(error))")
    }
  }

  /// Returns the text of `config.json`, with the bytes of paths that it names: see `String.restoringPathBytes`.
  public func configurationText() throws(FileError) -> String {
    try readOrdinaryText(configuration.path, limit: Self.largestText).restoringPathBytes
  }

  /// Replaces `config.json`.
  func write(_ configuration: RunConfiguration) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let json = String(decoding: try encoder.encode(configuration), as: UTF8.self).escapingPathBytes
    try AtomicFile.write([UInt8](json.utf8), to: self.configuration.path, followingLinks: false)
  }

  /// Writes the sheet of an epoch, counted from 1.
  func write(_ sheet: ContactSheet, epoch: Int) throws {
    try Folder.create(samples.path)
    try AtomicFile.write(sheet.rendered().png(), to: sample(epoch: epoch).path, followingLinks: false)
  }

  /// Replaces `metrics.csv`.
  func write(_ table: MetricsTable) throws(RunError) {
    do {
      try AtomicFile.write([UInt8](table.csv.utf8), to: metrics.path, followingLinks: false)
    } catch {
      throw .file(path: metrics.path, reason: "\(error.problem): \(error.reason)")
    }
  }

  /// Reads the rows of `metrics.csv` up to an epoch; none where the first epoch is not done.
  func readMetrics(losses: [String], throughEpoch epoch: Int) throws(RunError) -> MetricsTable {
    guard epoch > 0 else { return MetricsTable(losses: losses) }
    do {
      let text = try readOrdinaryText(metrics.path, limit: Self.largestText)
      return try MetricsTable(losses: losses, csv: text, throughEpoch: epoch)
    } catch {
      throw .notARun(path: url.path, reason: "metrics.csv \(Self.reason(error))")
    }
  }

  /// Whether there are results of training: weights, or rows of `metrics.csv`. Files that cannot be read count as such.
  var holdsResults: Bool {
    if Folder.exists(checkpoints.path) {
      guard let names = try? Folder.names(in: checkpoints.path) else { return true }
      if names.contains(where: { $0.hasSuffix(".safetensors") }) { return true }
    }
    guard Folder.holdsName(metrics.path) else { return false }
    guard let bytes = try? readOrdinaryFile(metrics.path, limit: Self.largestText) else { return true }
    return bytes.split(separator: UInt8(ascii: "\n")).count > 1
  }

  private var lockFile: URL { url.appendingPathComponent(".lock") }

  /// Locks the folder, unless this holds the lock already.
  mutating func hold() throws(RunError) {
    if lock == nil { lock = try takeLock() }
  }

  /// Releases the lock, as soon as no copy of this holds it either.
  mutating func release() { lock = nil }

  private func takeLock() throws(RunError) -> FileLock {
    do {
      return try FileLock(path: lockFile.path)
    } catch let held as FileLock.Held {
      throw .busy(path: url.path, process: held.process)
    } catch {
      throw .file(
        path: lockFile.path, reason: (error as? FileError).map { "\($0.problem): \($0.reason)" } ?? "\(error)")
    }
  }

  /// Whether the folder holds no more than is made before `config.json` when a run is made.
  private func isUnbegun() throws -> Bool {
    try Folder.names(in: url.path).allSatisfy { name in
      switch name {
      case lockFile.lastPathComponent: true
      case checkpoints.lastPathComponent, samples.lastPathComponent:
        try Folder.names(in: url.appendingPathComponent(name).path).isEmpty
      default: AtomicFile.isLeftover(name) { $0 == configuration.lastPathComponent }
      }
    }
  }

  /// Removes the temporary files of a process that was killed. Only under the lock, when no other process writes.
  private func removeLeftovers() {
    for (folder, ending) in [(url, ".json"), (url, ".csv"), (checkpoints, ".safetensors"), (samples, ".png")] {
      AtomicFile.removeLeftovers(in: folder.path) { $0.hasSuffix(ending) }
    }
  }

  /// Largest size of a text file in the folder, in bytes; a larger one was not written by this program.
  private static let largestText = 1 << 28

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "has no \"\(key.stringValue)\""
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "has a wrong value at \"\(context.codingPath.map(\.stringValue).joined(separator: "."))\""
    case DecodingError.dataCorrupted: "is damaged"
    case let error as FileError: "\(error.problem): \(error.reason)"
    case let error as ModelError: "has an impossible model: \(error)"
    case RunError.invalidOption(let reason): "has an impossible value: \(reason)"
    default: "\(error)"
    }
  }
}
