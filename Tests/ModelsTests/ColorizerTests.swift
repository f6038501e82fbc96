import Foundation
import Imaging
import TestSupport
import Testing

@testable import Models

/// The colors of photographs.
@Suite("Colorizer")
struct ColorizerTests {
  /// An image that is not its own mirror image, or that mirror image.
  private func image(isMirrored: Bool) -> RGBImage {
    let (width, height) = (48, 32)
    let bytes = (0..<height * width).flatMap { pixel -> [UInt8] in
      let (row, column) = (pixel / width, pixel % width)
      let place = isMirrored ? width - 1 - column : column
      return [UInt8](repeating: UInt8((place * 5 + row * row / 8) % 256), count: 3)
    }
    return RGBImage(width: width, height: height, bytes: bytes)
  }

  @Test(
    "The mirror image of a photograph has the mirrored colors", arguments: ModelKind.allCases, [ColorSpace.rgb, .lab])
  func mirrored(kind: ModelKind, colorSpace: ColorSpace) throws {
    let folder = try TemporaryFolder()
    let backend = try TestBackends.cpu.make()
    let configuration = try ModelConfiguration(kind: kind, width: 4, colorSpace: colorSpace)
    let network = configuration.makeNetwork()
    try network.parameters.allocate(on: backend, training: false)
    try network.parameters.initialize(on: backend, seed: 1, firstStream: 0)
    let url = URL(filePath: folder.path + "/weights.safetensors")
    try Checkpoint.write(network, configuration: configuration, to: url, on: backend)
    let colorizer = try Colorizer(Checkpoint(reading: url), on: backend)
    let straight = try colorizer.raw(Photograph(image(isMirrored: false), name: "a"), workingSize: 32)
    let mirrored = try colorizer.raw(Photograph(image(isMirrored: true), name: "b"), workingSize: 32)
    let width = straight.width
    let turned = (0..<straight.height * width).flatMap { pixel -> ArraySlice<UInt8> in
      let there = pixel / width * width + width - 1 - pixel % width
      return mirrored.bytes[3 * there..<3 * there + 3]
    }
    let isEqual = turned == straight.bytes
    #expect(isEqual)
    // The output of an untrained generator of a GAN in RGB is a single color.
    let isAsymmetric = mirrored.bytes != straight.bytes
    #expect(isAsymmetric || (kind == .gan && colorSpace == .rgb))
  }
}
