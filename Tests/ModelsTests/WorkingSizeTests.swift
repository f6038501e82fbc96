import Foundation
import TestSupport
import Testing

@testable import Models

/// The size of the network's input for a photograph.
@Suite("Working size")
struct WorkingSizeTests {
  @Test(
    "The working size is a multiple of 16 in every shape",
    arguments: [
      (6000, 4000, 32, 48, 32), (4000, 6000, 64, 64, 96), (20, 20, 64, 16, 16), (1, 1, 32, 16, 16),
      (1, 20000, 32, 16, 4096), (20000, 40, 32, 4096, 32), (40, 40, 256, 48, 48),
    ])
  func extents(_ width: Int, _ height: Int, _ size: Int, _ expected: Int, _ expectedHeight: Int) {
    let found = Colorizer.workingExtents(width: width, height: height, workingSize: size)
    #expect(found.width == expected && found.height == expectedHeight)
  }

  @Test("The default is the size of the training images", arguments: [nil, 64])
  func defaults(_ size: Int?) throws {
    let folder = try TemporaryFolder()
    let backend = try TestBackends.cpu.make()
    let configuration = try ModelConfiguration(kind: .unet, width: 1)
    let network = configuration.makeNetwork()
    try network.parameters.allocate(on: backend, training: false)
    try network.parameters.initialize(on: backend, seed: 1, firstStream: 0)
    let url = URL(filePath: folder.path + "/weights.safetensors")
    let metadata = size.map { ["image_width": "\($0)", "image_height": "\($0)"] } ?? [:]
    try Checkpoint.write(network, configuration: configuration, metadata: metadata, to: url, on: backend)
    #expect(try Checkpoint(reading: url).coloringSettings.workingSize == size ?? 32)
  }
}
