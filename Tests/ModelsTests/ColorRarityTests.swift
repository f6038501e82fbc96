import Data
import Foundation
import Imaging
import Runtime
import TestSupport
import Testing

@testable import Models

/// The weights of colors by their rarity (Zhang, Isola and Efros 2016, equation 4).
@Suite("Rarity of colors")
struct ColorRarityTests {
  private typealias Color = (red: UInt8, green: UInt8, blue: UInt8)
  private static let size = ColorRarity.gridSize

  /// Images of 16×16 pixels, each with these colors one after the other, over and over.
  private func dataset(_ images: [[Color]]) -> ImageDataset {
    let bytes = images.flatMap { colors in
      (0..<256).flatMap { pixel -> [UInt8] in
        let color = colors[pixel % colors.count]
        return [color.red, color.green, color.blue]
      }
    }
    return ImageDataset(name: "colors", source: "colors", width: 16, height: 16, bytes: bytes)
  }

  private func rarity(of dataset: ImageDataset, strength: Float = 1) -> ColorRarity {
    ColorRarity(of: dataset, Array(0..<UInt32(dataset.count)), strength: strength)
  }

  /// Gray lies on the grid's center up to 0.005 of a* and b*, so that it is counted at the four points around it. Far
  /// from it the weights are those of the uniform half alone.
  @Test("Images of gray alone have the weights that the formula gives by hand")
  func gray() {
    let weights = rarity(of: dataset([[(128, 128, 128)]])).weights
    let gaussian = (-5...5).reduce(0.0) { $0 + exp(-2 * Double($1 * $1)) }
    let center = 1 / (gaussian * gaussian)
    let middle = Self.size / 2
    #expect(abs(weights[middle * Self.size + middle] - 1) < 2e-3)
    for corner in [0, Self.size - 1, Self.size * Self.size - 1] {
      #expect(abs(Double(weights[corner]) / (4 * center + 1) - 1) < 2e-3)
    }
  }

  /// The formula with a Gaussian in two dimensions, of colors that Imaging computes in double precision.
  @Test("Images of several colors have the weights of equation 4", arguments: [Float(1), 0.5])
  func equation(strength: Float) throws {
    let colors: [Color] = [
      (128, 128, 128), (90, 90, 88), (90, 90, 88), (200, 30, 40), (20, 60, 200), (70, 120, 50), (70, 120, 50),
    ]
    let images = dataset([colors, [(0, 0, 255)]])
    let points = (0..<Self.size * Self.size).map { index in
      (a: Double(index % Self.size) * 10 - 110, b: Double(index / Self.size) * 10 - 110)
    }
    var distribution = [Double](repeating: 0, count: points.count)
    for pixel in 0..<512 {
      let bytes = (0..<3).map { Double(images.bytes[3 * pixel + $0]) / 255 }
      let color = CIELAB(red: bytes[0], green: bytes[1], blue: bytes[2])
      for (index, point) in points.enumerated() {
        let share = max(0, 1 - abs(Double(color.a) - point.a) / 10) * max(0, 1 - abs(Double(color.b) - point.b) / 10)
        distribution[index] += share / 512
      }
    }
    var smoothed = points.map { point in
      zip(points, distribution).reduce(0) { sum, other in
        let (distance, share) = (pow(point.a - other.0.a, 2) + pow(point.b - other.0.b, 2), other.1)
        return sum + share * exp(-distance / (2 * 25))
      }
    }
    let total = smoothed.reduce(0, +)
    smoothed = smoothed.map { $0 / total }
    let used = Double(distribution.count { $0 > 0 })
    let powers = smoothed.map { pow(1 / (0.5 * $0 + 0.5 / used), Double(strength)) }
    let mean = zip(distribution, powers).reduce(0) { $0 + $1.0 * $1.1 }
    let expected = powers.map { Float($0 / mean) }
    #expect(relativeError(rarity(of: images, strength: strength).weights, expected) < 1e-3)
  }

  @Test("Rare colors weigh more, by less with less strength")
  func rareColors() {
    let (gray, red): (Color, Color) = ((120, 120, 120), (200, 30, 40))
    let images = dataset([Array(repeating: gray, count: 15) + [red]])
    let color = CIELAB(red: Float(200) / 255, green: 30.0 / 255, blue: 40.0 / 255)
    let place = Int((color.b + 110) / 10) * Self.size + Int((color.a + 110) / 10)
    let middle = Self.size / 2 * Self.size + Self.size / 2
    let ratios = [Float(0), 0.5, 1].map { strength in
      let weights = rarity(of: images, strength: strength).weights
      return weights[place] / weights[middle]
    }
    #expect(ratios[0] == 1)
    #expect(ratios[1] > 1.2)
    #expect(abs(ratios[1] * ratios[1] / ratios[2] - 1) < 1e-5)
  }

  @Test("The mean weight of the training images' pixels is 1", arguments: TestBackends.available, [Float(0.5), 1])
  func mean(device: TestBackends, strength: Float) throws {
    let backend = try device.make()
    let images = try SmallRun.dataset()
    let rebalancing = ColorRebalancing(rarity(of: images, strength: strength))
    let batches = BatchStream(
      try DeviceImages(images, residency: .all, batchSize: images.count, on: backend), count: images.count,
      batchSize: images.count)
    for storage in [batches.places.storage, rebalancing.table.storage] { try storage.allocate(on: backend) }
    try batches.set(Array(0..<UInt32(images.count)), on: backend)
    try rebalancing.initialize(on: backend)
    let builder = PlanBuilder()
    let color = builder.tensor("color", batches.shape(channels: 2))
    builder.append(
      batches.gather(color: color, gray: builder.tensor("gray", batches.shape(channels: 1)), .lab), .batch)
    let weights = rebalancing.weights(of: color, into: builder, .batch)
    builder.keep(weights)
    try PlanCompiler(backend: backend).compile([builder])[0].run()
    let values = try backend.floats(of: weights)
    let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
    #expect(abs(mean - 1) < 1e-3)
    let (least, most) = try (#require(values.min()), #require(values.max()))
    #expect(least > 0 && most > 1.2 * least)
  }

  @Test("Only the images given count")
  func images() {
    let (first, second): ([Color], [Color]) = ([(200, 30, 40), (90, 90, 90)], [(20, 60, 200)])
    let found = ColorRarity(of: dataset([second, first, second]), [1], strength: 1)
    #expect(found.weights == rarity(of: dataset([first])).weights)
  }

  /// More pixels than are looked at. The colors are columns of the images.
  @Test("A sample of many pixels stands for all")
  func sample() {
    let row: [Color] = Array(repeating: (90, 90, 90), count: 11) + Array(repeating: (200, 30, 40), count: 5)
    let image = dataset([row])
    let many = ImageDataset(
      name: "many", source: "many", width: 16, height: 16,
      bytes: Array(repeatElement(Array(image.bytes), count: 9000).joined()))
    #expect(relativeError(rarity(of: many).weights, rarity(of: image).weights) < 1e-3)
  }
}
