import Files
import FoundationEssentials
import Runtime

/// Measured algorithms on disk: one file for each device, driver version and precision, which is read when a backend is
/// opened.
///
/// A file that is damaged, or of another device, driver or state of the kernels, is ignored with a remark.
public struct TuningStore: Sendable {
  public let folder: String

  public init(folder: String) { self.folder = folder }

  /// `tuning` in the cache folder; none where there is no such folder.
  public static func standard(
    environment: [String: String] = Environment.paths
  ) -> TuningStore? {
    CacheFolder.standard(environment: environment).map { TuningStore(folder: $0 + "/tuning") }
  }

  /// The file for a device and a precision; nil where no digest can be computed.
  public func path(for device: CLDevice, _ precision: Precision) -> String? {
    let parts = [device.platformName, device.platformVersion, device.name, device.driverVersion, precision.rawValue]
    // Enough of the digest to tell devices apart.
    return (try? SHA256.hexadecimal(of: parts)).map { "\(folder)/\($0.prefix(16)).json" }
  }

  /// Returns the algorithms that a backend is to use; nil where nothing was measured.
  func choice(for device: CLDevice, _ precision: Precision, _ sources: KernelSources) -> AlgorithmChoice? {
    // Most devices have no file, and then there is nothing to digest.
    guard let path = path(for: device, precision), CacheFolder.mayRead(path),
      let identity = TuningIdentity(device, precision, sources)
    else { return nil }
    do {
      return try read(path, identity).choice
    } catch {
      Remarks.warning("\(error); the built-in algorithms are used until \"recolor tune\" writes it anew")
      return nil
    }
  }

  /// Returns the contents of the file for a device; without entries where there is none that can be used.
  func tuning(for device: CLDevice, _ identity: TuningIdentity) -> Tuning {
    guard let path = path(for: device, identity.precision), CacheFolder.mayRead(path),
      let tuning = try? read(path, identity)
    else {
      return Tuning(identity)
    }
    return tuning
  }

  /// Writes `tuning` atomically.
  /// - Returns: the file's path.
  func write(_ tuning: Tuning, for device: CLDevice) throws(FileError) -> String {
    guard let path = path(for: device, tuning.identity.precision) else {
      throw FileError(path: folder, problem: "cannot be written", reason: "no digest can be computed")
    }
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Self.encoded(tuning))
    } catch {
      throw FileError(path: path, problem: "cannot be written", reason: "\(error)")
    }
    try CacheFolder.write(bytes, to: path)
    return path
  }

  /// Returns the contents of a file.
  static func encoded(_ tuning: Tuning) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(tuning)
  }

  /// Largest size of a file that is read, in bytes.
  private static let largestByteCount = 1 << 26

  private func read(_ path: String, _ identity: TuningIdentity) throws(FileError) -> Tuning {
    let bytes = try readOrdinaryFile(path, limit: Self.largestByteCount)
    let problem = "tuning file cannot be used"
    // The format first: the rest of another one may look like anything.
    guard let head = try? JSONDecoder().decode(Head.self, from: Data(bytes)) else {
      throw FileError(path: path, problem: problem, reason: "it is damaged")
    }
    guard head.format == Tuning.currentFormat else {
      throw FileError(path: path, problem: problem, reason: "it is of another version of this program")
    }
    if let difference = identity.difference(from: head.identity) {
      throw FileError(path: path, problem: problem, reason: "it is for \(difference)")
    }
    do {
      return try JSONDecoder().decode(Tuning.self, from: Data(bytes))
    } catch {
      throw FileError(path: path, problem: problem, reason: "it is damaged")
    }
  }

  /// The part of a file that says whether the rest can be read.
  private struct Head: Decodable {
    let format: Int
    let identity: TuningIdentity
  }
}
