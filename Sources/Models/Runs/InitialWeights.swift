import Files

/// The weights that a run started from, as its configuration records them.
public struct InitialWeights: Codable, Equatable, Sendable {
  /// As given: a run's folder, a file, or the name of a model.
  public let name: String
  /// SHA-256, in 64 hexadecimal digits, of the values of the network's parameters and running statistics: float32 in
  /// little endian, the tensors in the order of the network, their elements in that of the weights file.
  public let sha256: String

  public init(name: String, sha256: String) {
    self.name = name
    self.sha256 = sha256
  }

  /// - Throws: `RunError`, and what reading the weights throws.
  public init(name: String, of weights: Checkpoint) throws {
    var digest = SHA256()
    for parameter in weights.configuration.makeNetwork().parameters.parameters {
      try weights.values(of: parameter).withUnsafeBytes { digest.update($0) }
    }
    do {
      self.init(name: name, sha256: try digest.finish())
    } catch {
      throw RunError.file(path: name, reason: "no SHA-256 can be computed: \(error.function) failed")
    }
  }
}

extension RunConfiguration {
  /// Records the weights that the run starts from.
  /// - Parameter name: the weights as they were given.
  /// - Throws: `RunError.invalidOption` where the network of the weights is another than the run's, or where the
  ///   configuration already names weights of another digest; what reading the weights throws.
  public mutating func setInitialWeights(_ weights: Checkpoint, named name: String) throws {
    let found = weights.configuration
    let traits = [
      ("width", "\(found.width)", "\(model.width)"),
      ("upsampling", found.upsampling.rawValue, model.upsampling.rawValue),
      ("color-space", found.colorSpace.rawValue, model.colorSpace.rawValue),
    ]
    if let (option, found, wanted) = traits.first(where: { $0.1 != $0.2 }) {
      throw RunError.invalidOption(
        "--init \(name): the weights have --\(option) \(found), not \(wanted); leave --\(option) out to follow them")
    }
    guard found.encoding == model.encoding else {
      throw RunError.invalidOption(
        "--init \(name): the weights are of a \(found.kind.rawValue), whose colors in \(found.colorSpace.rawValue) "
          + "are encoded otherwise than those of a \(model.kind.rawValue); use weights with --color-space lab")
    }
    let initial = try InitialWeights(name: name, of: weights)
    if let expected = initialWeights, expected.sha256 != initial.sha256 {
      throw RunError.invalidOption(
        "--init \(name): not the weights that are asked for: their SHA-256 is \(initial.sha256), not "
          + expected.sha256)
    }
    initialWeights = initial
  }
}
