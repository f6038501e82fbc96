import Foundation
import Models
import TestSupport

/// Weights of a tiny model, untrained.
enum UntrainedWeights {
  static func write(to path: String, seed: UInt64 = 1) throws {
    let configuration = try ModelConfiguration(kind: .unet, width: 4)
    let network = UNet(configuration)
    let backend = try TestBackends.cpu.make()
    try network.parameters.allocate(on: backend, training: false)
    try network.parameters.initialize(on: backend, seed: seed, firstStream: 0)
    try Checkpoint.write(network, configuration: configuration, metadata: [:], to: URL(filePath: path), on: backend)
  }
}
