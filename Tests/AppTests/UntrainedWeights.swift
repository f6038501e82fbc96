import Foundation
import Models
import TestSupport

/// Weights of a tiny model, untrained.
enum UntrainedWeights {
  static func write(to path: String) throws {
    let configuration = try ModelConfiguration(kind: .unet, width: 4)
    let network = UNet(configuration)
    let backend = try TestBackends.cpu.make()
    try network.parameters.allocate(on: backend, training: false)
    try network.parameters.initialize(on: backend, seed: 1, firstStream: 0)
    try Checkpoint.write(network, configuration: configuration, metadata: [:], to: URL(filePath: path), on: backend)
  }
}
